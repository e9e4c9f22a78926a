"""What keeps patients safe changes only if a second person agrees."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Permission, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import (
    DatabaseError,
    transaction,
)
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from bookings.models import ScreeningQuestion, Topic, Treatment
from bookings.screening import questions_for
from bookings.status import FlagLevel
from bookings.triage.questions import LOWER, RETIRE
from clinic_site.groups import GROUPS
from clinic_site.staff.second_factor import RESET
from procedures.ground import two_people
from procedures.ground.two_people import (
    ENDS_AFTER,
    Outcome,
    ProposalRefused,
    ProposalState,
)
from procedures.models import (
    AccountEvent,
    Clinician,
    InformationPage,
    Proposal,
    StaffAccount,
)
from procedures.models.clinic import details
from procedures.publishing.clinicians import CHANGE_IDENTITY, change_identity, identity_of
from procedures.status import AccountAct
from tests import factories, processes
from tests.procedures.test_clinic_details import typed
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
PROPOSALS = "/admin/procedures/proposal/"
WHY = "It raised too many flags."


def question_page(question: ScreeningQuestion) -> str:
    return f"/admin/bookings/screeningquestion/{question.pk}/change/"


def place(question: ScreeningQuestion) -> dict[str, Any]:
    return {"group": question.group_id, "position": question.position}


def proposed(now: datetime, by: str = "Manager") -> Proposal:
    question = factories.question()
    return two_people.propose(RETIRE, question, reason=WHY, by=factories.staff(by), now=now)


def decide(proposal: Proposal, slug: str) -> str:
    return f"{PROPOSALS}{proposal.pk}/decide/{slug}/"


def told(page: str) -> list[str]:
    """What a page says at its top about the press that led to it: what was done, or what is wrong."""
    lists = re.findall(r'class="(?:messagelist|error-summary)".*?</ul>', page, re.DOTALL)
    said = re.findall(r"<li[^>]*>(.*?)</li>", "".join(lists), re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", each)) for each in said]


def told_who_agrees(client: Client, question: ScreeningQuestion) -> str:
    """Propose that the question is asked no more; the sentence that the page then shows."""
    posted = place(question) | {"retire": "on", "reason": WHY}
    return told(client.post(question_page(question), posted, follow=True).text)[0]


# --- Through the desk ---------------------------------------------------------------------------


def test_a_question_is_asked_until_a_second_person_agrees(
    sign_in: SignIn, monday: datetime
) -> None:
    question = factories.question()
    User.objects.filter(username="clinician").update(is_active=False)
    posted = place(question) | {"retire": "on"}
    manager = sign_in("Manager")
    assert "Write why." in manager.post(question_page(question), posted).text
    ada = factories.staff("Clinician", "ada")
    answer = manager.post(question_page(question), posted | {"reason": WHY}, follow=True)
    assert "by Monday 30 November. Ada can do that on Today." in answer.text
    assert ScreeningQuestion.objects.current().get() == question
    proposal = Proposal.objects.get()
    assert manager.get(decide(proposal, "agree")).status_code == 200
    refused = manager.post(decide(proposal, "agree"), {"version": 1}).text
    assert told(refused) == ["You have proposed this yourself. A second person has to decide."]

    clinician = sign_in(ada)
    for page in ("/admin/", "/admin/set-up/"):
        content = clinician.get(page).text
        assert "Waiting for a second person: 1" in content
        assert "Stop asking: “Do you take a blood thinner?”" in content
    page = clinician.get(f"{PROPOSALS}{proposal.pk}/change/").text
    assert WHY in page
    assert decide(proposal, "agree") in page
    assert clinician.post(decide(proposal, "agree"), {"version": 1}).status_code == 302
    question.refresh_from_db()
    assert (question.retired_on, question.retired_by) == (monday.date(), "manager")
    proposal.refresh_from_db()
    assert (proposal.outcome, proposal.decided_by, proposal.decided_at) == ("done", ada, monday)
    assert proposal.answer == ""
    assert "Waiting for a second person" not in clinician.get("/admin/").text
    assert "Agreed and done" in clinician.get(PROPOSALS).text


def test_whoever_proposes_reads_who_can_agree(sign_in: SignIn, monday: datetime) -> None:
    """Colleagues with the role for it, by their names; not the operator, who may do everything."""
    asked = [factories.question(key) for key in ("fever", "pregnant", "thinner", "latex")]
    User.objects.filter(username__in=["clinician", "manager"]).update(is_active=False)
    User.objects.create_superuser("operator", first_name="Aaron")
    client = sign_in(factories.staff("Manager", "mona"))
    assert told_who_agrees(client, asked[0]) == (
        "Not done yet: a second person has to agree, and nobody else here may. Give somebody the role "
        "for it."
    )
    until = "Not done yet: a second person has to agree by Monday 30 November."
    for username, question, named in (
        ("zoe", asked[1], "Zoe"),
        ("cleo", asked[2], "Cleo or Zoe"),
        ("bea", asked[3], "Bea, Cleo or Zoe"),
    ):
        factories.staff("Clinician", username)
        assert told_who_agrees(client, question) == f"{until} {named} can do that on Today."
    first = Proposal.objects.order_by("pk")[0]
    User.objects.filter(username="zoe").update(first_name="Ann")
    User.objects.filter(username="cleo").update(first_name="Bea")
    usernames = list(two_people.who_may_agree(first).values_list("username", flat=True))
    assert usernames == ["zoe", "bea", "cleo"]


def test_a_second_factor_is_reset_by_two_managers(sign_in: SignIn, monday: datetime) -> None:
    account = StaffAccount.objects.get(pk=factories.staff("Reception", "robin").pk)
    TOTPDevice.objects.create(user_id=account.pk, name="app", confirmed=True)
    first, second = factories.staff("Manager"), factories.staff("Manager", "max")
    url = f"/admin/procedures/staffaccount/{account.pk}/decide/reset-second-factor/"
    sign_in(first).post(url, {"version": account.version, "reason": "Lost the phone."})
    proposal = Proposal.objects.get()
    assert (proposal.act, proposal.subject(), proposal.arguments) == (RESET.name, account, {})
    assert (proposal.reason, proposal.proposed_by) == ("Lost the phone.", first)
    assert (proposal.proposed_at, proposal.ends) == (monday, monday + ENDS_AFTER)
    sign_in(second).post(decide(proposal, "agree"), {"version": 1})
    event = AccountEvent.objects.get(act=AccountAct.SECOND_FACTOR_RESET)
    assert (event.account_id, event.done_by, event.done_at) == (account.pk, second, monday)


def test_a_long_sentence_is_kept_as_far_as_there_is_room(monday: datetime) -> None:
    question = factories.question()
    act = replace(RETIRE, describe=lambda *_: "Long. " * 100)
    by = factories.staff("Manager")
    said = two_people.propose(act, question, reason=WHY, by=by, now=monday).said
    assert said == ("Long. " * 100)[:500]


def test_what_is_decided_about_one_is_decided_about_no_other(monday: datetime) -> None:
    """Neither an agreement nor a proposal that ran out touches what waits about something else."""
    by, ada = factories.staff("Manager"), factories.staff("Clinician", "ada")
    keys = ("fever", "pregnant", "blood-thinner")
    fever, pregnant, thinner = (
        two_people.propose(RETIRE, factories.question(key), reason=WHY, by=by, now=monday)
        for key in keys
    )
    two_people.agree(fever, by=ada, now=monday)
    with pytest.raises(ProposalRefused, match="has already proposed this, and it waits"):
        two_people.propose(RETIRE, factories.question("pregnant"), reason=WHY, by=by, now=monday)
    later = monday + ENDS_AFTER
    again = two_people.propose(RETIRE, factories.question("pregnant"), reason=WHY, by=by, now=later)
    outcomes = {each.pk: each.outcome for each in Proposal.objects.all()}
    assert outcomes == {
        fever.pk: Outcome.DONE,
        pregnant.pk: Outcome.REPLACED,
        thinner.pk: "",
        again.pk: "",
    }


def test_a_lower_flag_needs_a_second_person_too(sign_in: SignIn, monday: datetime) -> None:
    question = factories.question()
    needle = Treatment.objects.create(name="A needle")
    question.treatments.add(needle)
    posted = place(question) | {"new_level": "amber", "no_flag_for_unsure": "on", "reason": WHY}
    client = sign_in("Manager")
    client.post(question_page(question), posted)
    proposal = Proposal.objects.get()
    assert "Red flag → Amber flag, and none for “I am not sure”" in proposal.said
    assert ScreeningQuestion.objects.current().get().level == FlagLevel.RED
    two_people.agree(proposal, by=factories.staff("Clinician"), now=monday)
    current = ScreeningQuestion.objects.current().get()
    assert (current.key, current.version, current.wording) == (question.key, 2, question.wording)
    assert (current.level, current.flags_unsure) == (FlagLevel.AMBER, False)
    assert list(current.treatments.all()) == [needle]
    wrong = client.post(
        question_page(current), place(current) | {"new_level": "red", "reason": WHY}
    )
    assert "This is no lower flag." in wrong.text


def test_a_new_wording_does_not_lower_the_flag(sign_in: SignIn, monday: datetime) -> None:
    question = factories.question()
    two_people.agree(proposed(monday), by=factories.staff("Clinician"), now=monday)
    posted = {
        each: getattr(question, each)
        for each in (
            "key",
            "position",
            "wording",
            "why",
            "detail_prompt",
            "answered_from",
            "source",
        )
    }
    due = monday.date() + timedelta(days=300)
    posted |= {"group": question.group_id, "owner": question.owner_id, "review_due": due}
    posted |= {"asked_first": "on", "flags_unsure": "on", "level": "amber"}
    client, url = sign_in("Manager"), "/admin/bookings/screeningquestion/add/"
    assert "Version 1 raised a higher flag." in client.post(url, posted).text
    less = posted | {"level": "red", "flags_unsure": ""}
    assert "Version 1 raised a higher flag." in client.post(url, less).text
    needle = Treatment.objects.create(name="A needle")
    narrow = client.post(url, posted | {"level": "red", "treatments": [needle.pk]}).text
    assert "Version 1 was asked before more visits." in narrow
    later = client.post(url, posted | {"level": "red", "asked_first": "", "asked_again": "on"})
    assert "Version 1 was asked then too." in later.text
    far = client.post(url, posted | {"level": "red", "review_due": due + timedelta(days=67)}).text
    assert "Choose a day until 24 November 2027." in far
    assert client.post(url, posted | {"level": "urgent"}).status_code == 302


def test_a_later_review_needs_a_second_person(sign_in: SignIn, monday: datetime) -> None:
    question = factories.question(review_due=date(2027, 1, 31))
    client, later = sign_in("Manager"), {"new_review_due": "2028-06-01"}
    assert "Write why." in client.post(question_page(question), place(question) | later).text
    sooner = place(question) | {"new_review_due": "2027-01-31", "reason": WHY}
    assert "This is no later day." in client.post(question_page(question), sooner).text
    client.post(question_page(question), place(question) | later | {"reason": WHY})
    assert ScreeningQuestion.objects.get().review_due == date(2027, 1, 31)
    agreed(
        "Review “Do you take a blood thinner?” by 1 June 2028, and no longer by 31 January 2027",
        monday,
    )
    assert ScreeningQuestion.objects.get().review_due == date(2028, 6, 1)


@pytest.fixture
def needle() -> Treatment:
    """What may happen at any visit, with a question of its own."""
    treatment = Treatment.objects.create(name="A needle", is_usual=True)
    factories.question().treatments.add(treatment)
    return treatment


def agreed(said: str, now: datetime) -> None:
    """Another person reads this sentence, and agrees."""
    proposal = Proposal.objects.get(decided_at=None)
    assert proposal.said == said
    two_people.agree(proposal, by=factories.staff("Clinician"), now=now)


def test_a_visit_that_asks_less_needs_a_second_person(
    sign_in: SignIn, monday: datetime, needle: Treatment
) -> None:
    page, other = (
        InformationPage.objects.create(slug=slug, category="guides") for slug in ("talk", "other")
    )
    client, url = sign_in("Manager"), "/admin/bookings/topic/add/"
    posted: dict[str, Any] = {"page": page.pk, "treatments": []}
    assert "Fewer safety questions would be asked." in client.post(url, posted).text
    assert not Topic.objects.exists()
    client.post(url, posted | {"reason": WHY})
    topic = Topic.objects.get()
    said = (
        "Visits about “Talk” include only: no treatment, only talking. Not asked any more: "
        "“Do you take a blood thinner?”"
    )
    assert [each.key for each in questions_for(page)] == ["blood-thinner"]
    # A question that came in the meantime was not among those that the first person gave up.
    factories.question("new").treatments.add(needle)
    assert Proposal.objects.get().state(monday) == ProposalState.CHANGED
    ScreeningQuestion.objects.get(key="new").treatments.clear()
    agreed(said, monday)
    assert questions_for(page) == [ScreeningQuestion.objects.get(key="new")]
    # More questions need nobody, and the topic stays with its page.
    change = f"/admin/bookings/topic/{topic.pk}/change/"
    client.post(change, {"page": other.pk, "treatments": [needle.pk]})
    topic.refresh_from_db()
    assert (topic.page, topic.treatments.get()) == (page, needle)
    client.post(change, {"treatments": [], "reason": WHY})
    assert topic.treatments.get() == needle
    agreed(said, monday)
    assert not topic.treatments.exists()


def test_what_any_visit_includes_needs_a_second_person(
    sign_in: SignIn, monday: datetime, needle: Treatment
) -> None:
    client, url = sign_in("Manager"), f"/admin/bookings/treatment/{needle.pk}/change/"
    posted = {"name": "An injection"}
    assert "Fewer safety questions would be asked." in client.post(url, posted).text
    client.post(url, posted | {"reason": WHY})
    needle.refresh_from_db()
    assert (needle.name, needle.is_usual) == ("An injection", True)
    agreed(
        "“An injection” does not happen at any visit. Not asked any more: “Do you take a blood "
        "thinner?”, where no topic includes it",
        monday,
    )
    assert questions_for(None) == []
    assert client.post(url, posted | {"is_usual": "on"}).status_code == 302
    assert len(questions_for(None)) == 1


def test_a_question_belongs_to_other_treatments_when_a_second_person_agrees(
    sign_in: SignIn, monday: datetime, needle: Treatment
) -> None:
    laser = Treatment.objects.create(name="Laser", is_usual=False)
    question = ScreeningQuestion.objects.get()
    posted = place(question) | {"move": "on", "new_treatments": [laser.pk]}
    client = sign_in("Manager")
    assert "Write why." in client.post(question_page(question), posted).text
    both = posted | {"retire": "on", "reason": WHY}
    assert "Choose one" in client.post(question_page(question), both).text
    client.post(question_page(question), posted | {"reason": WHY})
    assert list(question.treatments.all()) == [needle]
    agreed(
        "Ask “Do you take a blood thinner?” before: Laser. Now it is asked before: A needle",
        monday,
    )
    assert list(question.treatments.all()) == [laser]


def test_safety_questions_are_asked_again_later_when_a_second_person_agrees(
    sign_in: SignIn, monday: datetime
) -> None:
    client, url = sign_in("Manager"), "/admin/procedures/clinicdetails/add/"
    posted = typed(answers_keep_days=30, held_hours=17)
    assert "Write why." in client.post(url, posted).text
    client.post(url, posted | {"reason": WHY})
    assert (details().answers_keep_days, details().held_hours) == (7, 17)
    # What else is saved in the meantime stays.
    client.post(url, typed(held_hours=18))
    agreed("Ask the safety questions again after 30 days, and no longer after 7", monday)
    assert (details().answers_keep_days, details().held_hours) == (30, 18)
    client.post(url, typed(answers_keep_days=5))
    assert details().answers_keep_days == 5


def test_a_login_or_number_changes_when_a_second_person_agrees(
    sign_in: SignIn, monday: datetime
) -> None:
    person = factories.clinician("ada", verification_evidence="Saw the entry.")
    other = factories.staff("Clinician", "other")
    before = Clinician.objects.values().get()
    values = {name: getattr(person, name) for name in ("name", "slug", "role", "regulator")}
    values |= {"login": other.pk, "registration_number": "DEMO-9", "verified_on": "2026-11-22"}
    values |= {"verified_until": "2027-11-01", "verification_evidence": "Looked again."}
    client, url = sign_in("Manager"), f"/admin/procedures/clinician/{person.pk}/change/"
    assert "Write why." in client.post(url, values).text
    assert client.post(url, values | {"reason": "Ada has a new account."}).status_code == 302
    assert Clinician.objects.values().get() == before
    proposal = Proposal.objects.get()
    assert proposal.said == "Dr Ada: login ada → other, number DEMO-0001 → DEMO-9"
    two_people.agree(proposal, by=factories.staff("Manager", "second"), now=monday)
    person.refresh_from_db()
    assert (person.login, person.registration_number) == (other, "DEMO-9")
    assert f"{person.verified_on} {person.verified_until}" == "2026-11-22 2027-11-01"
    assert person.verified_by == factories.staff("Manager")


def test_a_clinician_without_a_login_gets_one(monday: datetime) -> None:
    person = factories.clinician("ada", login=None)
    ada, manager = factories.staff("Clinician", "ada"), factories.staff("Manager")
    columns = identity_of(person) | {"login_id": ada.pk}
    changed = change_identity(person, proposed_by=manager, by=manager, now=monday, **columns)
    assert (Clinician.objects.get().login, changed.verified_by) == (ada, manager)


def test_a_second_person_can_say_no_and_the_first_can_take_it_back(
    sign_in: SignIn, monday: datetime
) -> None:
    proposal = proposed(monday)
    assert "Take it back" in sign_in("Manager").get(f"{PROPOSALS}{proposal.pk}/change/").text
    client = sign_in("Clinician")
    assert "Take it back" not in client.get(f"{PROPOSALS}{proposal.pk}/change/").text
    page = client.post(decide(proposal, "take-back"), {"version": 1}).text
    assert told(page) == ["Only whoever proposed this can take it back."]
    client.post(decide(proposal, "refuse"), {"version": 1, "reason": "We still need it."})
    proposal.refresh_from_db()
    assert (proposal.outcome, proposal.answer) == (Outcome.REFUSED, "We still need it.")
    again = proposed(monday)
    sign_in("Manager").post(decide(again, "take-back"), {"version": 1})
    again.refresh_from_db()
    assert (again.outcome, again.answer) == (Outcome.TAKEN_BACK, "")
    assert ScreeningQuestion.objects.current().exists()


@pytest.mark.parametrize("group", ["Reception", "Editor", "Publisher"])
def test_nobody_else_sees_or_decides_it(group: str, sign_in: SignIn, monday: datetime) -> None:
    proposal = proposed(monday)
    client = sign_in(group)
    assert client.get(PROPOSALS).status_code == 403
    assert client.post(decide(proposal, "agree"), {"version": 1}).status_code == 403
    assert "Waiting for a second person" not in client.get("/admin/").text


def test_agreeing_needs_a_fresh_password(sign_in: SignIn, monday: datetime, at: Any) -> None:
    proposal = proposed(monday)
    client = sign_in("Clinician")
    at(monday + timedelta(minutes=16))
    assert client.get(decide(proposal, "agree")).status_code == 403


# --- What a second person cannot agree to -------------------------------------------------------


def refused(proposal: Proposal, now: datetime, by: User | None = None) -> str:
    with pytest.raises(ProposalRefused) as refusal:
        two_people.agree(proposal, by=by or factories.staff("Clinician"), now=now)
    proposal.refresh_from_db()
    assert proposal.decided_at is None
    assert ScreeningQuestion.objects.current().exists()
    return str(refusal.value)


def test_what_changed_meanwhile_is_out_of_date(monday: datetime) -> None:
    proposal = proposed(monday)
    ScreeningQuestion.objects.update(position=7)
    assert proposal.state(monday) == ProposalState.CHANGED
    assert refused(proposal, monday) == (
        "The record has changed since this was proposed. Take it back, look at the record and propose "
        "it again."
    )
    again = proposed(monday)
    proposal.refresh_from_db()
    assert proposal.outcome == Outcome.REPLACED
    assert again.state(monday) == ProposalState.WAITING


def test_it_ends_after_a_week(monday: datetime) -> None:
    proposal = proposed(monday)
    manager = factories.staff("Manager")
    later = monday + ENDS_AFTER
    assert Proposal.objects.waiting_for(manager, later - timedelta(seconds=1)).get() == proposal
    assert not Proposal.objects.waiting_for(manager, later).exists()
    assert proposal.state(later) == ProposalState.ENDED
    ended = "This has ended. Whoever still wants it has to propose it again."
    assert refused(proposal, later) == ended


def test_whoever_may_not_any_more_has_proposed_nothing(monday: datetime) -> None:
    proposal = proposed(monday)
    factories.staff("Manager").groups.clear()
    assert refused(proposal, monday) == "Manager may not propose this any more."


def test_the_same_is_not_proposed_twice(sign_in: SignIn, monday: datetime) -> None:
    proposed(monday)
    client = sign_in(factories.staff("Manager", "second"))
    assert told_who_agrees(client, factories.question()) == (
        "Manager has already proposed this, and it waits for a second person. Look on Today."
    )
    # Another step about the same record may wait beside it.
    lower: dict[str, Any] = {"level": FlagLevel.AMBER, "flags_unsure": True}
    asked: dict[str, Any] = {"reason": WHY, "by": factories.staff("Manager"), "now": monday}
    two_people.propose(LOWER, factories.question(), arguments=lower, **asked)
    assert Proposal.objects.filter(decided_at=None).count() == 2


def test_only_who_may_change_it_proposes_it(monday: datetime) -> None:
    with pytest.raises(ProposalRefused, match=r"^You may not propose this\.$"):
        proposed(monday, "Clinician")


def test_only_who_may_agree_decides(sign_in: SignIn, monday: datetime) -> None:
    """A clinician sees proposals and agrees to others, but not to the reset of a second factor."""
    manager, ada = factories.staff("Manager"), factories.staff("Clinician", "ada")
    account = StaffAccount.objects.get(pk=factories.staff("Reception").pk)
    proposal = two_people.propose(RESET, account, reason=WHY, by=manager, now=monday)
    assert not proposal.may_be_agreed_by(ada)
    assert list(two_people.who_may_agree(proposal)) == []
    with pytest.raises(ProposalRefused, match=r"^You may not decide about this\.$"):
        two_people.agree(proposal, by=ada, now=monday)
    assert sign_in(ada).get(f"{PROPOSALS}{proposal.pk}/change/").status_code == 404
    # Somebody with a role of the clinic's own, who may propose a step and not agree to it.
    proposer = factories.staff("Editor")
    changes = Permission.objects.get(codename="change_screeningquestion")
    proposer.user_permissions.add(changes)
    other = proposed(monday)
    assert not other.may_be_agreed_by(proposer)
    assert list(Proposal.objects.shown_to(proposer)) == [other]


def test_whoever_is_slower_is_told_that_it_is_decided(monday: datetime) -> None:
    proposal = proposed(monday)
    seen = Proposal.objects.get()
    two_people.refuse(proposal, reason="No.", by=factories.staff("Clinician"), now=monday)
    faster = r"^Somebody was faster\. Open it again to see what was decided\.$"
    with pytest.raises(ProposalRefused, match=faster):
        two_people.agree(seen, by=factories.staff("Manager", "second"), now=monday)
    proposal.refresh_from_db()
    assert (proposal.outcome, proposal.answer) == (Outcome.REFUSED, "No.")


def test_what_is_gone_or_has_changed_is_not_proposed(monday: datetime) -> None:
    manager = factories.staff("Manager")
    account = StaffAccount.objects.get(pk=factories.staff("Reception").pk)
    asked: dict[str, Any] = {"reason": WHY, "by": manager, "now": monday}
    with pytest.raises(ProposalRefused, match=r"^This record does not exist any more\.$"):
        two_people.propose(RETIRE, ScreeningQuestion(pk=10**9), **asked)
    changed = r"^Somebody has changed this in the meantime\. Look at it again\.$"
    with pytest.raises(ProposalRefused, match=changed):
        two_people.proposing(RESET)(account, version=account.version + 1, **asked)
    assert not Proposal.objects.exists()
    made = two_people.proposing(RESET)(account, version=account.version, **asked)
    assert (made.act, made.about_number, made.reason) == (RESET.name, account.pk, WHY)
    assert (made.proposed_by, made.proposed_at) == (manager, monday)


def test_a_step_that_this_release_does_not_know_is_for_nobody(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = proposed(monday)
    monkeypatch.delitem(two_people.ACTS, RETIRE.name)
    assert list(two_people.who_may_agree(proposal)) == []
    assert proposal.state(monday) == ProposalState.CHANGED
    assert refused(proposal, monday) == "This site does not know this step any more."
    two_people.register(RETIRE)
    assert proposal.state(monday) == ProposalState.WAITING


def test_a_release_recognises_what_an_earlier_one_has_seen(monday: datetime, settings: Any) -> None:
    """A proposal waits for a week, so the name, the key and the order of its hash do not change."""
    person, by = factories.clinician("ada"), factories.staff("Manager")
    columns = identity_of(person) | {"registration_number": "DEMO-9"}
    asked: dict[str, Any] = {"reason": WHY, "by": by, "now": monday, "arguments": columns}
    proposal = two_people.propose(CHANGE_IDENTITY, person, **asked)
    seen = json.dumps(identity_of(person), cls=DjangoJSONEncoder, sort_keys=True)
    key = hashlib.sha256(b"procedures.two_people" + settings.SECRET_KEY.encode()).digest()
    assert proposal.seen == hmac.new(key, seen.encode(), hashlib.sha256).hexdigest()


def test_the_database_refuses_one_person_and_a_second_decision(monday: datetime) -> None:
    proposal = proposed(monday)
    row = Proposal.objects.filter(pk=proposal.pk)
    manager, ada = factories.staff("Manager"), factories.staff("Clinician")
    decided = {"decided_at": monday, "outcome": "done"}
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(decided_by=manager, **decided)
    row.update(decided_by=ada, **decided)
    for change in ({"said": "Something else"}, {"outcome": "refused"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


def test_a_refusal_of_the_step_leaves_the_proposal_open(monday: datetime) -> None:
    no = Mock(side_effect=ValueError("Not today."))
    act = replace(RETIRE, do=no, refusals=(ValueError,))
    proposal = proposed(monday)
    two_people.ACTS[RETIRE.name] = act
    try:
        assert refused(proposal, monday) == "Not today."
    finally:
        two_people.ACTS[RETIRE.name] = RETIRE


def test_whoever_may_be_asked_can_open_the_page() -> None:
    everybody = {"view_proposal", "decide_proposal"}
    for act in two_people.ACTS.values():
        for permission in (act.permission, act.agreeing):
            held = [group for group in GROUPS.values() if permission.partition(".")[2] in group]
            assert held
            assert all(everybody <= group for group in held), permission


# --- Two at the same moment ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_agree_at_the_same_moment_one_does_it(monday: datetime) -> None:
    proposal = proposed(monday)
    seconds = [factories.staff("Clinician", "ada"), factories.staff("Clinician", "ben")]
    outcomes = race(
        [
            partial(two_people.agree, Proposal.objects.get(pk=proposal.pk), by=who, now=monday)
            for who in seconds
        ]
    )
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {ProposalRefused}


def proposing_twice(now: datetime) -> list[Any]:
    question = factories.question()
    people = [factories.staff("Manager"), factories.staff("Manager", "second")]
    return race(
        [
            partial(two_people.propose, RETIRE, question, reason=WHY, by=who, now=now)
            for who in people
        ]
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_propose_at_the_same_moment_one_does(monday: datetime) -> None:
    outcomes = proposing_twice(monday)
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {ProposalRefused}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_propose(monday: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=processes.PATIENCE)

    def unlocked(model: str, number: int) -> ScreeningQuestion | None:
        return ScreeningQuestion.objects.filter(pk=number).first()

    def both_look(*_: Any, **__: Any) -> None:
        together.wait()

    monkeypatch.setattr(two_people, "_locked", unlocked)
    monkeypatch.setattr(two_people, "_close_earlier", both_look)
    assert len(winners(proposing_twice(monday))) == 2
