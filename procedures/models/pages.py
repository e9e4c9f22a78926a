"""Pages, their texts, and the signatures on them. Only `publishing` writes revisions."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import (
    CheckConstraint,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    UniqueConstraint,
)
from django.urls import reverse

from procedures.ground.constraints import paired
from procedures.ground.languages import KNOWN
from procedures.models.people import Clinician, Translator
from procedures.status import UNFINISHED, Category, ChangeClass, ReviewState, RevisionStatus

DUE_SOON_DAYS = 60
# After DISCERN (Charnock 1998), questions for judging written information about treatments.
CHECKLIST = (
    "Its aims are clear, and it keeps to them.",
    "Its sources are named and dated, and I agree with how they are used.",
    "It is balanced, and says what is uncertain.",
    "It says how the treatment works, and what it may bring.",
    "It says what can go wrong, and how often as far as known.",
    "It says what happens without treatment, and which other choices there are.",
    "It helps patients to decide together with us.",
    "It says when and where to get urgent help.",
)
# What a manager checks in a page about the clinic.
APPROVAL_CHECKLIST = (
    "It is true of our clinic today.",
    "We keep to what it says, and everybody concerned knows it.",
    "Somebody who is new here can understand it and act on it.",
)
# What the translator of a page checks, who reads both languages, and what its second signatory checks,
# who may read English only.
TRANSLATORS_CHECKLIST = (
    "I read both languages well, and I read every sentence beside the English.",
    "It says what the English says, adds nothing and leaves nothing out.",
    "Every number, dose, time and phone number is that of the English.",
    "Whoever reads only this language would know when and where to get urgent help.",
    "These are my own words, or I have weighed each of them. I took none from a machine unread.",
)
TRANSLATION_CHECKLIST = (
    "I have read the English text that it translates, and it is right today.",
    "I have compared the numbers, the names of medicines and the urgent advice with the English.",
    "I know who the translator is, and I rely on their signature for the language.",
)


def sha256(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class EnglishPages(models.Manager["InformationPage"]):
    """The pages themselves, without their translations."""

    def get_queryset(self) -> models.QuerySet["InformationPage"]:
        """All that are a translation of no other."""
        return super().get_queryset().filter(original=None)


class InformationPage(models.Model):
    """One topic that we explain. Its text lives in its revisions.

    A translation is a page of its own, with the address of its `original` in its own language, so it
    has versions, signatures and a history of its own. `objects` are the pages in English.
    """

    slug = models.SlugField(help_text="The last part of the address.")
    # That of its address; empty for English.
    language = models.CharField(
        max_length=5,
        blank=True,
        default="",
        db_default="",
        editable=False,
        choices=[(each.code, each.english_name) for each in KNOWN.values()],
    )
    original = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="translations",
        editable=False,
    )
    category = models.CharField(max_length=20, choices=Category)
    # That of the text that patients read, or of the first draft. For lists of staff: no hash covers it.
    title = models.CharField(max_length=200, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(
        default=100, help_text=("Lower numbers come first.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT
    )
    review_months = models.PositiveSmallIntegerField(
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(36)],
        help_text="How long a signature lasts, up to 36 months.",
    )
    grace_days = models.PositiveSmallIntegerField(
        default=60,
        validators=[MaxValueValidator(180)],
        help_text="How many days the page stays open, with a notice, after its review was due.",
    )
    synonyms = models.TextField(
        blank=True,
        help_text=("Other words that people search for, one on each line: jab, cortisone."),
    )
    related = models.ManyToManyField("self", blank=True, symmetrical=False)

    PERSONAL: set[str] = set()
    OF_STAFF = {"owner"}
    NOT_PERSONAL = {
        "id",
        "slug",
        "language",
        "original",
        "category",
        "title",
        "position",
        "synonyms",
        "related",
        "review_months",
        "grace_days",
    }

    # The first one is what Django uses by itself, so that nothing is left out of a copy.
    in_every_language = models.Manager["InformationPage"]()
    objects = EnglishPages()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["slug", "language"], name="one_page_at_each_address"),
            CheckConstraint(
                condition=Q(language="", original=None)
                | (~Q(language="") & Q(original__isnull=False)),
                name="a_translation_has_a_language_and_an_original",
            ),
        ]

    def __str__(self) -> str:
        in_language = f" ({self.get_language_display()})" if self.language else ""
        return f"{self.staff_title}{in_language}"

    def get_absolute_url(self) -> str:
        """Where patients read it."""
        return self.at("page")

    def at(self, name: str, *further: object) -> str:
        """The address of something that belongs to it: at("leaflet"), at("paper", 3)."""
        language = [self.language] if self.language else []
        return reverse(f"procedures:{name}", args=[*language, self.category, self.slug, *further])

    def kind(self) -> Category:
        """Its category, which decides who may sign its texts."""
        return Category(self.category)

    def checklist(self) -> Sequence[str]:
        """What whoever signs one of its texts has to have checked, besides a translator."""
        if self.language:
            return TRANSLATION_CHECKLIST
        return CHECKLIST if self.kind().needs_clinician else APPROVAL_CHECKLIST

    def other_names(self) -> list[str]:
        """What else people call it."""
        return [line.strip() for line in self.synonyms.splitlines() if line.strip()]

    def spoken(self) -> str:
        """A short name that is made from the address."""
        return self.slug.replace("-", " ").capitalize()

    @property
    def staff_title(self) -> str:
        """The page's name in the lists of the desk."""
        return self.title or self.spoken()


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Revisions by what a reader sees."""

    def published_and_signed(self) -> Self:
        """Published revisions with an unrevoked signature for exactly these texts."""
        signed = SignOff.objects.filter(
            revision=OuterRef("pk"),
            revoked_at=None,
            fragment_hash=OuterRef("fragment_hash"),
            document_hash=OuterRef("document_hash"),
            note=OuterRef("note"),
            change_class=OuterRef("change_class"),
        )
        return self.filter(Exists(signed), status=RevisionStatus.PUBLISHED)

    def with_doubts(self) -> Self:
        """Each with `is_revoked`: whether it was signed, and no signature on it is left."""
        valid = SignOff.objects.filter(revision=OuterRef("pk"), revoked_at=None)
        was_signed = Q(status__in=[RevisionStatus.SIGNED, RevisionStatus.PUBLISHED])
        doubted = ExpressionWrapper(was_signed & ~Exists(valid), models.BooleanField())
        return self.annotate(is_revoked=doubted)

    def to_come(self) -> Self:
        """Texts that patients can still come to read: no later one of their page was published."""
        later = Revision.objects.filter(
            page=OuterRef("page"), number__gt=OuterRef("number"), published_at__isnull=False
        )
        return self.filter(~Exists(later))

    def unfinished(self) -> Self:
        """What somebody still works on. What a machine wrote is only kept to compare with."""
        return self.to_come().filter(status__in=UNFINISHED, made_by_machine=False)


class Revision(models.Model):
    """One text of a page. It is frozen when it is sent to review."""

    page = models.ForeignKey(InformationPage, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=20, choices=RevisionStatus, default=RevisionStatus.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    # Of a translation: the English text that it says in another language.
    translates = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="translations", editable=False
    )
    # It stays a draft: nobody can sign or publish it.
    made_by_machine = models.BooleanField(default=False, db_default=False, editable=False)
    document = models.TextField("text")
    document_hash = models.CharField(max_length=64, editable=False)
    title = models.CharField(max_length=200, editable=False)
    standfirst = models.CharField(max_length=400, editable=False)
    change_class = models.CharField(
        max_length=10, choices=ChangeClass, default=ChangeClass.ADVICE, verbose_name="what changed"
    )
    note = models.CharField(
        "note to patients",
        max_length=300,
        blank=True,
        help_text=(
            "One plain sentence about what is new. You need it before the page can be published."
        ),
    )
    fragment = models.TextField(blank=True, editable=False)
    fragment_hash = models.CharField(max_length=64, blank=True, editable=False)
    renderer_version = models.PositiveIntegerField(null=True, editable=False)
    # What the content checks prompted at "send to review", and the author's reasons.
    answered_prompts = models.JSONField(default=list, editable=False)
    written_at = models.DateTimeField(editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"written_by", "published_by"}
    NOT_PERSONAL = {
        "id",
        "page",
        "number",
        "status",
        "version",
        "translates",
        "made_by_machine",
        "document",
        "document_hash",
        "title",
        "standfirst",
        "change_class",
        "note",
        "fragment",
        "fragment_hash",
        "renderer_version",
        "answered_prompts",
        "written_at",
        "published_at",
    }

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["page", "number"], name="one_revision_of_each_number"),
            UniqueConstraint(
                fields=["page"],
                condition=Q(status=RevisionStatus.PUBLISHED),
                name="one_published_revision_a_page",
            ),
            CheckConstraint(
                condition=Q(status=RevisionStatus.DRAFT) | ~Q(fragment_hash=""),
                name="a_frozen_revision_has_its_fragment",
            ),
            CheckConstraint(
                condition=Q(made_by_machine=False)
                | Q(status=RevisionStatus.DRAFT, translates__isnull=False),
                name="what_a_machine_translated_stays_a_draft",
            ),
            paired("written"),
            paired("published"),
        ]
        permissions = [
            ("submit_revision", "Can send a revision to review"),
            ("sign_revision", "Can sign or return a revision"),
            ("approve_revision", "Can approve or return a page about the clinic"),
            ("translate_revision", "Can write a translation, and sign it as its translator"),
            ("publish_revision", "Can publish a signed revision"),
            ("suspend_revision", "Can suspend a published revision"),
            ("withdraw_revision", "Can withdraw a published revision"),
        ]

    def __str__(self) -> str:
        return f"{self.page}, version {self.number}"

    def bytes_are_intact(self) -> bool:
        """Whether the stored texts still match their stored hashes."""
        return (
            sha256(self.fragment) == self.fragment_hash
            and sha256(self.document) == self.document_hash
        )


class SignOff(models.Model):
    """Somebody has read and signed the whole revision. The database only lets it be revoked.

    A clinician, whose registration it names; or, for a page about the clinic, a manager.
    """

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="sign_offs")
    document_hash = models.CharField(max_length=64)
    fragment_hash = models.CharField(max_length=64)
    clinician = models.ForeignKey(Clinician, null=True, on_delete=models.PROTECT)
    # Of a translation, which has two signatures: this one says that it says the same as the English.
    translator = models.ForeignKey(Translator, null=True, on_delete=models.PROTECT)
    # As it was on the day of signing, so that a later change of the person changes no signature.
    signer_name = models.CharField(max_length=100)
    signer_role = models.CharField(max_length=100)
    signer_regulator = models.CharField(max_length=100, blank=True)
    signer_registration = models.CharField(max_length=30, blank=True)
    signer_interests = models.TextField(blank=True)
    # The author is the reviewer, where the clinic allows it. Disclosed on the page.
    own_work = models.BooleanField(default=False)
    statement = models.TextField()
    checklist = models.JSONField(default=list)
    note = models.CharField("note to patients", max_length=300)
    change_class = models.CharField(max_length=10, choices=ChangeClass, default=ChangeClass.ADVICE)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    review_due = models.DateField(help_text="From this day the page says that its review is due.")
    closing_day = models.DateField(help_text="From this day the page is closed.")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    revocation_reason = models.TextField(blank=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {
        "signer_name",
        "signer_registration",
        "signer_interests",
        "signed_by",
        "revoked_by",
    }
    NOT_PERSONAL = {
        "id",
        "revision",
        "document_hash",
        "fragment_hash",
        "clinician",
        "translator",
        "signer_role",
        "signer_regulator",
        "own_work",
        "statement",
        "checklist",
        "note",
        "change_class",
        "signed_at",
        "review_due",
        "closing_day",
        "revoked_at",
        "revocation_reason",
    }

    class Meta:
        verbose_name = "signature"
        permissions = [("revoke_signoff", "Can revoke a signature")]
        constraints = [
            paired("signed"),
            paired("revoked"),
            CheckConstraint(
                condition=Q(closing_day__gte=F("review_due")), name="closes_after_review_is_due"
            ),
            CheckConstraint(
                condition=Q(clinician__isnull=False)
                | Q(clinician=None, signer_regulator="", signer_registration=""),
                name="only_a_clinician_has_a_registration",
            ),
            CheckConstraint(
                condition=Q(clinician=None) | Q(translator=None),
                name="a_signature_has_one_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer_name} on {self.revision}"

    def covers(self, revision: Revision) -> bool:
        """Whether this signature is for the texts that the revision has now."""
        return all(
            getattr(self, column) == getattr(revision, column)
            for column in ("document_hash", "fragment_hash", "note", "change_class")
        )

    def review_state(self, on: date) -> ReviewState:
        """How fresh this signature is on that day in the clinic's time zone."""
        if on >= self.closing_day:
            return ReviewState.CLOSED
        if on >= self.review_due:
            return ReviewState.OVERDUE
        if (self.review_due - on).days <= DUE_SOON_DAYS:
            return ReviewState.DUE_SOON
        return ReviewState.CURRENT
