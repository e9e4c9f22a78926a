"""`docs/fields.md` says who reads and who writes which fields; here every page of the desk is asked."""

import os
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from bookings import access, diary, records, triage, webhooks
from bookings.diary import feeds
from bookings.imports import keeping
from bookings.models import (
    AppointmentRequest,
    MachineKind,
    Note,
    Person,
    PersonEvent,
    RightsRequest,
    RoomKind,
    Subscription,
    TextReply,
    Topic,
    Treatment,
    VisitAnswer,
)
from bookings.status import (
    CarerRight,
    FeedWords,
    FlagOutcome,
    GotIt,
    Notice,
    PersonAct,
    RightAsked,
    RightsStatus,
    Scope,
)
from clinic_site.groups import GROUPS
from procedures.ground.classified import Kind, is_about_patients, kinds
from procedures.ground.decisions import DecisionAdmin
from procedures.models import PageFeedback, SharedPlace
from procedures.status import RevisionStatus
from tests import factories
from tests.clinic_site.test_permissions import MAY, MAY_NOT, numbered, world
from tests.people import page_of

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.lengthy]
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "fields.md"
ROLES = list(GROUPS)
# What each field of a patient is in the code, contains here, and how else the desk may write it.
WRITTEN = {
    "name": ("Person.name AppointmentRequest.name", "Canaryname"),
    "date of birth": (
        "Person.date_of_birth AppointmentRequest.date_of_birth",
        "1961-07-19",
        "19 July 1961|1961-07-19|19/07/1961",
    ),
    "email address": (
        "Person.email AppointmentRequest.email Message.address Message.sent_to",
        "canarymail@example.org",
    ),
    "phone number": (
        "Person.phone AppointmentRequest.phone TextReply.number",
        "+442079460123",
        "7946 ?0123",
    ),
    "postal address": ("Person.postal_address", "1 Canarystreet"),
    "what the request is about": ("AppointmentRequest.concern", "Canaryconcern"),
    "more about times": ("AppointmentRequest.availability", "Canarytimes"),
    "what would suit instead of an offer": ("AppointmentRequest.wishes", "Canarywishes"),
    "help with the visit": ("Person.access_detail AppointmentRequest.access_detail", "Canaryhelp"),
    "who asks for them": ("AppointmentRequest.carer_name", "Canarycarer"),
    "detail of a safety answer": ("ScreeningAnswer.detail", "Canaryanswer"),
    "a clinician’s reason about a flag": ("RedFlag.reason RecordedOutcome.reason", "Canaryoutcome"),
    "a question of ours": ("ClinicQuestion.text", "Canaryquestion"),
    "their reply to it": ("ClinicQuestion.answer", "Canaryreply"),
    "why we declined": ("AppointmentRequest.ended_reason", "Canarydeclined"),
    "a note of a colleague": ("Note.text", "Canarynote"),
    "a note of a call": ("PhoneCall.note", "Canarycall"),
    "what they wrote after a visit": ("VisitAnswer.comment", "Canaryafter"),
    "what they texted": ("TextReply.said", "Canarytext"),
    "what they ask about their data": ("RightsRequest.detail", "Canaryright"),
    "what we told them about that": (
        "RightsRequest.reply RightsRequest.receipt RightsRequest.why_longer",
        "Canarytold",
    ),
    "why they were held, copied or erased": ("PersonEvent.reason", "Canaryhold"),
    "a comment on a page": ("PageFeedback.comment", "Canarycomment"),
    "an address that follows a page": ("Subscription.email", "canaryfollows@example.org"),
}
# Chosen from a list, a day, or made from the others: shown beside them, and to nobody else.
BESIDE = {
    "Person.access_needs AppointmentRequest.access_needs Person.language AppointmentRequest.language",
    "AppointmentRequest.page AppointmentRequest.preferred_days AppointmentRequest.preferred_times",
    "AppointmentRequest.wished_clinician AppointmentRequest.carer_right",
    "AppointmentRequest.submission_digest SearchKey.key RequestEvent.detail",
    "ScreeningAnswer.answer ScreeningAnswer.read_in RedFlag.level RedFlag.outcome",
    "RecordedOutcome.outcome PhoneCall.reached PhoneCall.left_message VisitAnswer.got_it",
    "Appointment.starts Appointment.ends Recall.ask_due TextReply.alarming Subscription.language",
    # What a manager uploads, for a day; the rows become people and visits.
    "Import.headings Import.lines Import.values",
}
IS = {what: told[1] for what, told in WRITTEN.items()}
ANSWERS = {(True, True): MAY, (False, False): MAY_NOT, (True, False): "unless withheld"}
PERMISSIONS = (DOCUMENT.parent / "permissions.md").read_text(encoding="utf-8")
# A file of another system whose dates and names have to be explained.
FOREIGN = """Patient;DOB;E-mail;Date;Time;With;Service
Ada Sample;03/04/1972;ada@example.org;2026-12-01;9:30;Dr Other;Scan
"""
# What nobody can open here: rows that are only read, and pages without a form.
NOT_OPENED = {
    "account/passkeys/<int:number>/sign/",
    "procedures/proposal/add/",
    "procedures/revision/<int:pk>/compare/",
    *(
        f"{model}/<path:object_id>/change/"
        for model in (
            "bookings/look",
            "bookings/visitanswer",
            "procedures/accountevent",
            "procedures/clinicdetails",
            "procedures/pagefeedback",
            "procedures/plannedpublication",
            "procedures/signin",
            "procedures/signoff",
        )
    ),
}
# What every form has, and the field to search for a patient, which is on every page.
NOT_A_FIELD = {"csrfmiddlewaretoken", "version", "term"}


def everything_about_somebody(now: datetime) -> list[AppointmentRequest]:
    """Two requests of one patient with something in each field."""
    reception = factories.staff("Reception", "one")
    who: dict[str, Any] = {
        "name": IS["name"],
        "date_of_birth": date.fromisoformat(IS["date of birth"]),
        "email": IS["email address"],
        "phone": IS["phone number"],
        "carer_name": IS["who asks for them"],
        "carer_right": CarerRight.PARENT,
    }
    first = factories.received(
        flagged=True,
        detail=IS["detail of a safety answer"],
        concern=IS["what the request is about"],
        availability=IS["more about times"],
        access_detail=IS["help with the visit"],
        now=now,
        **who,
    )
    with_conversation(first, reception, now)
    with_what_else_is_kept(first, reception, now)
    second = factories.received(now=now, **who)
    triage.start_review(second, version=second.version, by=reception, now=now)
    why = IS["why we declined"]
    triage.decline(second, version=second.version, reason=why, by=reception, now=now)
    with_readers(now)
    return [first, second]


def with_conversation(request: AppointmentRequest, by: User, now: datetime) -> None:
    """What a clinician and colleagues asked and noted, and what the patient replied."""
    triage.resolve_flag(
        request.flags.get(),
        version=request.version,
        outcome=FlagOutcome.CALL_PATIENT,
        reason=IS["a clinician’s reason about a flag"],
        by=factories.staff("Clinician", "two"),
        now=now,
    )
    request.refresh_from_db()
    triage.ask(request, version=request.version, text=IS["a question of ours"], by=by, now=now)
    reply = IS["their reply to it"]
    triage.answer_question(request, version=request.version, text=reply, now=now)
    triage.record_call(request, reached=False, note=IS["a note of a call"], by=by, now=now)
    TextReply.objects.create(
        gateway_id="1",
        number=IS["phone number"],
        request=request,
        said=IS["what they texted"],
        for_desk=True,
        came=now,
    )
    comment = IS["what they wrote after a visit"]
    VisitAnswer.objects.create(
        request=request, got_it=GotIt.NO, comment=comment, given_at=now, given_by="the patient"
    )


def with_what_else_is_kept(request: AppointmentRequest, by: User, now: datetime) -> None:
    """What is written about the person rather than said by them."""
    person = request.person
    AppointmentRequest.objects.update(wishes=IS["what would suit instead of an offer"])
    Person.objects.update(postal_address=IS["postal address"])
    note = {"text": IS["a note of a colleague"], "written_at": now, "written_by": by}
    Note.objects.create(person=person, request=request, **note)
    RightsRequest.objects.create(
        person=person,
        right=RightAsked.COPY,
        detail=IS["what they ask about their data"],
        day=now.date(),
        due=now.date() + timedelta(days=30),
        noted_at=now,
        noted_by="one",
        status=RightsStatus.DONE,
        told=now.date(),
        reply=IS["what we told them about that"],
        answered_at=now,
        answered_by="one",
    )
    why = IS["why they were held, copied or erased"]
    PersonEvent.objects.create(
        person=person, act=PersonAct.HELD, reason=why, done_at=now, done_by="one"
    )


def with_readers(now: datetime) -> None:
    """Somebody commented on a page, and somebody follows it."""
    revision = factories.revision(RevisionStatus.PUBLISHED, of=factories.page("read"), now=now)
    comment = IS["a comment on a page"]
    PageFeedback.objects.create(revision=revision, clear=False, comment=comment, day=now.date())
    email = IS["an address that follows a page"]
    Subscription.objects.create(
        page=revision.page, email=email, key="k" * 22, asked=now, confirmed=now
    )


def let_in(role: str) -> list[str]:
    """The addresses that open to a role, by the other document."""
    rows = re.findall(r"^\| `(.*)` \| (.*) \|$", PERMISSIONS, re.MULTILINE)
    return [address for address, cells in rows if cells.split(" | ")[ROLES.index(role)] != MAY_NOT]


def read(client: Client, path: str) -> set[str]:
    """Which fields of a patient a page shows to this person. Nothing that it does is kept."""
    with transaction.atomic():
        content = client.get(path).content.decode(errors="replace")
        transaction.set_rollback(True)
    return {what for what, told in WRITTEN.items() if re.search(told[-1], content)}


def test_each_role_reads_what_the_document_says(
    sign_in: Callable[[User | str], Client], monday: datetime
) -> None:
    requests = everything_about_somebody(monday)
    of = {"bookings/appointmentrequest/": requests[0].pk, "bookings/person/": requests[0].person_id}
    told: dict[str, list[str]] = {what: [] for what in WRITTEN}
    for role in ROLES:
        client = sign_in(factories.staff(role))
        factories.clinic(reception_reads_answers=True)
        paths = [*map(page_of, requests), *(numbered(each, of) for each in let_in(role))]
        shown = {path: found for path in paths if (found := read(client, path))}
        factories.clinic(reception_reads_answers=False)
        still = set().union(*(read(client, path) for path in shown))
        for what, row in told.items():
            row.append(ANSWERS[any(what in found for found in shown.values()), what in still])
    rows = [[what, in_code(what), *row] for what, row in told.items()]
    agree("read", ["field", "in code", *ROLES], rows)


def in_code(what: str) -> str:
    return ", ".join(f"`{name}`" for name in WRITTEN[what][0].split())


def test_each_field_about_patients_is_in_the_document_or_shown_beside_one_that_is() -> None:
    about = {
        f"{model.__name__}.{name}"
        for model in apps.get_models()
        if is_about_patients(model)
        for name, kind in kinds(model).items()
        if kind in {Kind.PERSONAL, Kind.OF_HEALTH}
    }
    told = " ".join([*BESIDE, *(each[0] for each in WRITTEN.values())]).split()
    assert sorted(told) == sorted(about)


def typed(content: str) -> list[str]:
    """What can be typed or chosen in the forms of a page that change something."""
    forms = re.findall(r'<form[^>]*method="post".*?</form>', content, re.DOTALL)
    tags = re.findall(r"<(?:input|select|textarea)\b[^>]*>", "".join(forms))
    shown = [tag for tag in tags if not re.search(r'type="(?:hidden|submit)"', tag)]
    names = {name for tag in shown for name in re.findall(r'\bname="([\w-]+)"', tag)}
    return sorted({re.sub(r"\d+", "N", name) for name in names} - NOT_A_FIELD)


def forms_of(client: Client, path: str) -> list[str] | None:
    """The fields of a page; None if there is no such record."""
    with transaction.atomic():
        answer = client.get(path)
        transaction.set_rollback(True)
    if answer.status_code == 404 or answer.headers.get("Location") == "/admin/":
        return None
    kind = answer.headers.get("Content-Type", "")
    return typed(answer.content.decode()) if kind.startswith("text/html") else []


def everything_that_has_a_form(now: datetime) -> None:
    """One of each thing that the desk can change, in a state in which its form shows every field."""
    by = factories.staff("Manager", "one")
    request = factories.received(flagged=True, now=now)
    for right in RightAsked.COPY, RightAsked.COMPLAINT:
        records.note_asked(request.person, right=right, day=now.date(), detail="", by=by, now=now)
    other = factories.received(name="Sam Other", email="sam@example.org", now=now)
    triage.withdraw(other, version=other.version, now=now)
    records.propose_erasure(other.person, reason="They asked.", by=by, now=now)
    topic = factories.page("topic")
    Treatment.objects.create(name="Injection")
    Topic.objects.create(page=topic)
    MachineKind.objects.create(name="Laser")
    RoomKind.objects.create(name="Theatre")
    factories.appointment_type()
    factories.clinic_session(factories.clinician(), now.date())
    factories.closure(now=now)
    resource = diary.resource_of(factories.clinician())
    feeds.make_feed(resource, says=FeedWords.BOOKED, by="one", now=now)
    factories.translator()
    factories.figure(b'<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"/>')
    SharedPlace.objects.create(network="192.0.2.0/24", times=10, note="The clinic")
    last = now.date() + timedelta(days=30)
    access.make_token(given_to="A list", scopes=Scope, last_day=last, by="one", now=now)
    webhooks.add(given_to="A list", url="https://a.example/", notices=Notice, by="one", now=now)
    keeping.upload(FOREIGN.encode(), by=by, now=now)


def test_each_form_asks_what_the_document_says(
    sign_in: Callable[[User | str], Client], monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The forms of decisions that these records do not allow are asked too.
    monkeypatch.setattr(DecisionAdmin, "is_shown", lambda *_: True)
    asked: dict[str, dict[str, list[str]]] = {}
    everything_that_has_a_form(monday)
    opened, addresses = set(), set()
    factories.staff("Reception", "somebody-else")
    for role in ROLES:
        user = factories.staff(role)
        client = sign_in(user)
        records = world(user, monday)
        for address in let_in(role):
            addresses.add(address)
            found = forms_of(client, numbered(address, records))
            if found is not None:
                opened.add(address)
            if found:
                asked.setdefault(address, {}).setdefault(", ".join(found), []).append(role)
    rows = [
        [f"`{address}`", fields, "" if len(by) == 1 else ", ".join(roles)]
        for address, by in sorted(asked.items())
        for fields, roles in by.items()
    ]
    assert {each for each in addresses - opened if not each.endswith("/history/")} == NOT_OPENED
    agree("written", ["address", "what is typed or chosen", "only as"], rows)


def agree(section: str, head: list[str], rows: list[list[str]]) -> None:
    """Compare a table of the document, between its marks, with what the desk has answered."""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    mark = f"<!-- {section} -->\n"
    before, written, after = DOCUMENT.read_text(encoding="utf-8").split(mark)
    if os.environ.get("WRITE_PERMISSIONS"):
        DOCUMENT.write_text(f"{before}{mark}{table}\n{mark}{after}", encoding="utf-8")
        return
    assert written.splitlines() == table.splitlines()
