"""Erasing a person: two people decide it, nothing is left, and a restore does not bring it back."""

import contextlib
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from bookings import links, records, triage
from bookings.models import AppointmentRequest, Look, Person, PersonEvent, RightsRequest, SearchKey
from bookings.records import erasing, retention, tombstones
from bookings.status import PersonAct, RequestStatus, TriageRefused
from procedures.ground import two_people
from procedures.ground.two_people import ProposalRefused
from procedures.log import checkpoints
from procedures.models import Proposal
from procedures.models.restored import is_quiet
from procedures.status import RevisionStatus
from tests import factories
from tests.bookings.records_of import both, complains, still_there, words
from tests.clinic_site.test_backups import backup, elsewhere, key, manage
from tests.people import LIST, PEOPLE, decide_about, page_of_person

__all__ = ["elsewhere", "key"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
WHY = {"version": 1, "reason": "They asked us to."}
EVERY_WORD = words("ada") | {"ada@example.org"}


@pytest.fixture(autouse=True)
def erasures(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where erasures are written, for this process and for commands on another database."""
    file = tmp_path / "kept" / "erasures.jsonl"
    settings.ERASURES_FILE = str(file)
    monkeypatch.setenv("ERASURES_FILE", str(file))
    return file


class OlderCopy(Exception):
    """Takes the database back to what it was, as a restore does; files stay."""


def managers() -> tuple[Any, Any]:
    return factories.staff("Manager"), factories.staff("Manager", "second")


def erased(person: Person, now: datetime) -> None:
    """Proposed by one manager, agreed to by another."""
    one, other = managers()
    proposal = records.propose_erasure(person, reason="They asked.", by=one, now=now)
    two_people.agree(proposal, by=other, now=now)


def heads() -> str:
    """The heads of all chains; raises CommandError if any journal was changed."""
    out = StringIO()
    call_command("verify_journal", stdout=out)
    return out.getvalue()


def test_d3_two_people_erase_a_person_and_no_word_is_left_anywhere(
    sign_in: SignIn, monday: datetime, erasures: Path, tmp_path: Path
) -> None:
    ada, _ = both(monday)
    kept = tmp_path / "heads.txt"
    kept.write_text(heads())
    assert still_there("ada") == EVERY_WORD
    one, other = managers()
    client = sign_in(one)
    client.get(page_of_person(ada.person))
    answer = client.post(decide_about(ada.person, "erase"), WHY, follow=True)
    assert "a second person has to agree" in answer.content.decode()
    proposal = Proposal.objects.get()
    agree = f"/admin/procedures/proposal/{proposal.pk}/decide/agree/"
    client.post(agree, {"version": 1})
    page = client.get(f"/admin/procedures/proposal/{proposal.pk}/change/").content.decode()
    assert f'{ada.person.pk}/change/">{ada.name}, born ' in page
    assert Look.objects.filter(screen="proposal", looked_by=one).exists()
    # The first alone cannot.
    assert still_there("ada") == EVERY_WORD
    sign_in(other).post(agree, {"version": 1})
    assert still_there("ada") == set()
    assert still_there("ben") == words("ben") | {"ben@example.org"}
    assert not SearchKey.objects.filter(person=ada.person_id).exists()
    # What is counted stays, and every journal is as it was before, and goes on.
    ada.refresh_from_db()
    assert (ada.status, ada.appointments.get().status) == (RequestStatus.CLOSED, "fulfilled")
    call_command("verify_journal", against=kept, stdout=StringIO())
    assert PersonEvent.objects.get(person=ada.person_id).act == PersonAct.ERASED
    line = json.loads(erasures.read_text())
    assert line.keys() == {"person", "digest", "erased_at"}
    assert erasures.stat().st_mode & 0o077 == 0
    # Colleagues see what became of them, and nothing of what was.
    client = sign_in(other)
    assert "was erased on" in client.get(page_of_person(ada.person)).content.decode()
    assert "○ Erased" in client.get(f"{LIST}{ada.pk}/change/").content.decode()
    assert "erased" not in client.get(PEOPLE).content.decode()
    assert "Erase everything" not in client.get(page_of_person(ada.person)).content.decode()
    found = client.post(f"{PEOPLE}search/", {"term": "erased"}).content.decode()
    assert "Nobody found" in found
    # Who asks again is somebody new.
    again = factories.received(name="adaname", email="ada@example.org", now=monday)
    assert again.person_id != ada.person_id


def left_by_the_clock(monday: datetime) -> tuple[Person, datetime]:
    """Somebody of whom only a complaint is left, and when the rest was emptied."""
    request, later = factories.received(now=monday), monday + timedelta(days=366)
    complains(request, "ada", now=monday)
    triage.withdraw(request, version=request.version, now=monday)
    retention.empty_what_is_due(later)
    person = request.person
    person.refresh_from_db()
    assert person.emptied_at == later
    assert still_there("ada") == {"adaasked", "adareceipt", "adareply"}
    return person, later


def test_what_the_clock_left_two_people_erase(sign_in: SignIn, at: Any, monday: datetime) -> None:
    person, later = left_by_the_clock(monday)
    at(later)
    one, other = managers()
    client = sign_in(one)
    assert decide_about(person, "erase") in client.get(page_of_person(person)).content.decode()
    why = WHY | {"version": person.version}
    answer = client.post(decide_about(person, "erase"), why, follow=True)
    assert "a second person has to agree" in answer.content.decode()
    two_people.agree(Proposal.objects.get(), by=other, now=later)
    assert still_there("ada") == set()
    assert records.why_not(person) == "What we held about this person was erased already."
    page = client.get(page_of_person(person)).content.decode()
    assert decide_about(person, "erase") not in page


def test_in_an_older_copy_what_the_clock_left_is_erased_again(monday: datetime) -> None:
    person, later = left_by_the_clock(monday)
    with contextlib.suppress(OlderCopy), transaction.atomic():
        erased(person, later)
        raise OlderCopy
    person.refresh_from_db()
    assert (erasing.apply_erasures(later).erased, still_there("ada")) == (1, set())
    assert set(RightsRequest.objects.values_list("receipt", flat=True)) == {"[erased]"}
    assert erasing.apply_erasures(later).already == 1


def test_reception_cannot_propose_it(sign_in: SignIn, monday: datetime) -> None:
    ada, _ = both(monday)
    assert sign_in("Reception").post(decide_about(ada.person, "erase"), WHY).status_code == 403


def test_whoever_is_held_or_still_comes_is_not_erased(monday: datetime) -> None:
    ada, _ = both(monday)
    one, other = managers()
    proposal = records.propose_erasure(ada.person, reason="x", by=one, now=monday)
    records.hold(ada.person, reason="A claim.", by=one, now=monday)
    with pytest.raises(ProposalRefused, match="legal hold"):
        two_people.agree(proposal, by=other, now=monday)
    with pytest.raises(TriageRefused, match="legal hold"):
        records.propose_erasure(ada.person, reason="x", by=one, now=monday)
    records.release(ada.person, reason="Over.", by=one, now=monday)
    still_open = factories.received(now=monday)
    with pytest.raises(TriageRefused, match=still_open.reference):
        records.propose_erasure(still_open.person, reason="x", by=one, now=monday)
    assert still_there("ada") == EVERY_WORD


def test_whom_we_said_we_would_ask_about_a_follow_up_is_not_erased_before(
    monday: datetime,
) -> None:
    request, (one, _) = factories.request_at(RequestStatus.CLOSED, now=monday), managers()
    ask = date(2027, 1, 4)
    triage.plan_recall(request, version=request.version, ask_due=ask, by=one, now=monday)
    assert erasing.why_not(request.person) == (
        "We have planned to ask about a follow-up. Take that back first."
    )
    request.refresh_from_db()
    triage.take_recall_back(request, version=request.version, by=one, now=monday)
    assert erasing.why_not(request.person) == ""


def test_no_link_opens_what_was_erased(monday: datetime) -> None:
    """Neither the link that they have nor a new one, in the time for which links live."""
    request = factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    links_of = [links.private_link(request).split("/")[-2]]
    assert links.follow(links_of[0], monday) == request
    erased(request.person, monday)
    request.refresh_from_db()
    links_of += [links.private_link(request).split("/")[-2]]
    assert [links.follow(each, monday) for each in links_of] == [None, None]


def test_without_the_list_of_erasures_nothing_is_erased(monday: datetime, erasures: Path) -> None:
    ada, _ = both(monday)
    erasures.mkdir(parents=True)  # in its place, so that it cannot be written
    with pytest.raises(ProposalRefused, match="cannot be written"):
        erased(ada.person, monday)
    assert still_there("ada") == EVERY_WORD


def test_an_older_copy_is_erased_again_and_only_the_same_people(
    monday: datetime, erasures: Path
) -> None:
    ada, ben = both(monday)
    with contextlib.suppress(OlderCopy), transaction.atomic():
        erased(ada.person, monday)
        assert still_there("ada") == set()
        raise OlderCopy
    assert still_there("ada") == EVERY_WORD
    # In the older copy colleagues still took the two for one person.
    triage.join(ada.person, other=ben.person, by=factories.staff("Reception"), now=monday)
    out = StringIO()
    call_command("apply_erasures", stdout=out)
    assert "1 row erased again, 0 erased already." in out.getvalue()
    assert still_there("ada") == set()
    assert still_there("ben") == words("ben") | {"ben@example.org"}
    heads()
    applied = erasing.apply_erasures(monday)
    assert (applied.erased, applied.already, applied.unknown) == (0, 1, [])


def test_a_copy_is_not_opened_without_the_list_of_erasures(
    monday: datetime, erasures: Path
) -> None:
    ada, _ = both(monday)
    with contextlib.suppress(OlderCopy), transaction.atomic():
        erased(ada.person, monday)
        raise OlderCopy
    on_another_disk = erasures.rename(erasures.with_suffix(".away"))
    out = StringIO()
    call_command("quieten_copy", "An older copy", stdout=out)
    assert f"There is no list of erasures at {erasures}" in out.getvalue()
    with pytest.raises(CommandError, match=r"still quiet\. .* add --no-erasures"):
        call_command("release_restored_copy", stdout=out)
    assert (is_quiet(), still_there("ada")) == (True, EVERY_WORD)
    # Nobody has to remember the other command.
    on_another_disk.rename(erasures)
    call_command("release_restored_copy", stdout=out)
    assert (is_quiet(), still_there("ada")) == (False, set())


def test_a_list_that_cannot_be_read_keeps_a_copy_quiet(monday: datetime, erasures: Path) -> None:
    tombstones.add([factories.received(now=monday).person_id], monday)
    call_command("quieten_copy", "An older copy", stdout=StringIO())
    erasures.write_text("{}\n")
    with pytest.raises(CommandError, match=r"Line 1 of .* The copy is still quiet"):
        call_command("release_restored_copy", stdout=StringIO())
    assert is_quiet()
    call_command("release_restored_copy", "--no-erasures", stdout=StringIO())
    assert not is_quiet()


def test_the_list_has_to_be_there_to_be_applied(erasures: Path) -> None:
    with pytest.raises(CommandError, match="There is no list of erasures at"):
        call_command("apply_erasures")


def test_somebody_else_with_the_number_is_left_alone(monday: datetime, erasures: Path) -> None:
    ada, ben = both(monday)
    tombstones.add([ada.person_id], monday)
    stone = json.loads(erasures.read_text())
    erasures.write_text(
        json.dumps(stone | {"person": ben.person_id}) + "\n" + json.dumps(stone | {"person": 0})
    )
    assert erasing.apply_erasures(monday).unknown == [ben.person_id, 0]
    assert still_there("ben") == words("ben") | {"ben@example.org"}
    erasures.write_text("{}\n")
    with pytest.raises(CommandError, match="Line 1 of"):
        call_command("apply_erasures")


def test_what_was_still_open_in_the_copy_is_ended(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    tombstones.add([request.person_id], monday)
    applied = erasing.apply_erasures(monday)
    assert (applied.erased, applied.still_open) == (1, [])
    request.refresh_from_db()
    assert (request.status, request.name) == (RequestStatus.CLOSED, "[erased]")
    assert set(request.messages.values_list("status", flat=True)) <= {"dropped", "sent"}


def test_what_is_open_without_a_visit_is_withdrawn_and_a_visit_that_was_stays_at_the_desk(
    monday: datetime,
) -> None:
    asked = factories.received(now=monday, name="Una Sample")
    visit = factories.request_at(RequestStatus.BOOKED, now=monday)
    tombstones.add([asked.person_id, visit.person_id], monday)
    after = visit.appointments.get().ends
    applied = erasing.apply_erasures(after)
    assert (applied.erased, applied.still_open) == (2, [visit.reference])
    asked.refresh_from_db()
    visit.refresh_from_db()
    assert (asked.status, visit.status) == (RequestStatus.WITHDRAWN, RequestStatus.BOOKED)
    assert asked.name == visit.name == "[erased]"


@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_after_a_backup_is_restored_the_person_stays_erased(
    monday: datetime, key: Path, elsewhere: str
) -> None:
    ada, _ = both(monday)
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    checkpoints.sign(monday)
    archive = backup()
    erased(ada.person, monday)
    last = checkpoints.newest()
    assert last is not None
    root = f"log {last.size} {checkpoints.root_of(last).hex()}"
    restored = manage(elsewhere, "restore", str(archive), "--identity", str(key), "--verify")
    assert restored.returncode == 0, restored.stderr
    assert "Erased again whoever is on the list" in restored.stdout
    # There is nothing about patients in the public log, so it leads to what was signed before.
    assert root in restored.stdout.splitlines()
    assert list(checkpoints.faults({last.size: checkpoints.root_of(last).hex()})) == []
    look = manage(
        elsewhere,
        "shell",
        "--no-imports",
        "-c",
        "from tests.bookings.records_of import still_there;"
        "print(sorted(still_there('ada')), len(still_there('ben')))",
    )
    assert look.stdout.strip() == f"[] {len(words('ben')) + 1}", look.stderr
    assert AppointmentRequest.objects.filter(pk=ada.pk).exists()
