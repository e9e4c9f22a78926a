"""The clinicians who may sign."""

from datetime import date

from django.conf import settings
from django.db import models

from procedures.ground.constraints import paired
from procedures.ground.languages import KNOWN
from procedures.ground.people import shown_name


class Clinician(models.Model):
    """A registered clinician. The evidence, not the format of the number, shows that it is real."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100, help_text="The name patients know, with the title.")
    role = models.CharField(max_length=100, help_text="For example “Consultant rheumatologist”.")
    regulator = models.CharField(max_length=100, help_text="For example “GMC”.")
    registration_number = models.CharField(max_length=30)
    register_url = models.URLField("link to the public register", blank=True)
    interests = models.TextField(
        "declared interests", blank=True, help_text="Leave this empty if there are none."
    )
    portrait = models.ForeignKey(
        "procedures.Figure",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="shows",
        help_text="A drawing or photograph from Figures, a little higher than wide.",
    )
    work = models.TextField(
        "what they do here", blank=True, help_text="In a sentence or two, for patients."
    )
    languages = models.CharField(
        max_length=200, blank=True, help_text="For example “English, some Polish”."
    )
    days = models.CharField(
        "days here", max_length=200, blank=True, help_text="For example “Mondays and Wednesdays”."
    )
    login = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clinician",
    )
    verified_on = models.DateField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    verification_evidence = models.TextField(
        blank=True, help_text="What you looked at, on which day, and what the register said."
    )
    verified_until = models.DateField(
        null=True,
        blank=True,
        help_text=("After this day they cannot sign until someone checks again."),
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {
        "name",
        "registration_number",
        "register_url",
        "interests",
        "portrait",
        "work",
        "languages",
        "days",
        "login",
        "verified_by",
    }
    NOT_PERSONAL = {
        "id",
        "slug",
        "role",
        "regulator",
        "verified_on",
        "verification_evidence",
        "verified_until",
    }

    class Meta:
        constraints = [paired("verified", "on")]
        permissions = [
            ("agree_clinician", "Can be the second person for a clinician’s registration")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"

    def may_sign(self, on: date) -> bool:
        """Whether the registration was checked recently enough, and the account is not closed."""
        checked = bool(self.verified_on and self.verified_until and self.verified_until >= on)
        return checked and (self.login is None or self.login.is_active)


class Translator(models.Model):
    """A colleague whom a manager trusts with one language. Their name is on what they translated."""

    login = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="translates"
    )
    language = models.CharField(
        max_length=5, choices=[(each.code, each.english_name) for each in KNOWN.values()]
    )
    qualification = models.CharField(
        max_length=200,
        help_text="As patients read it below the name, for example “Member of a body of translators”.",
    )
    evidence = models.TextField(
        "how we know", help_text="What you looked at, on which day, and who vouched for them."
    )
    until = models.DateField(
        "last day",
        null=True,
        blank=True,
        help_text="After this day they sign nothing more. Leave it empty while they work for us.",
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"login", "qualification", "evidence"}
    NOT_PERSONAL = {"id", "language", "until"}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["login", "language"], name="one_translator_of_each_language"
            )
        ]

    def __str__(self) -> str:
        return f"{shown_name(self.login)}, {self.get_language_display()}"

    def may_sign(self, on: date) -> bool:
        """Whether they translate for us on that day, and their account is open."""
        return self.login.is_active and (self.until is None or on <= self.until)
