"""Text that people type, wherever they type it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django import forms
from django.test import Client

from procedures.ground.fields import PlainTextField
from procedures.models import PageEvent, PageFeedback
from procedures.status import RevisionStatus
from tests import factories

SignIn = Callable[[str], Client]
TRICKS = "\ufeffPat\u202e \x07Sam\u200bple\u3164\U000e0041"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (TRICKS, "Pat Sample"),
        ("one\r\ntwo\u2028three", "one two three"),
        ("می\u200cخواهم 👩🏽\u200d⚕\ufe0f", "می\u200cخواهم 👩🏽\u200d⚕\ufe0f"),
    ],
)
def test_what_shows_nothing_is_taken_off(typed: str, kept: str) -> None:
    assert PlainTextField().clean(typed) == kept


def test_a_longer_text_keeps_its_lines() -> None:
    field = PlainTextField(widget=forms.Textarea, max_length=8)
    assert field.clean("one\r\n\u200btwo\x0b") == "one\ntwo"


@pytest.mark.parametrize("blank", ["\u3164", "\u2800 \u200d", "\u2028", "\x00"])
def test_a_text_of_blanks_is_empty(blank: str) -> None:
    with pytest.raises(forms.ValidationError, match=r"Write the reason\."):
        PlainTextField(required_message="Write the reason.").clean(blank)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("M\ufffdller", "Find “\ufffd”"), ("e" + "\u0301" * 98, "at most 3 accents")],
)
def test_what_cannot_be_read_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(forms.ValidationError, match=sentence):
        PlainTextField().clean(typed)


@pytest.mark.django_db
def test_what_readers_say_is_plain_text(client: Client, monday: datetime) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    client.post("/procedures/a-thing/feedback/", {"clear": "no", "comment": TRICKS})
    assert PageFeedback.objects.get().comment == "Pat Sample"


@pytest.mark.django_db
def test_what_staff_say_is_plain_text(sign_in: SignIn, monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    sign_in("Clinician").post(
        f"/admin/procedures/revision/{revision.pk}/decide/return/",
        {"version": revision.version, "reason": TRICKS},
    )
    assert PageEvent.objects.get(kind="returned").reason == "Pat Sample"
