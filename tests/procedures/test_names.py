"""Whoever is named by a signature is told of it, and can take it back."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from bookings.management import worker
from procedures.models import Revision, SignOff
from procedures.publishing.names import tell_owners_of_names
from procedures.status import RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


@pytest.fixture
def named(monday: datetime) -> Revision:
    login = factories.clinician().login
    assert login is not None
    login.email = "clinician@example.org"
    login.save()
    return factories.revision(RevisionStatus.PUBLISHED, now=monday)


def told() -> list[Any]:
    return [each for each in mail.outbox if each.to == ["clinician@example.org"]]


def test_a_signature_is_told_to_its_owner_once_and_one_press_revokes_it(
    named: Revision, client: Client, monday: datetime
) -> None:
    assert "procedures.publishing.names.tell_owners_of_names" in settings.WORKER_DUTIES
    worker.go_round(monday + timedelta(seconds=5))
    worker.go_round(monday + timedelta(seconds=10))
    [letter] = told()
    assert "Dr Clinician, in your name on Monday 23 November 2026 at 10:00:" in letter.body
    assert "signed version 1 of “A thing”." in letter.body
    found = re.search(r"https://clinic\.example(/admin/\S+)", letter.body)
    assert found is not None
    assert client.get(found[1]).status_code == 302  # to sign in
    client.force_login(SignOff.objects.get().signed_by)
    page = client.get(found[1])
    assert "This revokes every signature on this text." in page.content.decode()
    assert client.get(URL).status_code == 200  # opening it has done nothing
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    )
    client.post(found[1], fields | {"reason": "That was not me."})
    assert client.get(URL).status_code == 410


def test_an_email_that_did_not_leave_is_sent_in_the_next_round(
    named: Revision, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any, **more: Any) -> None:
        raise OSError("the mail server is away")

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.EmailMessage.send", fails)
        assert tell_owners_of_names(monday).failed == 1
    assert tell_owners_of_names(monday) == 1
    assert len(told()) == 1


def test_nobody_is_told_of_what_an_update_brought_into_the_log(
    named: Revision, monday: datetime
) -> None:
    assert tell_owners_of_names(monday + timedelta(days=8)) == 0
    assert told() == []
