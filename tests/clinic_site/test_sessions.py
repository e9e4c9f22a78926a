"""A session gets a new name before it shows more: in one statement, and for each of two presses."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic_site.sessions import SessionStore

pytestmark = pytest.mark.django_db


def stored() -> str:
    session = SessionStore()
    session["told"] = "a secret"
    session.save()
    return str(session.session_key)


def opened(key: str) -> SessionStore:
    session = SessionStore(key)
    session.get("told")
    return session


def names() -> list[str]:
    return sorted(Session.objects.values_list("pk", flat=True))


def test_the_name_and_the_content_change_in_one_statement() -> None:
    old = stored()
    session = opened(old)
    session["shows"] = "more"
    with CaptureQueriesContext(connection) as queries:
        session.cycle_key()
        assert names() == [old]
        session.save()
    new = str(session.session_key)
    statements = [query["sql"].split()[0] for query in queries]
    assert statements == ["SELECT", "UPDATE"]
    assert names() == [new]
    assert dict(SessionStore(new).items()) == {"told": "a secret", "shows": "more"}
    assert dict(SessionStore(old).items()) == {}
    session["shows"] = "still more"
    session.save()
    assert names() == [new]


def test_each_of_two_presses_has_a_name_that_opens_it() -> None:
    old = stored()
    both = [opened(old), opened(old)]
    for session in both:
        session.cycle_key()
        session.save()
    assert names() == sorted(str(session.session_key) for session in both)
    assert old not in names()


def test_what_is_emptied_before_it_was_renamed_leaves_nothing() -> None:
    session = opened(stored())
    session.cycle_key()
    session.cycle_key()
    session.flush()
    assert names() == []
    session["told"] = "something else"
    session.save()
    assert names() == [session.session_key]


def test_what_is_stored_is_not_stored_again_until_it_changes() -> None:
    session = opened(stored())
    session["shows"] = {"more": 1}
    session.cycle_key()
    session.save()
    with CaptureQueriesContext(connection) as queries:
        session.save()
    assert len(queries) == 0
    session["shows"]["more"] = 2
    session.save()
    assert SessionStore(session.session_key)["shows"] == {"more": 2}


def test_what_was_deleted_can_be_stored_again() -> None:
    session = opened(stored())
    session.cycle_key()
    session.save()
    session.delete()
    assert names() == []
    session.save(must_create=True)
    assert names() == [session.session_key]
