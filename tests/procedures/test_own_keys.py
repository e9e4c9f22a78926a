"""A page signed with a passkey: by the desk, for a stranger, and against whoever has the server."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import DatabaseError
from django.test import Client

from clinic_site.staff import second_factor
from procedures import publishing
from procedures.ground.passkeys import Hand
from procedures.log import checkpoints, notes, verify
from procedures.models import LogEntry, Passkey, PasskeySignature, Revision
from procedures.publishing import own_keys
from procedures.publishing.names import tell_owners_of_names
from procedures.status import PublishingRefused, RevisionStatus
from tests import factories, hands, second_opinion
from tests.authenticators import Phone, options_of
from tests.conftest import changes_allowed
from tests.forged_hands import HANDS, shown, taken, verdicts
from tests.hands import hand_of, let_sign, passkey_of, sign
from tests.verifying import faults
from tests.verifying import verify as verify_pages

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
ENDINGS = (".txt", ".statement", ".tlog-proof", ".signature")


@pytest.fixture
def login(monday: datetime) -> User:
    found = factories.clinician().login
    assert found is not None
    return found


@pytest.fixture
def phone(login: User, monday: datetime) -> Phone:
    """A phone with a passkey that signs pages."""
    made, passkey = passkey_of(login, monday)
    let_sign(passkey, made, monday)
    return made


@pytest.fixture
def signed(phone: Phone, login: User, monday: datetime) -> Revision:
    """A published page that a passkey has signed."""
    revision = hands.published("a-thing", login, phone, monday)
    checkpoints.sign(monday)
    return revision


def files(client: Client) -> list[bytes]:
    return [client.get(f"{URL}verify/version-1{end}").content for end in ENDINGS]


# --- At the desk ------------------------------------------------------------------------------


def test_a_clinician_lets_a_passkey_sign_and_signs_a_page_with_it(
    client: Client, login: User, monday: datetime
) -> None:
    client.force_login(login)
    phone, passkey = passkey_of(login, monday)
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    address = f"/admin/procedures/revision/{revision.pk}/decide/sign/"
    assert "a passkey that signs for you" in client.get(address).text
    account = client.get("/admin/account/").text
    link = f"/admin/account/passkeys/{passkey.pk}/sign/"
    assert link in account
    page = client.get(link)
    at = page.context["at"]
    refused = client.post(link, {"at": at, "passkey": Phone().sign(options_of(page.text))})
    assert "Your passkey has not signed this as it is now." in refused.text
    answer = phone.sign(options_of(page.text))
    assert client.post(link, {"at": at, "passkey": answer}).status_code == 302
    number = LogEntry.objects.get().leaf_hash
    assert number in client.get("/admin/account/").text

    page = client.get(address)
    typed = {
        "version": revision.version,
        "fragment_hash": revision.fragment_hash,
        "checklist": revision.page.checklist(),
        "at": page.context["at"],
        "passkey": phone.sign(options_of(page.text)),
    }
    earlier = datetime.fromisoformat(page.context["at"]) - timedelta(seconds=1)
    other = client.post(address, {**typed, "at": earlier.isoformat()})
    assert "Your passkey has not signed this as it is now." in other.text
    assert client.post(address, typed).status_code == 302
    entry = LogEntry.objects.get(index=1)
    assert entry.statement.startswith(page.context["statement"])
    assert verify.meant(entry.statement) == verify.meant(page.context["statement"])
    kept = PasskeySignature.objects.get(entry=entry)
    assert kept.credential == phone.named
    with pytest.raises(DatabaseError):
        PasskeySignature.objects.all().delete()


def test_a_stranger_tells_a_passkey_from_the_key_of_the_clinic(
    client: Client, signed: Revision, login: User, monday: datetime
) -> None:
    text, statement, proof, signature = files(client)
    key, number = notes.log_key(), LogEntry.objects.get(index=0).leaf_hash
    found = verify.check(text, statement, proof.decode(), key, number, signature=signature)
    assert found.enrolment == verify.Enrolment(number, "2026-11-23T10:00:00.000000+00:00")
    assert second_opinion.accepts(text, statement, proof, key, signature, number)
    page = client.get(f"{URL}verify/").text
    assert "signed this version with a passkey" in page
    assert number in page
    log = client.get("/log/").text
    assert "signed with the signer’s own passkey" in log
    assert "signs with 1 passkey of their own" in " ".join(log.split())
    assert "all are whole" in verify_pages()

    hands.published("b-thing", login, None, monday)
    checkpoints.sign(monday)
    there = "/procedures/b-thing/verify/"
    assert "we signed for them with the key of the clinic" in client.get(there).text
    assert client.get(f"{there}version-1.signature").status_code == 404
    text, statement, proof = (client.get(f"{there}version-1{end}").content for end in ENDINGS[:3])
    assert verify.check(text, statement, proof.decode(), key).enrolment is None
    with pytest.raises(verify.Refused, match="No passkey of the signer has signed this"):
        verify.check(text, statement, proof.decode(), key, number)


def test_every_changed_byte_of_a_signature_is_refused(client: Client, signed: Revision) -> None:
    """One bit of each 29th byte here; `script/prove --distrust` changes every one."""
    text, statement, proof, signature = files(client)
    key = notes.log_key()
    for at in range(0, len(signature), 29):
        changed = bytearray(signature)
        changed[at] ^= 1 << at % 8
        with pytest.raises((verify.Refused, ValueError)):
            verify.check(text, statement, proof.decode(), key, signature=bytes(changed))
        assert not second_opinion.accepts(text, statement, proof, key, bytes(changed)), at


# --- What the site refuses --------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda phone: Phone(credential=phone.credential),
        lambda phone: Phone(phone.key, phone.credential, flags=1),
        lambda phone: Phone(phone.key, phone.credential, origin="https://clinic.example.net"),
        lambda phone: Phone(phone.key, phone.credential, site="clinic.example.net"),
        lambda phone: Phone(phone.key, phone.credential, in_a_frame=True),
    ],
    ids=["another key", "nobody verified", "another origin", "another site", "in a frame"],
)
def test_a_wrong_answer_signs_nothing(
    wrong: Callable[[Phone], Phone], phone: Phone, login: User, monday: datetime
) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    with pytest.raises(PublishingRefused, match="has not signed this"):
        sign(revision, login, hand_of(wrong(phone), revision, login, monday), monday)
    revision.refresh_from_db()
    assert revision.status == RevisionStatus.IN_REVIEW
    assert LogEntry.objects.count() == 1


def test_what_was_signed_is_of_this_text_at_this_time_after_this_step(
    phone: Phone, login: User, monday: datetime
) -> None:
    one = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    other = factories.revision(RevisionStatus.IN_REVIEW, of=factories.page("b-thing"), now=monday)
    hand = hand_of(phone, one, login, monday)
    late = monday + own_keys.LASTS + timedelta(seconds=1)
    with pytest.raises(PublishingRefused, match="has not signed this"):
        sign(other, login, hand, monday)
    with pytest.raises(PublishingRefused, match="more than an hour"):
        sign(one, login, hand, late)
    one.refresh_from_db()
    with pytest.raises(PublishingRefused, match="has not signed this"):
        sign(one, login, Hand(hand.answer, monday + timedelta(seconds=1)), late)
    one.refresh_from_db()
    sign(one, login, hand, monday + timedelta(minutes=5))
    with pytest.raises(PublishingRefused, match="has not signed this"):
        publishing.re_affirm(
            one,
            version=one.version,
            fragment_hash=one.fragment_hash,
            by=login,
            now=monday,
            hand=hand,
        )


def test_another_passkey_signs_only_if_an_earlier_one_vouches_and_everybody_is_told(
    phone: Phone, login: User, monday: datetime
) -> None:
    login.email = "ada@clinic.example"
    login.save()
    second, passkey = passkey_of(login, monday, "Key ring")
    with pytest.raises(PublishingRefused, match="has not signed this"):
        let_sign(passkey, second, monday)
    let_sign(passkey, phone, monday)
    assert len(publishing.that_sign(login)) == 2
    second_factor.remove_passkey(login, Passkey.objects.get(name="Phone").pk, now=monday)
    assert publishing.that_sign(login) == [passkey]
    second_factor.remove_passkey(login, passkey.pk, now=monday)
    said = [verify.read_statement(each.statement)["keys"] for each in LogEntry.objects.all()]
    assert [0 if each == "-" else len(each.split()) for each in said] == [1, 2, 1, 0]
    assert tell_owners_of_names(monday) == 4
    assert "No passkey signs pages in your name any more." in str(mail.outbox[-1].body)
    assert tell_owners_of_names(monday) == 0


def test_a_lost_signature_closes_the_page(client: Client, signed: Revision) -> None:
    with pytest.raises(DatabaseError):
        PasskeySignature.objects.update(signature="AAAA")


def test_only_a_clinician_lets_a_passkey_sign_and_only_once(
    login: User, phone: Phone, monday: datetime
) -> None:
    manager = factories.staff("Manager")
    _, stranger = passkey_of(manager, monday)
    passkey = Passkey.objects.get(credential=phone.named)
    for which, by, why in (
        (stranger, manager, "Only a clinician signs, with passkeys of their own."),
        (stranger, login, "Only a clinician signs, with passkeys of their own."),
        (passkey, login, "This passkey signs for you already."),
    ):
        with pytest.raises(PublishingRefused) as refused:
            own_keys.let_sign(which, hand=Hand("", monday), by=by, now=monday)
        assert str(refused.value) == why
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_that_lost_what_a_passkey_signed_is_closed(client: Client, signed: Revision) -> None:
    assert client.get(URL).status_code == 200
    with changes_allowed():
        PasskeySignature.objects.filter(entry__event__isnull=False).delete()
    assert client.get(URL).status_code == 410
    assert "has lost what the signer’s passkey signed" in faults()


def test_json_is_canonical(client: Client, signed: Revision) -> None:
    """The same signature in another spelling is refused, so that nobody hides anything in it."""
    text, statement, proof, signature = files(client)
    spaced = json.dumps(json.loads(signature), ensure_ascii=False).encode()
    with pytest.raises(verify.Refused, match="not a signature that we can read"):
        verify.check(text, statement, proof.decode(), notes.log_key(), signature=spaced)


# --- Whoever has the server, the database and every key of the clinic ---------------------------


def test_seventeen_ways_to_sign_in_her_name_are_refused(
    client: Client, signed: Revision, phone: Phone, login: User, monday: datetime
) -> None:
    hands.published("b-thing", login, phone, monday)
    checkpoints.sign(monday)
    has = taken(client, URL, "/procedures/b-thing/", phone)
    key = notes.log_key()

    # What the forger builds is right in everything but the hand.
    honest = shown(has.text, has.statement, has.passkey, [(has.listed, has.vouched)])
    assert verdicts(honest, has, key) == ("", "")
    assert len(HANDS) == 17
    for way, forge in HANDS.items():
        assert all(verdicts(forge(has), has, key)), way
