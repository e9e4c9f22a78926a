"""A clinic translates its own safety questions, without touching our code."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bookings.models import QuestionGroup, ScreeningQuestion
from bookings.status import AnsweredFrom
from clinic_site import doctor
from procedures.ground.languages import as_read
from tests import factories
from tests.people import ABOUT, YOU

pytestmark = pytest.mark.django_db
REQUEST = "/appointments/request/"
HIP = "Has a hip of yours been replaced?"
BOTH = "Has a hip or a knee of yours been replaced?"
IN_POLISH = {
    "About you": "O tobie",
    HIP: "Czy masz wszczepione biodro?",
    "We plan around it.": "Bierzemy to pod uwagę.",
    "which one?": "które?",
    "Were these answered in a translation?": "Czy odpowiedzi podano w tłumaczeniu?",
    "A translation can be wrong.": "Tłumaczenie może być błędne.",
    "nothing to add": "nic",
}
Restart = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where the clinic has its catalogues. It offers Polish, and has two questions."""
    settings.QUESTION_CATALOGUES, settings.OTHER_LANGUAGES = str(tmp_path / "questions"), ["pl"]
    columns = {"group": factories.question_group("About you")}
    factories.question(
        "hip", wording=HIP, why="We plan around it.", detail_prompt="which one?", **columns
    )
    factories.question(
        "language",
        wording="Were these answered in a translation?",
        why="A translation can be wrong.",
        detail_prompt="nothing to add",
        answered_from=AnsweredFrom.LANGUAGE,
        **columns,
    )
    return tmp_path / "questions"


@pytest.fixture
def restart(folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Restart:
    """Start the web server of a clinic that is no demonstration."""

    def start() -> None:
        monkeypatch.setattr("gettext._translations", {})
        settings.LOCALE_PATHS = [settings.BASE_DIR / "locale", folder]

    start()
    return start


def collect() -> str:
    said = StringIO()
    call_command("question_catalogues", stdout=said)
    return said.getvalue()


def catalogue(folder: Path) -> Path:
    return folder / "pl" / "LC_MESSAGES" / "django.po"


def translate(folder: Path, texts: dict[str, str] = IN_POLISH) -> None:
    """Fill in what a translator fills in, and collect again."""
    collect()
    content = catalogue(folder).read_text(encoding="utf-8")
    for text, words in texts.items():
        empty = f'msgid "{text}"\nmsgstr ""'
        assert content.count(empty) == 1
        content = content.replace(empty, f'msgid "{text}"\nmsgstr "{words}"')
    catalogue(folder).write_text(content, encoding="utf-8")
    assert "Polish: 7 texts, 0 untranslated" in collect()


def questions(client: Client) -> str:
    """What somebody reads who fills in the form in Polish."""
    base = f"/pl{REQUEST}"
    client.post(base, {"about": ""})
    client.post(f"{base}about/", ABOUT)
    client.post(f"{base}you/", YOU)
    page = client.get(f"/pl{REQUEST}safety/").content.decode()
    return page[page.index("<fieldset") :]


def in_english(text: str) -> str:
    return f'<span lang="en-GB" dir="ltr">{text}</span>'


def original(text: str) -> str:
    return f'<span class="original" lang="en-GB" dir="ltr">{text}</span>'


def still_english(now: datetime) -> list[str]:
    reports = doctor.examine(now, goes_out=False)
    (found,) = [each for each in reports if each.name == "Translated questions"]
    return [finding.said for finding in found.findings]


def reworded() -> None:
    """A clinician asks about knees too."""
    ScreeningQuestion.objects.filter(key="hip").update(
        retired_on="2026-11-23", retired_by="manager"
    )
    (old,) = ScreeningQuestion.objects.filter(key="hip")
    old.pk, old.version, old.wording, old.retired_on, old.retired_by = None, 2, BOTH, None, None
    old.save()


def test_a_question_is_read_in_polish_once_it_is_translated(
    client: Client, folder: Path, restart: Restart, monday: datetime
) -> None:
    before = questions(client)
    assert original(HIP) in before
    assert in_english("About you") in before
    assert still_english(monday) == [
        "Whoever chooses Polish still reads 2 safety questions in English: hip, language."
    ]
    assert "Polish: 7 texts, 7 untranslated" in collect()
    translate(folder)
    # It reads its catalogues when it starts.
    assert IN_POLISH[HIP] not in questions(client)
    restart()
    after = questions(client)
    assert f"{IN_POLISH[HIP]} {original(HIP)}" in after
    for text in ("About you", "We plan around it."):
        assert IN_POLISH[text] in after
        assert in_english(text) not in after
    assert "Które?" in after
    assert still_english(monday) == []


def test_a_changed_wording_is_asked_in_english_and_named_and_the_old_one_stays_at_the_desk(
    client: Client, folder: Path, restart: Restart, monday: datetime
) -> None:
    translate(folder)
    reworded()
    assert "Polish: 8 texts, 1 untranslated" in collect()
    restart()
    page = questions(client)
    assert original(BOTH) in page
    assert IN_POLISH[HIP] not in page
    assert still_english(monday) == [
        "Whoever chooses Polish still reads 1 safety question in English: hip."
    ]
    # Somebody has answered it in Polish, and their answer is still looked at.
    assert IN_POLISH[HIP] in as_read(HIP, "pl")


def test_a_wording_that_was_never_translated_goes_with_its_question(folder: Path) -> None:
    collect()
    reworded()
    assert "Polish: 7 texts, 7 untranslated" in collect()
    assert HIP not in catalogue(folder).read_text()


def test_two_runs_change_nothing(folder: Path, monday: datetime, at: Any) -> None:
    translate(folder)
    reworded()
    QuestionGroup.objects.filter(name="About you").update(name="About your body")
    collect()
    files = {path: path.read_bytes() for path in folder.rglob("*.*")}
    at(monday + timedelta(days=1))
    collect()
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == files
    assert {path.name for path in files} == {"django.po", "django.mo"}


def test_a_slip_in_the_name_of_a_group_loses_no_translation(
    client: Client, folder: Path, restart: Restart
) -> None:
    translate(folder)
    group = QuestionGroup.objects.filter(name="About you")
    (pk,) = group.values_list("pk", flat=True)
    QuestionGroup.objects.filter(pk=pk).update(name="About yuo")
    assert "Polish: 7 texts, 1 untranslated" in collect()
    assert '#~ msgid "About you"\n#~ msgstr "O tobie"' in catalogue(folder).read_text("utf-8")
    restart()
    assert in_english("About yuo") in questions(client)
    QuestionGroup.objects.filter(pk=pk).update(name="About you")
    assert "Polish: 7 texts, 0 untranslated" in collect()
    assert "#~" not in catalogue(folder).read_text("utf-8")
    restart()
    assert "<h2>O tobie</h2>" in questions(client)


def test_what_a_translator_is_not_sure_of_is_asked_in_english(
    client: Client, folder: Path, restart: Restart
) -> None:
    translate(folder)
    content = catalogue(folder).read_text(encoding="utf-8")
    context = 'msgctxt "safety question"\nmsgid "'
    catalogue(folder).write_text(content.replace(f"{context}{HIP}", f"#, fuzzy\n{context}{HIP}"))
    assert "Polish: 7 texts, 1 untranslated" in collect()
    restart()
    assert original(HIP) in questions(client)
    assert IN_POLISH[HIP] not in questions(client)
    assert "#, fuzzy" in catalogue(folder).read_text(encoding="utf-8")


def test_the_name_and_the_notes_of_a_translator_stay(folder: Path) -> None:
    collect()
    content = catalogue(folder).read_text(encoding="utf-8")
    named = re.sub(
        r"Last-Translator: [^\\]*", "Last-Translator: Anna Example <a@b.example>", content
    )
    noted = named.replace("#. the question\n", "# Asked of two patients.\n#. the question\n", 1)
    catalogue(folder).write_text(noted, encoding="utf-8")
    collect()
    assert catalogue(folder).read_text(encoding="utf-8") == noted
    assert "Anna Example" in noted
    assert "Asked of two patients." in noted


def test_a_text_that_is_the_same_in_both_languages_is_no_longer_named(
    folder: Path, restart: Restart, monday: datetime
) -> None:
    translate(folder, IN_POLISH | {"About you": "About you"})
    restart()
    assert still_english(monday) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b'msgid "a"\nmsgstr "b\n', "line 2 is not one of a catalogue"),
        (b'msgid "a"\nmsgstr "b"c"\n', "line 2 is not one of a catalogue"),
        (b'msgid "a"\nmsgid "b"\nmsgstr "c"\n', "missing msgstr for msgid"),
        (b'msgid "\xff"\nmsgstr ""\n', "codec can't decode"),
    ],
)
def test_a_catalogue_that_cannot_be_read_is_named_and_stays_as_it_is(
    folder: Path, settings: Any, damage: bytes, said: str
) -> None:
    settings.OTHER_LANGUAGES = ["cy", "pl"]
    catalogue(folder).parent.mkdir(parents=True)
    catalogue(folder).write_bytes(damage)
    with pytest.raises(
        CommandError, match=r"Nothing was changed\. .*/pl/.* cannot be read: .*" + said
    ):
        collect()
    assert list(folder.rglob("*.*")) == [catalogue(folder)]
    assert catalogue(folder).read_bytes() == damage


@pytest.mark.parametrize(
    ("name", "empty", "said"),
    [
        ("QUESTION_CATALOGUES", "", "Set QUESTION_CATALOGUES to a folder"),
        ("OTHER_LANGUAGES", [], "OTHER_LANGUAGES is empty"),
    ],
)
def test_without_a_folder_or_a_language_the_command_says_what_to_set(
    folder: Path, settings: Any, name: str, empty: Any, said: str
) -> None:
    setattr(settings, name, empty)
    with pytest.raises(CommandError, match=said):
        collect()
    assert not folder.exists()
