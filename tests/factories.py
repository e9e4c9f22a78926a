"""Records for tests. The real verbs produce their states, so that none is impossible."""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from bookings import diary, triage
from bookings.models import (
    AppointmentRequest,
    AppointmentType,
    ClinicSession,
    ClosedDay,
    Closure,
    Location,
    Offer,
    OpeningHours,
    QuestionGroup,
    Resource,
    ScreeningQuestion,
)
from bookings.screening import GivenAnswer
from bookings.status import PATIENT, Answer, FlagLevel, FlagOutcome, RequestStatus
from bookings.triage.safety import keep_answers
from procedures import publishing
from procedures.models import (
    UNDATED,
    ClinicDetails,
    Clinician,
    Figure,
    InformationPage,
    Revision,
    Source,
    Translator,
)
from procedures.models.clinic import look_again
from procedures.publishing.clinic_details import change_details
from procedures.status import Category, ChangeClass, RevisionStatus, SourceKind
from procedures.texts import content_checks
from procedures.texts.pictures import read_picture

AT_A_GLANCE = """
::: at-a-glance
- **Is it uncomfortable, and what can go wrong?** Seldom.
- **How long does it take?** Some minutes.
- **When will it work, and when can I drive?** Soon.
- **Who does it, and what does it cost?** We do; it is free.
:::
"""
BODY = f"""
Some words about it.

## What it is

It is a thing.[^leaflet]

::: urgent Ask a GP today or ring 111 if:
- it hurts very much
:::
{AT_A_GLANCE}"""

# Why a text may pass what the content checks only prompt.
REASONS = dict.fromkeys(content_checks.RULES, "Only a test.")


def clinic(**changes: Any) -> ClinicDetails:
    """The clinic's details with these changes, saved as a manager saves them."""
    now = look_again()
    return change_details(
        now.values() | changes, seen_number=now.number, by=staff("Manager"), now=timezone.now()
    )


def desk_hours(days: Sequence[int], opens: str, closes: str) -> list[list[int | str]]:
    """The same hours on some days, as the clinic's details store them."""
    return [[day, opens, closes] for day in days]


def staff(group: str, username: str = "") -> User:
    """A member of staff in one group; the same name always gives the same person."""
    username = username or group.lower()
    user, created = User.objects.get_or_create(
        username=username, defaults={"first_name": username.capitalize(), "is_staff": True}
    )
    if created:
        user.groups.add(Group.objects.get(name=group))
    return user


def clinician(username: str = "clinician", **columns: Any) -> Clinician:
    """A clinician with a login and a checked registration."""
    login = staff("Clinician", username)
    existing = Clinician.objects.filter(login=login).first()
    if existing:
        return existing
    today = timezone.localdate()
    made = Clinician.objects.create(
        **{
            "slug": username,
            "name": f"Dr {username.capitalize()}",
            "role": "Consultant",
            "regulator": "Invented Register",
            "registration_number": "DEMO-0001",
            "login": login,
            "verified_on": today,
            "verified_by": staff("Manager"),
            "verified_until": today + timedelta(days=365),
        }
        | columns
    )
    for weekday in range(7):
        clinic_session(made, date(2020, 1, 6 + weekday))
    return made


def location(name: str = "The house") -> Location:
    """A location that is open all day and every day."""
    place, created = Location.objects.get_or_create(
        name=name, defaults={"address": "1 Invented Street"}
    )
    if created:
        OpeningHours.objects.bulk_create(
            OpeningHours(location=place, weekday=day, opens=time(0), closes=time(23, 59))
            for day in range(7)
        )
    return place


def room(name: str, at: str = "The house") -> Resource:
    """A room where one patient at a time can be seen."""
    return Resource.objects.get_or_create(name=name, defaults={"location": location(at)})[0]


def clinic_session(
    of: Clinician,
    first_day: date,
    starts: time = time(0),
    ends: time = time(23, 59),
    **columns: Any,
) -> ClinicSession:
    """A weekly session on the weekday of the first day, in a room of the clinician's own."""
    return ClinicSession.objects.create(
        **{
            "clinician": of,
            "room": room(f"Room of {of.slug}"),
            "first_day": first_day,
            "starts": starts,
            "ends": ends,
        }
        | columns
    )


def closure(*, now: datetime) -> Closure:
    """Leave of a clinician for some hours, a week later."""
    starts = now + timedelta(days=7)
    return Closure.objects.create(
        resource=diary.resource_of(clinician()),
        starts=starts,
        ends=starts + timedelta(hours=4),
        reason="Leave",
    )


def document(
    *, title: str = "A thing", category: str = Category.PROCEDURE, body: str | None = None
) -> str:
    """A document that passes the checks."""
    if body is None:
        body = BODY if Category(category).needs_clinician else "\nSome words about us.\n"
    return (
        f"---\ntitle: {title}\nstandfirst: One line about it.\ncategory: {category}\n"
        f"closing question: Could it help?\nclosing sentence: Ask us.\n---\n{body}"
    )


def source(key: str = "leaflet") -> Source:
    """Something to cite."""
    return Source.objects.get_or_create(
        key=key,
        defaults={
            "kind": SourceKind.LEAFLET,
            "title": "A leaflet",
            "publisher": "Example Hospital",
            "url": "https://example.org/leaflet",
            "dated": UNDATED,
            "seen_on": date(2024, 1, 10),
            "seen_by": "an editor",
        },
    )[0]


def figure(content: bytes, key: str = "probe") -> Figure:
    """A picture to show."""
    return Figure.objects.create(
        key=key,
        added_at=timezone.now(),
        added_by=staff("Editor"),
        **read_picture(content)._asdict(),
    )


def page(slug: str = "a-thing", category: str = Category.PROCEDURE) -> InformationPage:
    """A page without any text yet."""
    return InformationPage.objects.get_or_create(slug=slug, defaults={"category": category})[0]


def brought_to(status: RevisionStatus, made: Revision, *, now: datetime) -> Revision:
    """A draft that the real verbs took to a later status."""
    editor = staff("Editor")
    if status == RevisionStatus.DRAFT:
        return made
    publishing.submit_for_review(made, version=made.version, by=editor, now=now, answers=REASONS)
    if status == RevisionStatus.IN_REVIEW:
        return made
    login = clinician().login if made.page.kind().needs_clinician else staff("Manager")
    assert login is not None
    publishing.sign_off(
        made, version=made.version, fragment_hash=made.fragment_hash, by=login, now=now
    )
    if status == RevisionStatus.SIGNED:
        return made
    publisher = staff("Publisher")
    publishing.publish(made, version=made.version, by=publisher, now=now)
    if status == RevisionStatus.SUSPENDED:
        publishing.suspend(made, version=made.version, by=login, reason="Harm.", now=now)
    if status == RevisionStatus.WITHDRAWN:
        publishing.withdraw(made, version=made.version, by=publisher, reason="Gone.", now=now)
    return made


def revision(
    status: RevisionStatus = RevisionStatus.DRAFT,
    *,
    of: InformationPage | None = None,
    text: str = "",
    now: datetime | None = None,
) -> Revision:
    """A revision that the real verbs took to a status."""
    source()
    now = now or timezone.now()
    of = of or page()
    editor = staff("Editor")
    made = publishing.start_draft(
        of, document=text or document(category=of.category), by=editor, now=now, note="New."
    )
    brought_to(status, made, now=now)
    if status == RevisionStatus.SUPERSEDED:
        revision(RevisionStatus.PUBLISHED, of=of, now=now)
        made.refresh_from_db()
    return made


def translator(language: str = "cy", username: str = "translator") -> User:
    """A colleague who translates into a language."""
    login = staff("Translator", username)
    columns = {"qualification": "Invented translator", "evidence": "A test."}
    Translator.objects.get_or_create(login=login, language=language, defaults=columns)
    return login


def in_other_words(document: str) -> str:
    """A document whose every line of words is another one, with the same numbers and blocks."""
    return re.sub(
        r"(?m)^(?!category|::: [a-z-]+$)([^\n]*[a-z]{3}[^\n]*[a-z.?])$", r"\1 Cymraeg", document
    )


def translation(
    status: RevisionStatus = RevisionStatus.PUBLISHED,
    *,
    of: InformationPage,
    language: str = "cy",
    now: datetime | None = None,
    text: str = "",
    change: ChangeClass = ChangeClass.ADVICE,
) -> Revision:
    """A translation of a published page that the real verbs took to a status."""
    now = now or timezone.now()
    by = translator(language, f"translator-{language}" if language != "cy" else "translator")
    english = of.revisions.get(status=RevisionStatus.PUBLISHED)
    made = publishing.start_translation(
        of, language=language, by=by, now=now, document=text or in_other_words(english.document)
    )
    if text or not made.note:
        columns = {"document": text or made.document, "change_class": change}
        publishing.save_draft(made, version=made.version, note="Newer.", by=by, now=now, **columns)
    if status == RevisionStatus.DRAFT:
        return made
    publishing.submit_for_review(made, version=made.version, by=by, now=now)
    if status == RevisionStatus.IN_REVIEW:
        return made
    hashed = made.fragment_hash
    publishing.sign_as_translator(made, version=made.version, fragment_hash=hashed, by=by, now=now)
    login = clinician().login if made.page.kind().needs_clinician else staff("Manager")
    assert login is not None
    publishing.sign_off(made, version=made.version, fragment_hash=hashed, by=login, now=now)
    if status == RevisionStatus.PUBLISHED:
        publishing.publish(made, version=made.version, by=staff("Publisher"), now=now)
    return made


def question_group(name: str = "Your health") -> QuestionGroup:
    """A group of safety questions."""
    return QuestionGroup.objects.get_or_create(name=name)[0]


def question(key: str = "blood-thinner", **columns: Any) -> ScreeningQuestion:
    """A safety question that is asked of everybody."""
    return ScreeningQuestion.objects.get_or_create(
        key=key,
        version=1,
        defaults={
            "group": question_group(),
            "wording": "Do you take a blood thinner?",
            "why": "We need to plan for it.",
            "detail_prompt": "which one?",
            "level": FlagLevel.RED,
            "owner": clinician(),
            "source": "A guideline",
            "review_due": date(2030, 1, 1),
        }
        | columns,
    )[0]


def submission(*, answers: Sequence[GivenAnswer] = (), **columns: Any) -> triage.Submission:
    """What a patient might send."""
    return triage.Submission(
        **{
            "page": None,
            "concern": "My shoulder hurts.",
            "name": "Pat Sample",
            "date_of_birth": date(1970, 1, 31),
            "email": "pat@example.org",
            "phone": "+442079460958",
            "preferred_days": ["monday"],
            "preferred_times": ["morning"],
            "availability": "",
            "answers": list(answers),
        }
        | columns
    )


def urgent_question() -> ScreeningQuestion:
    """A safety question whose “yes” cannot wait for us."""
    return question(
        "feeling-unwell",
        wording="Do you have a high temperature?",
        why="This can mean an infection.",
        level=FlagLevel.URGENT,
        asked_again=True,
    )


def received(
    *,
    flagged: bool = False,
    urgent: bool = False,
    detail: str = "Warfarin",
    now: datetime | None = None,
    **columns: Any,
) -> AppointmentRequest:
    """A request that has just come in, with or without a red flag or an urgent one."""
    answers = [GivenAnswer(question(), Answer.YES, detail)] if flagged else []
    answers += [GivenAnswer(urgent_question(), Answer.YES, "")] if urgent else []
    return triage.submit(
        submission(answers=answers, **columns),
        key=secrets.token_urlsafe(32),
        now=now or timezone.now(),
    )


def flag(request: AppointmentRequest, *, now: datetime) -> None:
    """A red flag on a request that is there already."""
    given = GivenAnswer(question(), Answer.YES, "Warfarin")
    keep_answers(request, [given], [given], by=PATIENT, now=now)


def clear(request: AppointmentRequest, outcome: FlagOutcome, *, now: datetime) -> None:
    """Record a clinician's outcome for each flag of the request."""
    for flag in request.flags.select_related("request"):
        triage.resolve_flag(
            flag,
            version=flag.request.version,
            outcome=outcome,
            reason="Only a test.",
            by=staff("Clinician"),
            now=now,
        )
    request.refresh_from_db()


def appointment_type(minutes: int = 30, buffer_minutes: int = 10) -> AppointmentType:
    """Something that can be booked."""
    return AppointmentType.objects.get_or_create(
        name=f"Assessment of {minutes}",
        defaults={"minutes": minutes, "buffer_minutes": buffer_minutes},
    )[0]


def tomorrow(hours: int = 0, *, now: datetime | None = None) -> datetime:
    """A day and this many hours from now, or later if the clinic is closed on that day."""
    start = (now or timezone.now()) + timedelta(days=1, hours=hours)
    while ClosedDay.objects.filter(day=timezone.localdate(start)).exists():
        start += timedelta(days=1)
    return start.replace(minute=0, second=0, microsecond=0)


def offer(
    request: AppointmentRequest,
    starts: Sequence[datetime] = (),
    *,
    held_for: timedelta = timedelta(hours=12),
    doctor: str = "clinician",
    now: datetime | None = None,
) -> Offer:
    """Times offered for a request that is in review."""
    now = now or timezone.now()
    return triage.offer(
        request,
        version=request.version,
        appointment_type=appointment_type(),
        clinician=clinician(doctor),
        starts=starts or [tomorrow(2, now=now), tomorrow(4, now=now)],
        held_until=now + held_for,
        by=staff("Reception"),
        now=now,
    )


# Each at an hour of its own, so that requests in every status fit beside each other.
HOURS_OF_APPOINTMENTS = {
    RequestStatus.BOOKED: 6,
    RequestStatus.BOOKED_IN_REVIEW: 7,
    RequestStatus.BOOKED_OFFERED: 8,
    RequestStatus.CLOSED: 9,
}


def request_at(status: RequestStatus, *, now: datetime | None = None) -> AppointmentRequest:
    """A request that the real verbs took to a status."""
    now = now or timezone.now()
    by = staff("Reception")
    made = received(now=now)
    if status == RequestStatus.RECEIVED:
        return made
    if status == RequestStatus.WITHDRAWN:
        return triage.withdraw(made, version=made.version, now=now)
    triage.start_review(made, version=made.version, by=by, now=now)
    if status == RequestStatus.QUESTION_ASKED:
        triage.ask(made, version=made.version, text="Which side?", by=by, now=now)
    if status == RequestStatus.OFFERED:
        offer(made, now=now)
    if status == RequestStatus.DEFERRED:
        until = timezone.localdate(now) + timedelta(days=3)
        triage.defer(made, version=made.version, until=until, by=by, now=now)
    if status == RequestStatus.DECLINED:
        triage.decline(made, version=made.version, reason="Ask a GP.", by=by, now=now)
    if status in HOURS_OF_APPOINTMENTS:
        _with_appointment(made, status, now=now)
    if status == RequestStatus.LAPSED:
        offer(made, held_for=timedelta(seconds=1), doctor="another", now=now)
        triage.catch_up(now + timedelta(seconds=2))
        made.refresh_from_db()
    return made


def _with_appointment(made: AppointmentRequest, status: RequestStatus, *, now: datetime) -> None:
    by = staff("Reception")
    triage.book(
        made,
        version=made.version,
        appointment_type=appointment_type(),
        clinician=clinician(),
        starts=tomorrow(HOURS_OF_APPOINTMENTS[status], now=now),
        by=by,
        now=now,
    )
    if status == RequestStatus.BOOKED_IN_REVIEW:
        wishes = "On a Friday."
        triage.ask_for_another_time(made, version=made.version, wishes=wishes, now=now)
    if status == RequestStatus.BOOKED_OFFERED:
        offer(made, [tomorrow(hour, now=now) for hour in (10, 11)], now=now)
    if status == RequestStatus.CLOSED:
        triage.cancel(made, version=made.version, by=by, reason="The clinician is ill.", now=now)
