"""The people who ask us for appointments, and what colleagues say about them. Written by `triage`."""

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CheckConstraint, Exists, F, Index, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from phonenumber_field.modelfields import PhoneNumberField

from bookings.status import PersonAct, Verdict, needs_in_words
from bookings.status.requests import ACTOR_LENGTH
from procedures.ground.constraints import paired
from procedures.ground.folding import LONGEST_KEY
from procedures.ground.languages import english_name


def age_on(born: date, day: date) -> int:
    """How many birthdays somebody has had by that day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


# When anything was last said about who somebody is, or how they are reached.
LAST_CHANGE = Greatest("known_at", Coalesce("changed_at", "known_at"))


class PersonQuerySet(models.QuerySet["Person"]):
    """People, each of them once."""

    def shown(self) -> Self:
        """One row for each person, however many rows colleagues have joined."""
        return self.filter(joined_to=None)

    def one_with(self, person: "Person") -> Self:
        """Every row of the same person."""
        return self.filter(Q(pk=person.shown_as) | Q(joined_to=person.shown_as))

    def with_last_change(self) -> Self:
        """The same rows, each with `changed`: when what we say of the person was last another."""
        return self.annotate(changed=LAST_CHANGE)

    def held(self) -> Self:
        """Rows with a legal hold of their own. Whoever is joined to one of them is held as well."""
        said = PersonEvent.objects.filter(
            person=OuterRef("pk"), act__in=[PersonAct.HELD, PersonAct.RELEASED]
        )
        newest = Subquery(said.order_by("-pk").values("act")[:1])
        ever = PersonEvent.objects.filter(act=PersonAct.HELD).values("person")
        return (
            self.filter(pk__in=ever).annotate(newest_hold=newest).filter(newest_hold=PersonAct.HELD)
        )


class Person(models.Model):
    """A patient, with the newest of what we know. What they said each time is on their requests."""

    name = models.CharField(max_length=100)
    date_of_birth = models.DateField()
    email = models.EmailField(blank=True)
    phone = PhoneNumberField(blank=True)
    # Asked for only when a letter is to be posted.
    postal_address = models.CharField(max_length=200, blank=True, default="", db_default="")
    access_needs = models.JSONField(default=list)
    access_detail = models.CharField(max_length=200, blank=True)
    # In which language they last wrote to us, or a colleague said; empty for English.
    language = models.CharField(max_length=5, blank=True, db_default="", default="")
    # The row under which they are shown, since colleagues said that two rows are one person. It
    # follows from the newest verdicts alone (`triage.people`), so undoing one gives back what was.
    joined_to = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="joined"
    )
    version = models.PositiveIntegerField(default=1)
    # Since when we know what is here, and from whom.
    known_at = models.DateTimeField()
    known_by = models.CharField(max_length=ACTOR_LENGTH)
    # When a colleague last corrected their name or date of birth, or said whether another row is them.
    # That makes how they are reached no newer, so `known_at` stays.
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=ACTOR_LENGTH, null=True)
    # When everything that we held about them was emptied (`records`).
    emptied_at = models.DateTimeField(null=True)
    emptied_by = models.CharField(max_length=ACTOR_LENGTH, null=True)

    PERSONAL = {"name", "date_of_birth", "email", "phone", "postal_address", "language"}
    OF_HEALTH = {"access_needs", "access_detail"}
    OF_STAFF = {"known_by", "changed_by", "emptied_by"}
    NOT_PERSONAL = {"id", "joined_to", "version", "known_at", "changed_at", "emptied_at"}
    WHOSE = ("pk",)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            paired("known"),
            paired("changed"),
            paired("emptied"),
            CheckConstraint(
                condition=Q(joined_to=None) | ~Q(joined_to=F("id")),
                name="nobody_is_joined_to_themselves",
            ),
        ]
        indexes = [
            Index(fields=["date_of_birth"], name="people_by_birth"),
            Index(fields=["email"], name="people_by_email"),
            Index(fields=["phone"], name="people_by_phone"),
            Index(
                fields=["known_at", "id"],
                condition=Q(joined_to=None, emptied_at=None),
                name="people_in_touch_last",
            ),
            Index(LAST_CHANGE, "id", name="people_by_change"),
            # The index of the foreign key has nearly only rows without a value, so SQLite passes it by.
            Index(
                fields=["joined_to"],
                condition=Q(joined_to__isnull=False),
                name="people_joined",
            ),
        ]
        permissions = [
            ("note_person", "Can write notes about a person or a request"),
            ("join_person", "Can say whether two people are one"),
            ("export_person", "Can copy everything that we hold about a person"),
            ("erase_person", "Can propose or agree to erase a person"),
            (
                "hold_person",
                "Can place a legal hold, answer about data, and see how long it is kept",
            ),
        ]

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def shown_as(self) -> int:
        """The number of the row under which this person is shown."""
        return self.joined_to_id or self.pk

    @property
    def newest(self) -> "Person":
        """Of the rows that are one person, the one that says what we have known for the least time.

        Only for a row that is shown; `joined` is best fetched with it.
        """
        rows: list[Person] = [self, *self.joined.all()]
        return max(rows, key=lambda each: (each.known_at, each.pk))

    def needs(self) -> list[str]:
        """What makes a visit possible for this person, in words."""
        return needs_in_words(self.access_needs, self.access_detail, english_name(self.language))


class KeyField(models.CharField):  # type: ignore[type-arg]  # it has none when it runs
    """Text that both databases sort by its bytes: in an index, what begins alike is side by side."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """The type, and on PostgreSQL the order of bytes in place of the one of a language."""
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class SearchKey(models.Model):
    """Something by which a person is found: a name, a number, an address or a reference, folded.

    Made from what their requests say and what we know of them now (`triage.search_keys`). One with a
    blank before it is the beginning of a word; the others begin inside.
    """

    pk = models.CompositePrimaryKey("person", "key")
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, db_index=False, related_name="search_keys"
    )
    key = KeyField(max_length=LONGEST_KEY)

    PERSONAL = {"key"}
    NOT_PERSONAL = {"person"}
    WHOSE = ("person",)
    REPEATS = True

    class Meta:
        indexes = [Index(fields=["key", "person"], name="search_keys_by_key")]

    def __str__(self) -> str:
        return f"a key of person {self.person_id}"


class PersonLinkQuerySet(models.QuerySet["PersonLink"]):
    """What colleagues said about pairs, by whether it still counts."""

    def standing(self) -> Self:
        """The newest that was said about each pair. What was undone is left out."""
        since = PersonLink.objects.filter(
            one=OuterRef("one"), other=OuterRef("other"), pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(since)).exclude(verdict=Verdict.UNDONE)


class PersonLink(models.Model):
    """What a colleague said about two rows: one person or two. The newest about a pair counts.

    The database refuses to change or delete it.
    """

    # The two rows, the older first.
    one = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"said_by"}
    NOT_PERSONAL = {"id", "one", "other", "verdict", "said_at"}
    WHOSE = ("one", "other")

    objects = PersonLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("said"),
            CheckConstraint(condition=Q(one__lt=F("other")), name="a_pair_has_one_order"),
        ]

    def __str__(self) -> str:
        return f"what was said about people {self.one_id} and {self.other_id}"


class NoteQuerySet(models.QuerySet["Note"]):
    """Notes by whom they are about."""

    def about(self, person: Person) -> Self:
        """The notes about this person, the newest first."""
        return self.filter(person__in=Person.objects.one_with(person)).order_by("-pk")

    def pinned(self) -> Self:
        """Notes that are pinned, and have not been unpinned since."""
        return self.filter(pinned=True, unpinned_at=None)


class Note(models.Model):
    """What a colleague wrote for the others about a person.

    Once written it can only be unpinned: the database refuses any other change.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notes")
    # The request on which it was written, if there was one.
    request = models.ForeignKey(
        "AppointmentRequest", null=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField()
    pinned = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    unpinned_at = models.DateTimeField(null=True)
    unpinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_HEALTH = {"text"}
    OF_STAFF = {"written_by", "unpinned_by"}
    NOT_PERSONAL = {"id", "person", "request", "pinned", "written_at", "unpinned_at"}
    WHOSE = ("person",)

    objects = NoteQuerySet.as_manager()

    class Meta:
        constraints = [
            paired("written"),
            paired("unpinned"),
            CheckConstraint(
                condition=Q(unpinned_at=None) | Q(pinned=True),
                name="only_a_pinned_note_is_unpinned",
            ),
        ]
        indexes = [
            Index(
                fields=["person"],
                condition=Q(pinned=True, unpinned_at=None),
                name="notes_pinned",
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.pk} about person {self.person_id}"

    @property
    def is_pinned(self) -> bool:
        """The predicate twin of `pinned`."""
        return self.pinned and self.unpinned_at is None


class PersonEvent(models.Model):
    """What a colleague did with everything that we hold about a person, and why. Written by `records`.

    The database refuses to change or delete it, except to empty the reason with the rest.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField("what", max_length=10, choices=PersonAct)
    reason = models.TextField("why", blank=True)
    done_at = models.DateTimeField("when")
    done_by = models.CharField("by", max_length=ACTOR_LENGTH)

    PERSONAL = {"reason"}
    OF_STAFF = {"done_by"}
    NOT_PERSONAL = {"id", "person", "act", "done_at"}
    WHOSE = ("person",)

    class Meta:
        constraints = [paired("done")]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: person {self.person_id}"
