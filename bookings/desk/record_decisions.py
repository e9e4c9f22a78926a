"""What a colleague decides about everything that we hold about a person.

What they ask of it and what we answered, a copy, a hold, an erasure.
"""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from bookings import records
from bookings.desk.forms.people import WhyForm
from bookings.desk.forms.rights import (
    AcknowledgeForm,
    AskedForm,
    ExtendForm,
    RightsAnswerForm,
)
from bookings.models import Person, RightsRequest
from bookings.status import RightsStatus
from procedures.ground.decisions import Decision
from procedures.ground.two_people import said_waiting

# A person has no status: what can be decided about them can always be decided.
KNOWN = "known"
NOT_KEPT = "Noted. What you wrote is not kept, because two people erased what we held about them."


def _is_held(person: Person, now: datetime) -> bool:
    return records.is_held(person)


def _is_not_held(person: Person, now: datetime) -> bool:
    return records.is_anything_left(person) and not records.is_held(person)


def _is_anything_left(person: Person, now: datetime) -> bool:
    return records.is_anything_left(person)


def _is_there(person: Person, now: datetime) -> bool:
    return person.emptied_at is None


def _asks(person: Person, now: datetime) -> bool:
    return _may_become(person, RightsStatus.DONE)


def _may_become(person: Person, status: RightsStatus) -> bool:
    return RightsRequest.objects.about(person).which_may_become(status).exists()


def _may_extend(person: Person, now: datetime) -> bool:
    return person.emptied_at is None and _may_become(person, RightsStatus.EXTENDED)


def _may_acknowledge(person: Person, now: datetime) -> bool:
    return _may_become(person, RightsStatus.ACKNOWLEDGED)


def _extend(record: Person, *, asked: RightsRequest, **values: Any) -> RightsRequest:
    return records.extend(asked, **values)


def _acknowledge(record: Person, *, asked: RightsRequest, **values: Any) -> RightsRequest:
    return records.acknowledge(asked, **values)


def _answer(record: Person, *, asked: RightsRequest, **values: Any) -> RightsRequest:
    return records.answer(asked, **values)


def _said_due(asked: RightsRequest) -> str:
    what = "Acknowledge it" if asked.is_complaint else "Answer"
    return f"Noted. {what} by {asked.due:%A %-d %B %Y}: the managers see it on Today."


def _said_receipt(asked: RightsRequest) -> str:
    if asked.receipt:
        return "Noted. Today says how long it has been open until you note the answer."
    return NOT_KEPT


def _said_answer(asked: RightsRequest) -> str:
    return "Answer noted." if asked.reply else NOT_KEPT


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
        slug="rights",
        label="Note what they ask about their data",
        permission="note_person",
        statuses={KNOWN},
        open_when=_is_there,
        form=AskedForm,
        verb=records.note_asked,
        said=_said_due,
        explanation=(
            "For a person who wants a copy of what we hold, wants it corrected or erased, objects to "
            "how we use it, or complains about that. They need not name a law or use a form. The clinic "
            "must answer without undue delay, and within a month at the latest. It must acknowledge a "
            "complaint within 30 days. Until they have an answer, nothing about them is deleted "
            "automatically, unless they ask to be erased."
        ),
    ),
    Decision(
        slug="rights-answer",
        label="Note our answer",
        permission="hold_person",
        statuses={KNOWN},
        open_when=_asks,
        form=RightsAnswerForm,
        verb=_answer,
        said=_said_answer,
        explanation=(
            "Fill this in once they have the answer. If you first had to ask who they are, and the "
            "proof came on a later day, note this one as a mistake and note it again from that day."
        ),
    ),
    Decision(
        slug="rights-acknowledge",
        label="Note that we acknowledged a complaint",
        permission="hold_person",
        statuses={KNOWN},
        open_when=_may_acknowledge,
        form=AcknowledgeForm,
        verb=_acknowledge,
        said=_said_receipt,
        explanation=(
            "Fill this in once you have told them that we have their complaint, who looks into it and "
            "when they will hear from us. You must do that within 30 days. Begin to look into it on the "
            "first day: the law allows no undue delay. If they have our answer already, note only the "
            "answer."
        ),
    ),
    Decision(
        slug="rights-extend",
        label="Take two more months",
        permission="hold_person",
        statuses={KNOWN},
        open_when=_may_extend,
        form=ExtendForm,
        verb=_extend,
        said=_said_due,
        explanation=(
            "Only if it is complex, or they have made several requests, and once you have told them so "
            "and why. You must tell them within the first month. If we refuse, we must say so within "
            "the first month too."
        ),
    ),
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
        open_when=_is_anything_left,
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
