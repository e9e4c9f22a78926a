"""What a colleague decides about everything that we hold about a person: a copy, a hold, an erasure."""

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone

from bookings import records
from bookings.desk.forms.people import WhyForm
from bookings.models import Person
from procedures.ground.decisions import Decision
from procedures.ground.two_people import said_waiting

# A person has no status: what can be decided about them can always be decided.
KNOWN = "known"


def _is_held(person: Person, now: datetime) -> bool:
    return records.is_held(person)


def _is_not_held(person: Person, now: datetime) -> bool:
    return person.emptied_at is None and not records.is_held(person)


def _is_there(person: Person, now: datetime) -> bool:
    return person.emptied_at is None


def _copy_file(packed: bytes) -> HttpResponse:
    """The copy as a file. No name is in the name of the file."""
    name = f"{records.NAME}-{timezone.localdate()}.zip"
    return HttpResponse(
        packed,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


RECORD_DECISIONS = (
    Decision(
        slug="copy",
        label="Copy everything we hold",
        permission="export_person",
        statuses={KNOWN},
        form=WhyForm,
        verb=records.copy_for,
        file=_copy_file,
        said="",
        needs_fresh_sign_in=True,
        explanation=(
            "For a person who asks what we hold about them. You get a ZIP file with a page to read or "
            "print, the same as data, and the list of everybody who looked. Make sure who is asking, "
            "and read the page before you give it away: a note may mention somebody else. That you "
            "made the copy, and why, is recorded."
        ),
    ),
    Decision(
        slug="hold",
        label="Place a legal hold",
        permission="hold_person",
        statuses={KNOWN},
        open_when=_is_not_held,
        form=WhyForm,
        verb=records.hold,
        said="Legal hold placed. Nothing about this person is emptied or erased until you end it.",
        explanation=(
            "For a complaint, a claim or an inquiry: everything that we hold about this person is kept, "
            "whatever else is decided."
        ),
    ),
    Decision(
        slug="release",
        label="End the legal hold",
        permission="hold_person",
        statuses={KNOWN},
        open_when=_is_held,
        form=WhyForm,
        verb=records.release,
        said="Legal hold ended. What has been kept long enough can be emptied from now on.",
        needs_fresh_sign_in=True,
    ),
    Decision(
        slug="erase",
        label="Erase everything",
        permission="erase_person",
        statuses={KNOWN},
        open_when=_is_there,
        form=WhyForm,
        verb=records.propose_erasure,
        said=said_waiting,
        is_destructive=True,
        needs_fresh_sign_in=True,
        explanation=(
            "Everything that we hold about this person is emptied once a second person has agreed: who "
            "they are, what they asked and answered, notes, calls and addresses. Nobody can bring it "
            "back, and a restored backup is erased again. What stays says nothing about anybody: "
            "dates, counts and who did what. Do not name the person in the reason, because it is kept."
        ),
    ),
)
