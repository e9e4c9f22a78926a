"""Twins: a test of a dangerous refusal fails once its guard is taken away, so it would see the fault."""

import inspect
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from unittest.mock import ANY, patch

import pytest
from django.test import override_settings

from bookings.desk.forms import catalogue
from bookings.imports import cells, fates, keeping
from bookings.imports.cells import Order
from bookings.messages import sms
from bookings.models import RequestEvent
from bookings.patients import limits
from bookings.status import MessageStatus
from bookings.triage import receiving
from clinic_site.staff import notices, second_factor, second_step
from procedures.ground import passkeys
from procedures.ground.rate_limits import Limit
from procedures.texts import pictures
from tests.bookings import test_contact, test_following, test_imports, test_other_languages
from tests.bookings.test_contact import provider
from tests.bookings.test_following import text
from tests.bookings.test_imports import desk
from tests.clinic_site import test_passkeys, test_staff_notices, test_two_people
from tests.clinic_site.test_passkeys import robin
from tests.procedures import test_leaflets

__all__ = ["desk", "provider", "robin", "text"]
pytestmark = pytest.mark.django_db


def nothing(*arguments: object, **named: object) -> None:
    """A guard that lets everything through."""


def guessed(cell: str, order: Any, day: Any = cells.day) -> Any:
    """A date whose day comes first if nothing says so."""
    return day(cell, order or Order.DAY)


def accept_any_app(account: Any, code: str, accept: Any = second_factor._accept_from_app) -> bool:
    """What opens the desk where codes of an app are taken."""
    with override_settings(PASSKEYS_ONLY=False):
        return bool(accept(account, code))


def without_counting(*arguments: Any, verify: Any = passkeys.check_assertion, **named: Any) -> int:
    """A check that does not ask how often the passkey has signed."""
    return int(verify(*arguments, **named | {"sign_count": None}))


class Twin(NamedTuple):
    """A test, and the guard without which it has to fail."""

    test: Callable[..., None]
    where: object
    guard: str
    instead: Any
    values: dict[str, Any] = {}


DRAWING = test_leaflets.DRAWING.replace(b"<path", b'<use href="#a"/><path')
TWINS = {
    "a date in an import is guessed": Twin(
        test_imports.test_dates_are_never_guessed, cells, "day", guessed
    ),
    "an import that changed since it was looked at": Twin(
        test_imports.test_a_time_that_is_taken_meanwhile_stops_the_whole_import,
        keeping,
        "digest",
        lambda found: ANY,
    ),
    "an undo takes back what somebody worked on": Twin(
        test_imports.test_undo_takes_back_what_nobody_has_touched,
        keeping,
        "_later_events",
        RequestEvent.objects.none,
    ),
    "an import of what we have": Twin(
        test_imports.test_the_same_file_again_is_known, fates._Desk, "_refuse_twice", nothing
    ),
    "a stranger is flooded with letters": Twin(
        test_following.test_a_mailbox_gets_three_links_a_day_and_the_answer_is_the_same,
        limits,
        "FOLLOW_TO_ONE_MAILBOX",
        Limit("follow mailbox", 100, timedelta(days=1)),
    ),
    "answers in a translation without a flag": Twin(
        test_other_languages.test_without_a_flag_for_it_nobody_answers_in_a_translation,
        receiving,
        "_refuse_unmarked_translation",
        nothing,
        {"is_asked": True},
    ),
    "an app’s code where only passkeys count": Twin(
        test_passkeys.test_where_only_passkeys_are_taken_no_code_of_an_app_opens_the_desk,
        second_factor,
        "_accept_from_app",
        accept_any_app,
    ),
    "a passkey for whoever knows the password": Twin(
        test_passkeys.test_the_password_alone_adds_none_to_what_there_is,
        second_step,
        "_may_set_up",
        lambda request: True,
    ),
    "a copy of a passkey": Twin(
        test_passkeys.test_a_copy_gives_itself_away, passkeys, "check_assertion", without_counting
    ),
    "an urgent email without a reader": Twin(
        test_staff_notices.test_the_last_reader_cannot_turn_a_notice_off,
        notices,
        "_is_last",
        lambda account, kind: False,
    ),
    "a safety question that nobody reads again": Twin(
        test_two_people.test_a_new_wording_does_not_lower_the_flag,
        catalogue,
        "REVIEWED_WITHIN",
        timedelta(days=10_000),
    ),
    "a drawing made of itself": Twin(
        test_leaflets.test_a_picture_that_could_do_harm_is_refused,
        pictures,
        "_refuse_what_is_not_listed",
        nothing,
        {"content": DRAWING, "sentence": "contains <use>"},
    ),
    "a token that follows a redirection": Twin(
        test_contact.test_a_text_is_tried_again_or_given_up,
        sms,
        "_Stay",
        urllib.request.HTTPRedirectHandler,
        {"answer": 302, "status": MessageStatus.QUEUED},
    ),
}


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_without_its_guard_the_test_fails(twin: Twin, request: pytest.FixtureRequest) -> None:
    asked = inspect.signature(twin.test).parameters.keys() - twin.values.keys()
    fixtures = {name: request.getfixturevalue(name) for name in asked}
    assert hasattr(twin.where, twin.guard)
    with (
        patch.object(twin.where, twin.guard, twin.instead),
        pytest.raises((AssertionError, pytest.fail.Exception)),
    ):
        twin.test(**fixtures, **twin.values)
