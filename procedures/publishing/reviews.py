"""Pages that are due: computed on request, emailed once. A missed run loses nothing.

Each reason has a name that changes with what it depends on (a signature, a source, a check). A
digest contains every reason that has not been sent under its name yet, so it does not matter when
or how often it runs.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import Prefetch, Q
from django.template.loader import render_to_string
from django.utils import timezone

from procedures.ground.batches import Failed, attempt, log_failure
from procedures.ground.people import MANAGERS
from procedures.models import (
    DueNotice,
    InformationPage,
    PlannedPublication,
    Revision,
    SignOff,
    Source,
    SourceEvent,
)
from procedures.models.clinic import details
from procedures.models.notices import awake, managers
from procedures.reading.feedback import NOBODY, Tally, tallies
from procedures.reading.proofs import examine, signature, with_evidence
from procedures.status import (
    BEFORE_PATIENTS,
    NoticeKind,
    PlanStatus,
    ReviewState,
    RevisionStatus,
    SourceChange,
)
from procedures.texts.rendering import CITATION

SOURCE_EVENT = "source event"
WEIGHTY = {SourceChange.RETRACTION, SourceChange.ALERT}


class Cause(NamedTuple):
    """Why a page is due: a name that records that it was sent, and a sentence."""

    name: str
    sentence: str
    # It cannot wait for the day on which the review is due.
    weighty: bool = False


class Due(NamedTuple):
    """A page that somebody has to review."""

    page: InformationPage
    revision: Revision
    causes: list[Cause]


def due(on: date) -> list[Due]:
    """Every page that waits for a review on that day, with all reasons, the first due first."""
    published = Revision.objects.filter(status__in=BEFORE_PATIENTS)
    in_english = published.filter(page__original=None).select_related("page__owner")
    live: dict[int, Revision] = {}
    for revision in with_evidence(in_english):
        live.setdefault(revision.page_id, revision)
    newest_first = SourceEvent.objects.order_by("-day", "pk")
    cited = Source.objects.prefetch_related(Prefetch("happened", newest_first))
    may_approve = User.objects.filter(groups__name=MANAGERS, is_active=True)
    known = _Known(
        {source.key: source for source in cited},
        tallies(published),
        set(may_approve.values_list("pk", flat=True)),
        _translations(),
    )
    found = [_judged(revision.page, revision, known, on) for revision in live.values()]
    waiting = [(urgency, each) for urgency, each in found if each.causes]
    return [*_held_up(on), *(each for _, each in sorted(waiting, key=lambda both: both[0]))]


class _Known(NamedTuple):
    """What is asked about every page, read once."""

    sources: dict[str, Source]
    tallies: dict[int, Tally]
    # Their numbers.
    managers: set[int]
    # What patients read in other languages, by the number of the English page.
    translations: dict[int | None, list[Revision]]


def _translations() -> dict[int | None, list[Revision]]:
    live = Revision.objects.filter(status=RevisionStatus.PUBLISHED).exclude(page__language="")
    found: dict[int | None, list[Revision]] = {}
    for each in live.select_related("page", "translates").order_by("page__language"):
        found.setdefault(each.page.original_id, []).append(each)
    return found


def _held_up(on: date) -> Iterator[Due]:
    """The texts that were to be published by that day and were not."""
    late = Q(status=PlanStatus.STOPPED) | Q(status=PlanStatus.PLANNED, day__lt=on)
    plans = PlannedPublication.objects.filter(late).select_related("revision__page__owner")
    for planned in plans.order_by("day", "pk"):
        why = planned.reason or "Nothing has done it yet. Is the worker running?"
        cause = Cause(
            f"plan {planned.pk} {planned.day} {planned.status}",
            f"Version {planned.revision.number} was to be published on "
            f"{planned.day:%-d %B %Y}, and was not. {why}",
        )
        yield Due(planned.revision.page, planned.revision, [cause])


def _judged(
    page: InformationPage, revision: Revision, known: _Known, on: date
) -> tuple[tuple[date, str], Due]:
    """How urgent it is, and why. A page that cannot be judged is due, and delays no other page."""
    outcome = attempt(lambda: (signature(revision), list(_causes(revision, known, on))))
    if isinstance(outcome, Failed):
        log_failure("checking whether a review is due for revision", revision.pk, outcome)
        unchecked = Cause(f"unchecked {revision.pk}", "We could not check it. The log says why.")
        return (date.min, page.slug), Due(page, revision, [unchecked])
    signed, causes = outcome
    waits = signed is not None and not any(each.weighty for each in causes)
    first = signed.review_due if signed and waits else date.min
    return (first, page.slug), Due(page, revision, causes)


def _causes(revision: Revision, known: _Known, on: date) -> Iterator[Cause]:
    if revision.status == RevisionStatus.SUSPENDED:
        yield Cause(f"suspended {revision.pk}", "It is suspended. Patients see a notice.")
        return
    evidence = examine(revision)
    if evidence.faults:
        said = (
            f"The stored text does not match its history: {evidence.faults[0]}. The page is closed."
        )
        yield Cause(f"bytes {revision.pk}", said)
    if signed := evidence.signature:
        yield from _ageing(signed, known, on)
    else:
        yield Cause(f"unsigned {revision.pk}", "It has no signature. The page is closed.")
    for key in dict.fromkeys(CITATION.findall(revision.document)):
        if source := known.sources.get(key):
            yield from _source(source, on)
            yield from _happened(source, evidence.signature)
    yield from _behind(revision, known)
    readers = known.tallies.get(revision.pk, NOBODY)
    if readers.is_worrying:
        said = f"{readers.unclear} of {readers.clear + readers.unclear} readers found it unclear."
        yield Cause(f"unclear {revision.pk}", said)


def _behind(revision: Revision, known: _Known) -> Iterator[Cause]:
    """The translations that still say what an earlier text said."""
    for each in known.translations.get(revision.page_id, []):
        if each.translates and each.translates != revision:
            yield Cause(
                f"behind {each.pk} {revision.pk}",
                f"Patients who read it in {each.page.get_language_display()} read what version "
                f"{each.translates.number} says. Have the present text translated.",
            )


def _ageing(signed: SignOff, known: _Known, on: date) -> Iterator[Cause]:
    state = signed.review_state(on)
    words = {
        ReviewState.DUE_SOON: f"Its review is due on {signed.review_due:%-d %B %Y}.",
        ReviewState.OVERDUE: f"Its review is overdue. It closes on {signed.closing_day:%-d %B %Y}.",
        ReviewState.CLOSED: f"It closed on {signed.closing_day:%-d %B %Y} because it was not reviewed.",
    }
    if state in words:
        yield Cause(f"{state} {signed.pk}", words[state])
    clinician = signed.clinician
    if clinician is None:
        if signed.signed_by_id not in known.managers:
            said = f"{signed.signer_name}, who approved it, is not a manager any more."
            yield Cause(f"manager {signed.pk}", said)
    elif not clinician.may_sign(on):
        yield Cause(
            f"registration {signed.pk} {clinician.verified_until}",
            f"The yearly check of {clinician.name}’s registration is overdue, or the account is "
            "closed.",
        )


def _source(source: Source, on: date) -> Iterator[Cause]:
    if source.superseded_by_id:
        yield Cause(
            f"source {source.pk} {source.superseded_by_id}",
            f"It uses “{source.title}”, which has been replaced.",
        )
    elif source.recheck_due and source.recheck_due <= on:
        yield Cause(
            f"source {source.pk} {source.recheck_due}",
            f"“{source.title}” needs to be read again.",
        )


def _happened(source: Source, signed: SignOff | None) -> Iterator[Cause]:
    """What happened to a source and nobody has read since: the signature is older."""
    for event in source.happened.all():
        if signed is None or event.noted >= signed.signed_at:
            yield Cause(
                f"{SOURCE_EVENT} {event.pk}",
                f"{event.get_kind_display()} on {event.day:%-d %B %Y}: “{source.title}”. {event.what} "
                "Read it. If nothing changes here, sign the page again; if something does, start "
                "a new version.",
                weighty=event.kind in WEIGHTY,
            )


def hand_on_pages(of: User, *, to: User) -> int:
    """Give the pages that somebody looks after to a colleague; return how many there were."""
    return InformationPage.objects.filter(owner_id=of.pk).update(owner_id=to.pk)


# --- Telling the owners -----------------------------------------------------------------------


class News(NamedTuple):
    """A reason that somebody has not been told yet."""

    due: Due
    cause: Cause


def untold(on: date) -> dict[User, list[News]]:
    """What has not been sent yet to each person: a page's owner, or else every manager.

    Whoever has turned these emails off gets none, as long as somebody else does.
    """
    told = set(DueNotice.objects.values_list("page_id", "told_to_id", "cause"))
    found = due(on)
    owners = {each.page.owner for each in found if each.page.owner}
    reached = [owner for owner in owners if owner.is_active and owner.email]
    told_owners = set(awake(reached, NoticeKind.PAGES))
    # Somebody always gets it, whatever they chose.
    others = awake(managers(), NoticeKind.PAGES) or managers()
    news: dict[User, list[News]] = {}
    for each in found:
        owner = each.page.owner
        for person in [owner] if owner in told_owners else others:
            for cause in each.causes:
                if (each.page.pk, person.pk, cause.name) not in told:
                    news.setdefault(person, []).append(News(each, cause))
    return news


def tell(person: User, news: list[News], now: datetime) -> None:
    """Send a digest, then record it.

    Two runs at the same time may send it twice, but nobody is missed. Raises SMTPException or
    OSError if the email did not go out; then nothing counts as sent. No transaction is open
    meanwhile, because a mail server may take its time.
    """
    context = {"person": person, "news": news, "site": settings.SITE_URL}
    letter = EmailMessage(
        subject=f"{details().name}: pages that need attention",
        body=render_to_string("procedures/email/due.txt", context),
        to=[person.email],
    )
    letter.send()
    DueNotice.objects.bulk_create(
        (
            DueNotice(
                page=each.due.page,
                told_to=person,
                cause=each.cause.name,
                day=timezone.localdate(now),
            )
            for each in news
        ),
        ignore_conflicts=True,
    )
