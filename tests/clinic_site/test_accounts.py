"""A manager looks after the accounts of colleagues: they come, change, and leave."""

import re
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from bookings import messages, triage
from bookings.management.worker import go_round
from bookings.status import MessageStatus
from bookings.status.events import Event
from clinic_site.groups import GROUPS, ROLES
from clinic_site.staff import accounts
from clinic_site.staff.belongings import belongings
from clinic_site.staff.desk.accounts import StaffAccountAdmin
from procedures.models import AccountEvent, Clinician, Departure, Invitation, StaffAccount
from procedures.status import AccountAct, AccountRefused, AccountState, RevisionStatus
from tests import factories, processes
from tests.races import losses, race, winners

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
LIST = "/admin/procedures/staffaccount/"
IVY = {
    "first_name": "Ivy",
    "last_name": "Example",
    "email": "ivy@example.org",
    "role": "Reception",
}
PASSWORD = "three-unrelated-words"
DECISIONS = {decision.slug: decision for decision in StaffAccountAdmin.decisions}


def account(of: User | str) -> StaffAccount:
    """The account as it is now."""
    user = factories.staff(of) if isinstance(of, str) else of
    return StaffAccount.objects.get(pk=user.pk)


def invited(now: datetime, **changes: str) -> StaffAccount:
    return accounts.invite(**IVY | changes, by=factories.staff("Manager"), now=now)


def reachable(group: str) -> User:
    """Somebody with an email address and a password."""
    user = factories.staff(group)
    user.email = "somebody@example.org"
    user.set_password(PASSWORD)
    user.save()
    return user


def page_of(of: User) -> str:
    return f"{LIST}{of.pk}/change/"


def decide_at(of: User, slug: str) -> str:
    return reverse("admin:procedures_staffaccount_decide", args=[of.pk, slug])


def decide(client: Client, of: User, slug: str, **values: Any) -> Any:
    return client.post(decide_at(of, slug), {"version": account(of).version} | values)


def path_of(invitation: Invitation) -> str:
    return invitation.link().removeprefix("https://clinic.example")


def choose(invitation: Invitation, password: str = PASSWORD) -> Any:
    client = Client()
    client.get(path_of(invitation))
    return client.post(
        "/invitation/", {"new_password1": password, "new_password2": password}, follow=True
    )


def enter(username: str, password: str = PASSWORD) -> Any:
    return Client().post("/admin/login/", {"username": username, "password": password})


def history(of: User) -> list[tuple[str, str, str]]:
    events = AccountEvent.objects.filter(account=of).order_by("pk").select_related("done_by")
    return [(each.act, each.detail, each.done_by.username) for each in events]


# --- Coming -----------------------------------------------------------------------------------


def test_a_manager_invites_and_the_colleague_chooses_a_password(
    sign_in: SignIn, monday: datetime
) -> None:
    sign_in("Manager").post(f"{LIST}add/", IVY)
    ivy = StaffAccount.objects.get(email="ivy@example.org")
    assert (ivy.username, ivy.role, ivy.state(monday)) == (
        "ivy.example",
        "Reception",
        AccountState.INVITED,
    )
    assert enter("ivy.example").status_code == 200
    messages.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["ivy@example.org"]
    assert letter.subject == "Choose your password for the desk of Example Lane Clinic"
    assert "It works once, until Monday 30 November at 10:00." in letter.body
    assert "sign in as ivy.example" in letter.body
    link = re.search(r"https://clinic\.example(/invitation/\S+)", str(letter.body))
    assert link
    client = Client()
    answer: Any = client.get(link[1])
    assert answer.headers["Location"] == "/invitation/"
    assert "ivy.example" in client.get("/invitation/").content.decode()
    chosen = client.post("/invitation/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert chosen.headers["Location"] == "/admin/login/"
    assert enter("ivy.example").status_code == 302
    assert account(ivy).state(monday) == AccountState.WORKS
    assert history(ivy) == [
        (AccountAct.INVITED, "Reception", "manager"),
        (AccountAct.PASSWORD_CHOSEN, "", "ivy.example"),
    ]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("short", "too short"), ("ivyexampleivy", "easy to guess"), ("passwordpassword", "guess")],
)
def test_the_rules_for_passwords_are_those_of_the_site(
    password: str, sentence: str, monday: datetime
) -> None:
    ivy = invited(monday)
    assert sentence in choose(Invitation.objects.get(account=ivy), password).content.decode()
    assert account(ivy).state(monday) == AccountState.INVITED


def test_a_link_works_once(monday: datetime) -> None:
    link = Invitation.objects.get(account=invited(monday))
    assert choose(link).status_code == 200
    again = choose(link, "another-set-of-words")
    assert again.status_code == 404
    assert "This link does not work" in again.content.decode()
    assert "A link works once. The email says until when." in again.content.decode()
    assert enter("ivy.example", "another-set-of-words").status_code == 200


def test_a_link_works_for_seven_days(monday: datetime, at: Any) -> None:
    link = Invitation.objects.get(account=invited(monday))
    at(monday + timedelta(days=7, seconds=-1))
    assert Client().get(path_of(link), follow=True).status_code == 200
    at(monday + timedelta(days=7))
    assert choose(link).status_code == 404
    assert account(link.account).state(monday + timedelta(days=7)) == AccountState.NOT_ACCEPTED


def test_a_link_for_a_forgotten_password_works_for_a_day(
    sign_in: SignIn, monday: datetime, at: Any
) -> None:
    robin = reachable("Reception")
    answer = sign_in("Manager").post(
        decide_at(robin, "new-password"), {"version": account(robin).version}, follow=True
    )
    assert "works once, until Tuesday 24 November at 10:00." in answer.content.decode()
    link = Invitation.objects.get(account=robin)
    at(monday + timedelta(days=1, seconds=-1))
    assert Client().get(path_of(link), follow=True).status_code == 200
    at(monday + timedelta(days=1))
    assert choose(link, "another-three-words").status_code == 404
    assert enter("reception").status_code == 302


def test_whoever_was_away_or_comes_back_has_seven_days(monday: datetime) -> None:
    """A newcomer to whom the link is sent again, and a leaver who is invited again."""
    ivy = invited(monday)
    accounts.send_link(ivy, version=ivy.version, by=ivy, now=monday)
    robin = reachable("Reception")
    Departure.objects.create(account=robin, leaves_on=monday.date(), leaves_by=robin)
    gone = account(robin)
    accounts.send_link(gone, version=gone.version, by=gone, now=monday)
    links = Invitation.objects.filter(withdrawn_at=None)
    assert {each.valid_until for each in links} == {monday + timedelta(days=7)}
    assert links.count() == 2


def test_a_link_that_ended_while_the_form_was_open_sets_nothing(monday: datetime) -> None:
    link = Invitation.objects.get(account=invited(monday))
    with pytest.raises(AccountRefused, match="does not work any more"):
        accounts.accept(link, password=PASSWORD, now=monday + timedelta(days=7))
    assert not account(link.account).is_active


@pytest.mark.parametrize("token", ["nonsense", "MTIz:1abcde:xyz"])
def test_a_link_that_is_not_ours_leads_nowhere(token: str) -> None:
    assert Client().get(f"/invitation/{token}/").status_code == 404
    assert Client().get("/invitation/").status_code == 404


def test_guessing_links_is_stopped(monday: datetime) -> None:
    codes = [Client().get("/invitation/guess/").status_code for _ in range(31)]
    assert codes == [404] * 30 + [429]


def test_an_invitation_can_be_sent_again_and_the_first_link_ends(
    sign_in: SignIn, monday: datetime
) -> None:
    ivy = invited(monday)
    first = Invitation.objects.get(account=ivy)
    decide(sign_in("Manager"), ivy, "send-again")
    second = Invitation.objects.get(account=ivy, withdrawn_at=None)
    messages.send_due()
    assert [str(second.link()) in str(letter.body) for letter in mail.outbox] == [True]
    assert first.messages.get().status == MessageStatus.DROPPED
    assert choose(first).status_code == 404
    assert choose(second).status_code == 200


def test_an_invitation_can_be_withdrawn(sign_in: SignIn, monday: datetime) -> None:
    ivy = invited(monday)
    decide(sign_in("Manager"), ivy, "withdraw")
    assert choose(Invitation.objects.get(account=ivy)).status_code == 404
    assert account(ivy).state(monday) == AccountState.NOT_ACCEPTED


def test_a_second_press_invites_nobody_else(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Manager")
    client.post(f"{LIST}add/", IVY)
    answer = client.post(f"{LIST}add/", IVY | {"email": "IVY@example.org"})
    assert "Ivy Example already has an account" in answer.content.decode()
    assert StaffAccount.objects.filter(last_name="Example").count() == 1


def test_a_namesake_gets_a_name_of_their_own(monday: datetime) -> None:
    names = [
        invited(monday, email=f"{n}@example.org", first_name=first).username
        for n, first in enumerate(["Zoë", "Zoe", "zoe"])
    ]
    assert names == ["zoe.example", "zoe.example2", "zoe.example3"]


def test_a_name_without_letters_that_we_know_still_gets_an_account(monday: datetime) -> None:
    assert invited(monday, first_name="–", last_name="'").username == "colleague"


def test_each_role_is_explained_where_it_is_chosen(sign_in: SignIn, monday: datetime) -> None:
    assert ROLES.keys() == GROUPS.keys()
    content = sign_in("Manager").get(f"{LIST}add/").content.decode()
    assert [said for said in ROLES.values() if said not in content] == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "nonsense", "Enter an email address like name@example.org."),
        ("first_name", "", "Enter the first name."),
        ("role", "", "Choose what this person may do."),
        ("role", "Owner", "You cannot choose this any more."),
    ],
)
def test_what_is_missing_is_asked_for(
    field: str, value: str, sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    answer = sign_in("Manager").post(f"{LIST}add/", IVY | {field: value})
    assert sentence in answer.content.decode()
    assert not StaffAccount.objects.filter(last_name="Example").exists()


def test_a_clinicians_entry_for_patients_comes_straight_after(
    sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    answer: Any = client.post(f"{LIST}add/", IVY | {"role": "Clinician"})
    ivy = StaffAccount.objects.get(email="ivy@example.org")
    assert answer.headers["Location"] == f"/admin/procedures/clinician/add/?login={ivy.pk}"
    form = client.get(answer.headers["Location"]).content.decode()
    assert f'<option value="{ivy.pk}" selected>Ivy Example (ivy.example)</option>' in form
    assert f"{LIST}add/?role=Clinician" in form
    entered = {
        "name": "Dr Ivy Example",
        "slug": "ivy",
        "role": "Consultant",
        "regulator": "Invented Register",
        "registration_number": "DEMO-9",
        "login": ivy.pk,
    }
    client.post("/admin/procedures/clinician/add/", entered)
    assert Clinician.objects.get(slug="ivy").login_id == ivy.pk


def test_a_clinicians_login_is_an_account_of_a_clinician_who_stays(
    sign_in: SignIn, monday: datetime
) -> None:
    taken, left = factories.clinician(), factories.staff("Clinician", "left")
    Departure.objects.create(
        account=left, leaves_on=monday.date(), leaves_by=factories.staff("Manager")
    )
    factories.staff("Clinician", "free")
    content = sign_in("Manager").get("/admin/procedures/clinician/add/").content.decode()
    login = content[content.index('name="login"') :].partition("</select>")[0]
    assert re.findall(r"\((\w+)\)</option>", login) == ["free"]
    content = (
        sign_in("Manager").get(f"/admin/procedures/clinician/{taken.pk}/change/").content.decode()
    )
    assert f'<option value="{taken.login_id}" selected>' in content


# --- Staying ----------------------------------------------------------------------------------


def test_a_manager_changes_a_role(sign_in: SignIn, monday: datetime) -> None:
    robin = factories.staff("Reception")
    own = Group.objects.create(name="Fire wardens")
    robin.groups.add(own)
    theirs = Client()
    theirs.force_login(robin)
    decide(sign_in("Manager"), robin, "role", role="Editor")
    assert account(robin).role == "Editor, Fire wardens"
    assert theirs.get("/admin/").status_code == 302
    assert history(robin) == [
        (AccountAct.ROLE_CHANGED, "Fire wardens, Reception → Editor", "manager")
    ]


def test_a_forgotten_password_is_chosen_anew(sign_in: SignIn, monday: datetime) -> None:
    robin = reachable("Reception")
    theirs = Client()
    theirs.force_login(robin)
    decide(sign_in("Manager"), robin, "new-password")
    assert theirs.get("/admin/").status_code == 200
    assert choose(Invitation.objects.get(account=robin), "another-three-words").status_code == 200
    assert theirs.get("/admin/").status_code == 302
    assert enter("reception").status_code == 200
    assert enter("reception", "another-three-words").status_code == 302


def test_a_name_and_an_address_are_corrected_and_the_wrong_one_gets_no_password(
    sign_in: SignIn, monday: datetime
) -> None:
    ivy = invited(monday, email="wrong@example.org")
    first = Invitation.objects.get(account=ivy)
    right = {"first_name": "Ivy", "last_name": "Sample", "email": "right@example.org"}
    decide(sign_in("Manager"), ivy, "details", **right)
    messages.send_due()
    assert choose(first).status_code == 404
    assert [letter.to for letter in mail.outbox] == [["right@example.org"]]
    now = account(ivy)
    assert (now.username, str(now)) == ("ivy.example", "Ivy Sample")
    assert history(ivy)[-1] == (
        AccountAct.DETAILS_CHANGED,
        "Example → Sample, wrong@example.org → right@example.org",
        "manager",
    )


@pytest.mark.parametrize(
    ("slug", "values"), [("role", {"role": "Editor"}), ("leave", {"leaves_on": "2026-11-23"})]
)
def test_a_manager_cannot_change_their_own_role_or_leave(
    slug: str, values: dict[str, str], sign_in: SignIn, monday: datetime
) -> None:
    factories.staff("Manager", "other")
    own = factories.staff("Manager")
    answer = decide(sign_in(own), own, slug, **values)
    assert accounts.NOT_YOUR_OWN in answer.content.decode()
    assert (account(own).role, account(own).leaves_on, history(own)) == ("Manager", None, [])


@pytest.mark.parametrize(
    ("slug", "values"), [("role", {"role": "Editor"}), ("leave", {"leaves_on": "2027-01-01"})]
)
def test_the_last_manager_stays(
    slug: str, values: dict[str, str], sign_in: SignIn, monday: datetime
) -> None:
    """Whoever has a day of leaving does not count, nor an operator who may do everything."""
    last, leaving = factories.staff("Manager"), factories.staff("Manager", "leaving")
    Departure.objects.create(account=leaving, leaves_on=date(2027, 2, 1), leaves_by=last)
    operator = User.objects.create(username="root", is_staff=True, is_superuser=True)
    answer = decide(sign_in(operator), last, slug, **values)
    assert "Manager is the last manager who stays" in answer.content.decode()
    factories.staff("Manager", "another")
    assert decide(sign_in(operator), last, slug, **values).status_code == 302


@pytest.mark.parametrize("before", ["Reception", "Manager"])
def test_somebody_is_made_a_manager_although_there_is_no_other(
    before: str, monday: datetime
) -> None:
    robin, operator = factories.staff(before), User.objects.create_superuser("operator")
    was = account(robin)
    accounts.change_role(was, version=was.version, role="Manager", by=operator, now=monday)
    assert account(robin).role == "Manager"
    assert history(robin) == [(AccountAct.ROLE_CHANGED, f"{before} → Manager", "operator")]


def test_a_name_is_corrected_and_the_link_still_works(monday: datetime) -> None:
    ivy = invited(monday)
    details = {"first_name": "Ivie", "last_name": ivy.last_name, "email": ivy.email}
    by = factories.staff("Manager")
    accounts.change_details(ivy, version=account(ivy).version, **details, by=by, now=monday)
    choose(Invitation.objects.get(account=ivy))
    assert enter("ivy.example").status_code == 302
    assert (AccountAct.DETAILS_CHANGED, "Ivy → Ivie", "manager") in history(ivy)


def test_an_operators_account_is_not_a_managers_to_change(
    sign_in: SignIn, monday: datetime
) -> None:
    operator = User.objects.create(username="root", is_staff=True, is_superuser=True)
    client = sign_in("Manager")
    assert "root" not in client.get(LIST).content.decode()
    assert client.get(page_of(operator)).status_code == 404
    assert client.get(decide_at(operator, "leave")).status_code == 404


def test_an_old_screen_changes_nothing(sign_in: SignIn, monday: datetime) -> None:
    robin = factories.staff("Reception")
    old = account(robin).version
    client = sign_in("Manager")
    decide(client, robin, "role", role="Editor")
    answer = client.post(decide_at(robin, "role"), {"version": old, "role": "Publisher"})
    assert "Somebody has changed this account in the meantime" in answer.content.decode()
    assert account(robin).role == "Editor"


def test_a_link_needs_an_address(sign_in: SignIn, monday: datetime) -> None:
    answer = decide(sign_in("Manager"), factories.staff("Reception"), "new-password")
    assert "We have no email address for this account. Enter it first." in answer.content.decode()
    assert not Invitation.objects.exists()


# --- Leaving ----------------------------------------------------------------------------------


def test_a_leaver_is_out_straight_away(sign_in: SignIn, monday: datetime) -> None:
    robin = reachable("Reception")
    theirs = Client()
    theirs.force_login(robin)
    assert theirs.get("/admin/").status_code == 200
    accounts.send_link(
        account(robin), version=1, by=factories.staff("Manager"), now=monday - timedelta(days=1)
    )
    decide(sign_in("Manager"), robin, "leave", leaves_on="2026-11-23")
    assert theirs.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert enter("reception").status_code == 200
    assert choose(Invitation.objects.get(account=robin)).status_code == 404
    assert account(robin).state(monday) == AccountState.LEFT


@pytest.mark.parametrize("parting", ["leaves", "has another role", "has another that answers"])
def test_whoever_goes_leaves_no_request_with_themselves(parting: str, monday: datetime) -> None:
    manager, robin = factories.staff("Manager"), factories.staff("Reception", "robin")
    mine, over = (factories.received(now=monday) for _ in range(2))
    for each in mine, over:
        triage.hand_over(each, to=robin, by=manager, now=monday)
    triage.withdraw(over, version=over.version, now=monday)
    (belonging,) = belongings(account(robin), monday)
    assert belonging.said == "1 request handed over to them"
    how: dict[str, Any] = {"version": 1, "by": manager, "now": monday}
    if parting == "leaves":
        accounts.set_leaving(account(robin), leaves_on=monday.date(), **how)
    else:
        role = "Editor" if parting == "has another role" else "Clinician"
        accounts.change_role(account(robin), role=role, **how)
    for each in mine, over:
        each.refresh_from_db()
    kept = robin if parting == "has another that answers" else None
    assert (mine.owner, over.owner) == (kept, robin)
    assert mine.events.filter(kind=Event.HANDED_OVER).count() == (1 if kept else 2)


@pytest.mark.parametrize("worker", [False, True])
def test_an_account_works_until_the_day_of_leaving(
    worker: bool, sign_in: SignIn, monday: datetime, at: Any
) -> None:
    """The day counts in the clinic's time zone, and whether or not the worker has run."""
    robin = reachable("Reception")
    decide(sign_in("Manager"), robin, "leave", leaves_on="2026-11-25")
    at(datetime.fromisoformat("2026-11-24T23:59:00+00:00"))
    go_round(datetime.fromisoformat("2026-11-24T23:59:00+00:00"))
    assert enter("reception").status_code == 302
    theirs = Client()
    theirs.force_login(account(robin))
    at(midnight := datetime.fromisoformat("2026-11-25T00:00:00+00:00"))
    if worker:
        go_round(midnight)
        assert not account(robin).is_active
    assert theirs.get("/admin/").status_code == 302
    assert enter("reception").status_code == 200
    assert account(robin).state(midnight) == AccountState.LEFT


def test_a_leaving_is_cancelled(sign_in: SignIn, monday: datetime) -> None:
    robin = factories.staff("Reception")
    client = sign_in("Manager")
    decide(client, robin, "leave", leaves_on="2026-11-25")
    assert account(robin).state(monday) == AccountState.LEAVES
    decide(client, robin, "stay")
    assert account(robin).state(monday + timedelta(days=9)) == AccountState.WORKS


def test_nobody_leaves_in_the_past(sign_in: SignIn, monday: datetime) -> None:
    robin = factories.staff("Reception")
    answer = decide(sign_in("Manager"), robin, "leave", leaves_on="2026-11-22")
    assert "Choose today or a later day." in answer.content.decode()
    assert account(robin).leaves_on is None


def test_a_leaver_may_come_back_to_the_same_account(sign_in: SignIn, monday: datetime) -> None:
    robin = reachable("Reception")
    client = sign_in("Manager")
    decide(client, robin, "leave", leaves_on="2026-11-23")
    decide(client, robin, "come-back")
    assert account(robin).state(monday) == AccountState.INVITED
    assert choose(Invitation.objects.get(account=robin)).status_code == 200
    assert account(robin).state(monday) == AccountState.WORKS
    assert enter("reception").status_code == 302


def test_what_is_theirs_is_listed_and_handed_on(sign_in: SignIn, monday: datetime) -> None:
    clinician, stays = factories.clinician("leaver"), factories.clinician("stays")
    leaver = factories.staff("Clinician", "leaver")
    question = factories.question()
    type(question).objects.update(owner=clinician)
    revision = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    page = revision.page
    type(page).objects.update(owner=leaver)
    signed = list(revision.sign_offs.values_list("signer_name", "signed_by"))
    client = sign_in("Manager")
    decide(client, leaver, "leave", leaves_on="2026-11-23")
    content = client.get(page_of(leaver)).content.decode()
    for said in ("1 page to keep up to date", "1 safety question to review", "7 clinic sessions"):
        assert said in content
    assert decide_at(leaver, "hand-on") in content
    decide(client, leaver, "hand-on", pages_to=stays.login_id, questions_to=stays.pk)
    page.refresh_from_db()
    question.refresh_from_db()
    assert (page.owner, question.owner) == (stays.login, stays)
    assert list(revision.sign_offs.values_list("signer_name", "signed_by")) == signed
    assert history(leaver)[-1] == (
        AccountAct.HANDED_ON,
        "pages to Stays: 1, safety questions to Dr Stays: 1",
        "manager",
    )
    assert decide_at(leaver, "hand-on") not in client.get(page_of(leaver)).content.decode()


@pytest.mark.parametrize("what", ["neither", "pages", "questions"])
def test_only_what_there_is_is_handed_on(what: str, monday: datetime) -> None:
    clinician, stays = factories.clinician("leaver"), factories.clinician("stays")
    leaver, by = account(factories.staff("Clinician", "leaver")), factories.staff("Manager")
    if what == "pages":
        type(factories.page()).objects.update(owner=leaver.pk)
    if what == "questions":
        type(factories.question()).objects.update(owner=clinician)
    to = account(factories.staff("Clinician", "stays"))
    accounts.hand_on(
        leaver, version=leaver.version, pages_to=to, questions_to=stays, by=by, now=monday
    )
    said = {
        "neither": "",
        "pages": "pages to Stays: 1",
        "questions": "safety questions to Dr Stays: 1",
    }
    assert history(leaver) == [(AccountAct.HANDED_ON, said[what], "manager")]


def test_handing_on_needs_somebody_who_stays(sign_in: SignIn, monday: datetime) -> None:
    leaver, gone = factories.staff("Editor"), factories.staff("Editor", "gone")
    type(factories.page()).objects.update(owner=leaver)
    client = sign_in("Manager")
    decide(client, gone, "leave", leaves_on="2026-11-25")
    answer = decide(client, leaver, "hand-on", pages_to=gone.pk)
    assert "Choose a colleague who takes something over." in answer.content.decode()


# --- Who, and what stays ----------------------------------------------------------------------


def test_a_review_finds_role_and_last_sign_in_of_everybody_in_one_list(
    sign_in: SignIn, monday: datetime
) -> None:
    robin = factories.staff("Reception", "robin")
    User.objects.filter(pk=robin.pk).update(last_login=monday - timedelta(days=12))
    rows = sign_in("Manager").get(LIST).content.decode().split("<tr")
    (row,) = [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in rows if "robin" in each]
    assert "Reception" in row
    assert "11 Nov" in row


@pytest.mark.parametrize("group", GROUPS)
def test_only_managers_look_after_accounts(group: str, sign_in: SignIn, monday: datetime) -> None:
    ivy = invited(monday)
    robin = factories.staff("Reception", "robin")
    expected = 200 if group == "Manager" else 403
    client = sign_in(group)
    lists = [LIST, "/admin/procedures/accountevent/", "/admin/procedures/signin/"]
    addresses = [*lists, f"{LIST}add/", page_of(ivy)]
    addresses += [
        decide_at(ivy if AccountState.INVITED in decision.statuses else robin, slug)
        for slug, decision in DECISIONS.items()
    ]
    # A decision that is not open for the account leads back to it.
    answers = {client.get(address).status_code for address in addresses}
    assert answers - {302 if group == "Manager" else None} == {expected}
    assert (LIST in client.get("/admin/set-up/").content.decode()) == (group == "Manager")


def test_every_act_is_shown_to_managers(sign_in: SignIn, monday: datetime) -> None:
    invited(monday)
    client = sign_in("Manager")
    for address in ("/admin/procedures/accountevent/", page_of(account_of("ivy.example"))):
        content = client.get(address).content.decode()
        assert "Invited" in content
        assert "Manager" in content


def account_of(username: str) -> StaffAccount:
    return StaffAccount.objects.get(username=username)


def test_what_somebody_may_do_is_as_django_says_it() -> None:
    backend, group = accounts.StaffBackend(), Group.objects.get(name="Reception")
    robin, operator = factories.staff("Reception"), User.objects.create_superuser("operator")
    theirs = {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
    assert backend.get_all_permissions(robin) == theirs
    # Of one record alone nobody may do anything, and an operator may do everything.
    assert backend.get_all_permissions(robin, factories.page()) == set()
    assert len(backend.get_all_permissions(operator)) == Permission.objects.count()
    gone = User(pk=robin.pk, is_active=False)
    assert backend.get_all_permissions(gone) == set()


def test_djangos_own_form_for_users_is_gone() -> None:
    operator = User.objects.create(username="root", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(operator)
    assert client.get("/admin/auth/user/").status_code == 404
    assert client.get(f"{LIST}{operator.pk}/delete/").status_code == 403
    robin = factories.staff("Reception")
    assert client.get(f"{LIST}{robin.pk}/delete/").status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": robin.pk})
    assert User.objects.filter(pk=robin.pk).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auth_user SET username = 'somebody'",
        "DELETE FROM auth_user",
        "DELETE FROM procedures_accountevent",
    ],
)
def test_the_database_keeps_names_and_history(statement: str, monday: datetime) -> None:
    invited(monday)
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
    ):
        cursor.execute(statement)


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        invited(monday, email=f"{number}@example.org")
    client = sign_in("Manager")
    client.get(LIST)
    with django_assert_max_num_queries(15):
        content = client.get(LIST).content.decode()
    assert content.count("ivy.example") == 12
    with django_assert_max_num_queries(20):
        client.get(page_of(account_of("ivy.example")))


def test_the_operators_command_still_makes_one_who_may_do_everything() -> None:
    call_command("createsuperuser", username="root", email="", interactive=False, verbosity=0)
    assert User.objects.get(username="root").is_superuser


# --- At the same moment -----------------------------------------------------------------------


def accepting(link: Invitation, number: int, now: datetime) -> Callable[[], User]:
    return lambda: accounts.accept(link, password=f"words-of-person-{number}", now=now)


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_of_one_link_one_counts(monday: datetime) -> None:
    link = Invitation.objects.get(account=invited(monday))
    outcomes = race([accepting(link, number, monday) for number in range(6)])
    assert len(winners(outcomes)) == 1
    assert losses(outcomes) == {AccountRefused}
    (winner,) = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, User)]
    assert account(link.account).check_password(f"words-of-person-{winner}")
    assert [act for act, *_ in history(link.account)] == [
        AccountAct.INVITED,
        AccountAct.PASSWORD_CHOSEN,
    ]


@pytest.mark.django_db(transaction=True)
def test_without_its_guard_a_link_would_count_twice(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: each use looks whether the link is open, and then writes."""
    link = Invitation.objects.get(account=invited(monday))
    monkeypatch.setattr(
        accounts,
        "_use",
        lambda invitation, now: (
            invitation.is_open(now)
            and Invitation.objects.filter(pk=invitation.pk).update(
                used_at=now, used_by=link.account
            )
        ),
    )
    outcomes = race([accepting(link, number, monday) for number in range(6)])
    assert len(winners(outcomes)) > 1


def leaving(of: User, by: User, now: datetime) -> Callable[[], StaffAccount]:
    return lambda: accounts.set_leaving(
        account(of), version=1, leaves_on=now.date(), by=by, now=now
    )


@pytest.mark.django_db(transaction=True)
def test_two_managers_cannot_remove_each_other(monday: datetime) -> None:
    one, other = factories.staff("Manager"), factories.staff("Manager", "other")
    outcomes = race([leaving(one, other, monday), leaving(other, one, monday)])
    assert losses(outcomes) == {AccountRefused}
    assert StaffAccount.objects.managers().staying().count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_managers_would_remove_each_other(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: both look whether a manager is left before either has written."""
    one, other = factories.staff("Manager"), factories.staff("Manager", "other")
    both_looked = threading.Barrier(2, timeout=processes.PATIENCE)

    def look_only(current: StaffAccount) -> None:
        assert StaffAccount.objects.managers().staying().exclude(pk=current.pk).exists()
        both_looked.wait()

    monkeypatch.setattr(accounts, "_keep_a_manager", look_only)
    outcomes = race([leaving(one, other, monday), leaving(other, one, monday)])
    assert losses(outcomes) == set()
    assert StaffAccount.objects.managers().staying().count() == 0
