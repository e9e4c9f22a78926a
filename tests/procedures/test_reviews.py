"""Which pages are due, and that a missed run loses nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client

from procedures import publishing
from procedures.models import Clinician, DueNotice, Revision, Source
from procedures.publishing import reviews
from procedures.status import RevisionStatus
from tests import factories, races

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(monday: datetime) -> Revision:
    made = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    made.page.owner = factories.staff("Editor")
    made.page.save()
    type(made.page.owner).objects.filter(pk=made.page.owner.pk).update(email="owner@example.org")
    return made


def sentences(on: Any) -> list[str]:
    return [cause.sentence for each in reviews.due(on) for cause in each.causes]


def run(*flags: str) -> str:
    out = StringIO()
    call_command("reviews_due", *flags, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (669, []),
        (670, ["Its review is due on 22 November 2028."]),
        (730, ["Its review is overdue. It closes on 21 January 2029."]),
        (790, ["It closed on 21 January 2029 because it was not reviewed."]),
    ],
)
def test_ageing_is_due(days: int, said: list[str], published: Revision, monday: datetime) -> None:
    Clinician.objects.update(verified_until="2099-01-01")
    assert sentences((monday + timedelta(days=days)).date()) == said


def test_a_lapsed_check_of_the_signer_is_due(published: Revision, monday: datetime) -> None:
    day = (monday + timedelta(days=366)).date()
    assert sentences(day) == [
        "The yearly check of Dr Clinician’s registration is overdue, or the account is closed."
    ]


def test_a_source_that_was_superseded_or_has_to_be_read_again_is_due(
    published: Revision, monday: datetime
) -> None:
    source = Source.objects.get()
    source.recheck_due = monday.date()
    source.save()
    assert sentences(monday.date()) == ["“A leaflet” needs to be read again."]
    source.superseded_by = factories.source("newer")
    source.save()
    assert sentences(monday.date()) == ["It uses “A leaflet”, which has been replaced."]


def test_a_page_that_readers_find_unclear_is_due(
    published: Revision, client: Client, monday: datetime
) -> None:
    for _ in range(3):
        client.post("/procedures/a-thing/feedback/", {"clear": "no"})
    assert sentences(monday.date()) == ["3 of 3 readers found it unclear."]


def test_what_is_closed_by_hand_is_due(published: Revision, monday: datetime) -> None:
    manager = factories.staff("Manager")
    publishing.revoke(published, version=published.version, by=manager, reason="x", now=monday)
    assert sentences(monday.date()) == ["It has no signature. The page is closed."]
    published.refresh_from_db()
    publishing.suspend(published, version=published.version, by=manager, reason="x", now=monday)
    assert sentences(monday.date()) == ["It is suspended. Patients see a notice."]


def test_changed_bytes_are_due(published: Revision, monday: datetime) -> None:
    Revision.objects.update(fragment=published.fragment + "<p>More.</p>")
    said = sentences(monday.date())
    assert [each.partition(":")[0] for each in said] == [
        "The stored text does not match its history",
        "It has no signature. The page is closed.",
    ]


def test_a_source_that_is_gone_makes_no_page_due(published: Revision, monday: datetime) -> None:
    Source.objects.update(recheck_due=monday.date())
    assert len(sentences(monday.date())) == 1
    Source.objects.all().delete()
    assert sentences(monday.date()) == []


def test_the_desk_shows_what_is_due(
    published: Revision, sign_in: Callable[..., Client], at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=700))
    page = sign_in("Editor").get("/admin/").content.decode()
    assert "Pages that need attention" in page
    assert "Its review is due on 22 November 2028." in page


# --- Digests ----------------------------------------------------------------------------------


def test_without_mail_nothing_is_sent_and_nothing_counts_as_told(
    published: Revision, at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=700))
    assert "procedures/a-thing: Its review is due on 22 November 2028." in run()
    assert mail.outbox == []
    assert not DueNotice.objects.exists()


def test_an_owner_is_told_once_of_each_reason(
    published: Revision, at: Any, monday: datetime
) -> None:
    Clinician.objects.update(verified_until="2099-01-01")
    at(monday + timedelta(days=700))
    assert "Emailed editor about 1." in run("--mail")
    run("--mail")
    (letter,) = mail.outbox
    assert letter.to == ["owner@example.org"]
    assert "Its review is due on 22 November 2028." in letter.body
    assert "https://clinic.example/procedures/a-thing/" in letter.body
    at(monday + timedelta(days=731))
    run("--mail")
    assert "Its review is overdue." in mail.outbox[1].body


def test_a_run_that_was_missed_loses_nothing(
    published: Revision, at: Any, monday: datetime
) -> None:
    """The first run comes months after the day on which the page became due."""
    Clinician.objects.update(verified_until="2099-01-01")
    at(monday + timedelta(days=785))
    run("--mail")
    assert "Its review is overdue." in mail.outbox[0].body


def test_a_new_signature_starts_anew(published: Revision, at: Any, monday: datetime) -> None:
    Clinician.objects.update(verified_until="2099-01-01")
    later = monday + timedelta(days=700)
    at(later)
    run("--mail")
    login = factories.clinician().login
    assert login is not None
    publishing.re_affirm(
        published,
        version=published.version,
        fragment_hash=published.fragment_hash,
        by=login,
        now=later,
    )
    at(later + timedelta(days=700))
    run("--mail")
    assert len(mail.outbox) == 2


def test_a_letter_that_did_not_go_is_sent_by_the_next_run(
    published: Revision, at: Any, monday: datetime, settings: Any
) -> None:
    at(monday + timedelta(days=700))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(CommandError, match="1 email was not sent"):
        run("--mail")
    assert not DueNotice.objects.exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run("--mail")
    assert len(mail.outbox) == 1


def test_a_page_without_an_owner_is_told_to_the_managers(
    published: Revision, at: Any, monday: datetime
) -> None:
    manager = factories.staff("Manager")
    manager.email = "manager@example.org"
    manager.save()
    published.page.owner = None
    published.page.save()
    at(monday + timedelta(days=700))
    run("--mail")
    assert [letter.to for letter in mail.outbox] == [["manager@example.org"]]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_remember_once_and_rather_tell_twice_than_never(
    published: Revision, monday: datetime
) -> None:
    now = monday + timedelta(days=700)
    ((person, reasons),) = reviews.untold(now.date()).items()
    outcomes = races.race([lambda: reviews.tell(person, reasons, now)] * 2)
    assert races.losses(outcomes) == set()
    assert DueNotice.objects.count() == len(reasons)
    assert reviews.untold(now.date()) == {}


def test_no_transaction_is_open_while_a_letter_goes(
    published: Revision, at: Any, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monday + timedelta(days=700))
    remembered: list[int] = []
    monkeypatch.setattr(
        EmailMessage, "send", lambda letter: remembered.append(DueNotice.objects.count())
    )
    run("--mail")
    assert remembered == [0]  # first the email, then the record of it
    assert DueNotice.objects.exists()


def test_a_signer_whose_account_was_closed_is_due(published: Revision, monday: datetime) -> None:
    assert sentences(monday.date()) == []
    login = factories.clinician().login
    assert login is not None
    login.is_active = False
    login.save()
    assert "or the account is closed" in sentences(monday.date())[0]
