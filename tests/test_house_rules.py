"""The rules of the house, checked by a machine so that nobody has to remember them."""

import ast
import functools
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import models
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from bookings import status as booking_status
from bookings.admin import AppointmentRequestAdmin, PersonAdmin
from bookings.models import AppointmentRequest, Person, RedFlag, RequestEvent
from bookings.status import FlagOutcome, RequestStatus
from bookings.status import events as booking_events
from bookings.status.events import FOR_THEM, TOLD, Event, told_colleague, told_patient
from clinic_site.groups import GROUPS
from procedures import status as procedure_status
from procedures.admin import RevisionAdmin
from procedures.ground.classified import Kind, is_about_patients, kinds, said, whose
from tests import factories, mutants

ROOT = Path(__file__).parent.parent
APPS = ("procedures", "bookings")
OUR_MODELS = [
    model for label in (*APPS, "clinic_site") for model in apps.get_app_config(label).get_models()
]


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


# --- Who may import whom --------------------------------------------------------------------

# Each wing imports from the floors below it, and from no other on its own.
FLOORS: dict[str, list[set[str]]] = {
    "procedures": [
        {"status", "ground"},
        {"models"},
        {"texts", "log"},
        {"reading"},
        {"publishing"},
        {"desk"},
        {"admin", "urls", "management"},
        {"apps"},
    ],
    "bookings": [
        {"status"},
        {"models"},
        {"webhooks"},
        {"journal", "screening", "identity", "links", "access", "diary"},
        {"messages", "forms", "numbers"},
        {"triage"},
        {"records"},
        {"imports"},
        {"patients", "desk", "outside"},
        {"admin", "urls", "management", "checks", "templatetags"},
        {"apps"},
    ],
}
# What `bookings` may know of `procedures`: what is read, and the mechanisms for both apps.
SHARED = ("models", "status", "ground", "reading.publication")
# Where rows are written. Other modules read.
WRITERS = (
    "procedures.ground.rate_limits",
    "procedures.ground.two_people",
    "procedures.log.checkpoints",
    "procedures.log.entries",
    "procedures.log.stamps",
    "procedures.log.witness",
    "procedures.publishing",
    "procedures.reading.feedback",
    "bookings.access",
    "bookings.webhooks",
    "bookings.triage",
    "bookings.diary.claims",
    "bookings.diary.feeds",
    "bookings.diary.kept",
    "bookings.diary.week_changes",
    "bookings.imports.keeping",
    "bookings.journal",
    "bookings.messages.outbox",
    "bookings.messages.subscriptions",
    "bookings.messages.paper",
    "bookings.records",
    "clinic_site.backups.restored",
    "clinic_site.staff.accounts",
    "clinic_site.staff.notices",
    "clinic_site.staff.second_factor",
    "clinic_site.staff.sessions",
    "clinic_site.staff.sign_ins",
)


def is_in(module: str, wings: Iterable[str]) -> bool:
    """Whether a module is one of these, or is inside one."""
    return any(module == wing or module.startswith(f"{wing}.") for wing in wings)


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, by its full name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.partition(".")[0] not in {*APPS, "clinic_site"}:
                continue
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if inner in MODULES else node.module


MODULES = {dotted(path) for path in modules(*APPS, "clinic_site")}


def wing_of(module: str) -> str:
    return module.split(".")[1]


def floor_of(module: str) -> int:
    app, wing = module.split(".")[:2]
    return next(number for number, floor in enumerate(FLOORS[app]) if wing in floor)


@pytest.mark.parametrize("path", modules(*APPS), ids=dotted)
def test_a_wing_imports_only_from_the_floors_below(path: Path) -> None:
    own = dotted(path)
    if "." not in own:
        return
    for other in imports(path):
        assert not other.startswith("clinic_site"), f"{own} imports the wiring"
        if other.partition(".")[0] != own.partition(".")[0]:
            assert own.startswith("bookings."), "procedures never imports bookings"
            allowed = [f"procedures.{shared}" for shared in SHARED]
            assert is_in(other, allowed), f"{own} imports {other}"
        elif wing_of(other) != wing_of(own):
            assert floor_of(other) < floor_of(own), f"{own} imports {other}, which is not below"


@pytest.mark.parametrize(
    "path", [path for path in modules(*APPS) if ".forms" in dotted(path)], ids=dotted
)
def test_forms_never_import_a_writer(path: Path) -> None:
    assert [other for other in imports(path) if is_in(other, WRITERS)] == []


def test_every_wing_has_a_floor() -> None:
    for app, floors in FLOORS.items():
        wings = {wing_of(module) for module in MODULES if module.startswith(f"{app}.")}
        assert wings == set.union(*floors)


def test_the_drawing_of_the_wings_is_the_code() -> None:
    out = StringIO()
    call_command("wing_diagrams", stdout=out)
    assert out.getvalue() in (ROOT / "docs" / "architecture.md").read_text()
    assert all("0 circles." in line for line in out.getvalue().splitlines() if "rooms" in line)


@pytest.mark.parametrize("path", modules(*APPS, "clinic_site"), ids=dotted)
def test_no_module_has_a_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in {"services", "utils", "helpers", "common", "managers", "misc"}


# --- One writer for each table --------------------------------------------------------------

WRITING = {
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "bulk_update",
    "update",
    "delete",
    "save",
}
WRITING_ELSEWHERE = {
    # Staff, clinicians, rooms and rules of the demonstration, and its old letters that count as sent.
    "clinic_site.demo",
    "clinic_site.groups",
    "clinic_site.sessions",  # the one table that the framework writes
    "clinic_site.settings",  # a dict
    "procedures.ground.catalogues",  # files
}


@pytest.mark.parametrize("path", modules(*APPS, "clinic_site"), ids=dotted)
def test_only_the_writers_write(path: Path) -> None:
    if is_in(dotted(path), [*WRITERS, *WRITING_ELSEWHERE]):
        return
    calls = [
        f"line {node.lineno}: .{node.func.attr}("
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITING
        # A session is no table of ours.
        and not ast.unparse(node.func).startswith("request.session.")
    ]
    assert calls == []


def test_every_branch_of_a_writer_is_measured() -> None:
    measured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["report"]
    files = {dotted(path) for pattern in measured["include"] for path in ROOT.glob(pattern)}
    assert [writer for writer in WRITERS if not is_in(writer, files)] == []
    assert [pattern for pattern in measured["include"] if not list(ROOT.glob(pattern))] == []


def test_the_modules_that_are_changed_and_their_tests_exist() -> None:
    tests = {f"tests/{name}" for of in mutants.TESTS_OF.values() for name in of}
    assert [name for name in {*mutants.TESTS_OF, *tests} if not (ROOT / name).is_file()] == []


WRITER_OF = {
    "procedures.publishing": {
        "Revision",
        "SignOff",
        "PageEvent",
        "DueNotice",
        "Source",
        "InformationPage",
        "ClinicDetails",
        "NameNotice",
        "SourceEvent",
        "PlannedPublication",
        "UnsavedText",
        "Clinician",
    },
    "procedures.log.checkpoints": {"Checkpoint"},
    "procedures.log.entries": {"LogEntry", "PasskeySignature"},
    "procedures.log.stamps": {"TimeStamp"},
    "procedures.log.witness": {"Cosignature", "WatchedLog"},
    "procedures.reading.feedback": {"PageFeedback"},
    "procedures.ground.rate_limits": {"RateLimit"},
    "procedures.ground.two_people": {"Proposal"},
    "bookings.triage": {
        "AppointmentRequest",
        "ScreeningAnswer",
        "RedFlag",
        "RecordedOutcome",
        "ClinicQuestion",
        "PhoneCall",
        "VisitAnswer",
        "Person",
        "PersonLink",
        "SearchKey",
        "Note",
        "Recall",
        "ScreeningQuestion",
        "TextReply",
    },
    "bookings.diary.claims": {"Claim", "Offer", "OfferedTime", "Appointment", "Resource"},
    "bookings.diary.feeds": {"CalendarFeed"},
    "bookings.diary.week_changes": {"ClinicSession", "OpeningHours", "SessionChange"},
    "bookings.access": {"AccessToken", "AccessUse"},
    "bookings.webhooks": {"Delivery", "Webhook"},
    "bookings.imports.keeping": {"BroughtIn", "Import"},
    "bookings.journal": {"Look", "OutsideLook", "RequestEvent"},
    "bookings.messages.outbox": {"Message", "Outage", "PageNotice", "WorkerRun"},
    "bookings.messages.subscriptions": {"Subscription"},
    "bookings.records": {"PersonEvent", "RightsRequest"},
    "clinic_site.backups.restored": {"RestoredCopy"},
    "clinic_site.staff.accounts": {"AccountEvent", "Departure", "Invitation", "StaffAccount"},
    "clinic_site.staff.notices": {"StaffNotice"},
    "clinic_site.staff.second_factor": {"Passkey", "RecoveryCode"},
    "clinic_site.staff.sessions": {"DeskChoice", "StaffSession"},
    "clinic_site.staff.sign_ins": {"SignIn"},
}
# The journal locks the request's row by counting its events there.
# Emptying goes through what others wrote, table by table.
# What was given back is freed, or restored, by the row that says how long it is kept.
ALSO_WRITES = {
    "bookings.diary.kept": {"Appointment", "Claim", "Offer"},
    "bookings.journal": {"AppointmentRequest"},
    "bookings.records": {"AppointmentRequest", "Message", "Person", "TextReply"},
}


@pytest.mark.parametrize("writer", WRITER_OF)
def test_each_table_has_one_writer(writer: str) -> None:
    rooms = [path for path in modules(*APPS, "clinic_site") if is_in(dotted(path), [writer])]
    assert rooms
    written = {
        name.id
        for room in rooms
        for node in ast.walk(parsed(room))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITING
        for name in ast.walk(node.func)
        if isinstance(name, ast.Name) and name.id in {model.__name__ for model in OUR_MODELS}
    }
    allowed = WRITER_OF[writer] | ALSO_WRITES.get(writer, set())
    assert written <= allowed


# --- States ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "statuses", "events"),
    [
        (booking_status, booking_status.RequestStatus, booking_events.EVENTS),
        (procedure_status, procedure_status.RevisionStatus, procedure_status.EVENTS),
    ],
)
def test_every_status_has_an_owner_a_label_an_event_and_a_row(
    table: ModuleType, statuses: type[models.TextChoices], events: dict[str, str]
) -> None:
    everything = set(statuses)
    assert set(table.OWNERS) == set(events) == set(table.TRANSITIONS) == everything
    assert all(status.label for status in statuses)
    first = next(iter(statuses))
    reachable = {other for following in table.TRANSITIONS.values() for other in following}
    assert reachable | {first} == everything
    assert all(following <= everything for following in table.TRANSITIONS.values())


def test_whose_turn_it_is_decides_who_is_waited_for() -> None:
    for status in RequestStatus:
        owner = booking_status.OWNERS[status]
        assert (status in booking_status.WAITING_FOR_CLINIC) == (owner == "clinic")
        assert (status in booking_status.WAITING_FOR_PATIENT) == (owner == "patient")


def test_every_event_says_what_a_patient_reads_of_it() -> None:
    longest = RequestEvent._meta.get_field("kind").max_length or 0
    assert list(TOLD) == list(Event)
    assert all(len(event) <= longest for event in Event)
    for told in TOLD.values():
        for sentence in told:
            assert sentence == "" or sentence.endswith(".")


def test_an_event_that_nobody_knows_is_not_told() -> None:
    assert told_patient("something of another release", "the patient") == ""


def test_what_a_colleague_does_for_a_patient_is_not_said_as_if_it_were_theirs() -> None:
    theirs = {each for each, told in TOLD.items() if told.by_patient and told.by_clinic}
    either = {Event.CONTACT_CHANGED, Event.BOOKED, Event.MOVED, Event.CANCELLED}
    assert set(FOR_THEM) == theirs - either
    for by in ("the patient", "the clock", "somebody with the link"):
        assert told_colleague(Event.ANSWERED, by) == "answered the question"
    assert told_colleague(Event.ANSWERED, "robin") == "noted the patient’s answer"
    assert told_colleague("something of another release", "robin") == "something of another release"


@pytest.mark.parametrize("path", modules("bookings"), ids=dotted)
def test_events_are_written_only_from_their_table(path: Path) -> None:
    """Only `status/events.py` spells out the text of an event, and no verb makes one up."""
    if dotted(path) == "bookings.status.events":
        return
    tree = parsed(path)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert texts.isdisjoint({event.value for event in Event})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "journal.record",
            "journal.begin",
        }:
            assert not isinstance(node.args[1], ast.Constant | ast.JoinedStr)


def test_the_document_of_states_is_the_code() -> None:
    out = StringIO()
    call_command("state_diagrams", stdout=out)
    assert (ROOT / "docs" / "states.md").read_text() == out.getvalue()


@pytest.mark.django_db
def test_every_decision_has_a_permission_that_somebody_holds() -> None:
    held = set.union(*GROUPS.values())
    for desk in (AppointmentRequestAdmin, PersonAdmin, RevisionAdmin):
        for decision in desk.decisions:
            assert Permission.objects.filter(codename=decision.permission).exists()
            assert decision.permission in held
    assert held <= set(Permission.objects.values_list("codename", flat=True))


# --- Fields ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_every_field_is_said_to_be_about_whom(model: Any) -> None:
    found = kinds(model)
    assert {name for name in found if is_of_staff(model, name)} <= {
        name for name, kind in found.items() if kind == Kind.OF_STAFF
    }
    assert said(model, "COUNTED") <= said(model, "PERSONAL") | said(model, "OF_HEALTH")
    assert said(model, "SECRET") <= found.keys()


def is_of_staff(model: Any, name: str) -> bool:
    """Whether the column names an account of staff."""
    field = model._meta.get_field(name)
    return field.is_relation and issubclass(field.related_model, User)


def leads_to_a_person(model: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a row names a person, or a row that does."""
    return model is Person or any(
        leads_to_a_person(field.related_model, seen | {model})
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model not in seen | {model}
    )


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_a_table_about_people_says_whose_each_row_is(model: Any) -> None:
    """Otherwise it would be in no copy for them, and an erasure would leave it as it is."""
    if leads_to_a_person(model):
        assert whose(model)
        assert (
            list(model._default_manager.filter(**{f"{way}__in": [] for way in whose(model)})) == []
        )
    if is_about_patients(model):
        assert hasattr(model, "WHOSE")


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_every_moment_has_its_person_and_the_database_insists(model: Any) -> None:
    fields = {field.name: field for field in model._meta.concrete_fields}
    named = {constraint.name for constraint in model._meta.constraints}
    for name, field in fields.items():
        stem, _, when = name.rpartition("_")
        if when not in {"at", "on"}:
            continue
        person = fields.get(f"{stem}_by" if stem else "by")
        assert person is not None, f"{model.__name__}.{name} does not say who"
        assert field.null == person.null
        if field.null:
            prefix = f"{model._meta.app_label}_{model._meta.model_name}"
            assert f"{prefix}_{stem}_{when}_by" in named


# --- Filters and their twins ----------------------------------------------------------------


@pytest.mark.django_db
def test_filters_and_predicates_agree(monday: datetime) -> None:
    for status in RequestStatus:
        factories.request_at(status, now=monday)
    flagged = factories.received(flagged=True, now=monday)
    cleared = factories.received(flagged=True, now=monday, email="b@example.org")
    cleared.flags.update(
        outcome=FlagOutcome.PROCEED,
        reason="Fine.",
        resolved_at=monday,
        resolved_by=factories.staff("Clinician"),
    )
    requests, flags = AppointmentRequest.objects, RedFlag.objects
    for days in (0, 1, 3, 30):
        now = monday + timedelta(days=days)
        everything = requests.all()
        assert set(requests.waiting_for_clinic(now)) == {
            each for each in everything if each.is_waiting_for_clinic(now)
        }
        assert set(requests.moved_by_the_clock(now)) == {
            each for each in everything if each.state(now) != each.status
        }
        for status in RequestStatus:
            assert set(requests.in_state(status, now)) == {
                each for each in everything if each.state(now) == status
            }
        assert set(flags.blocking()) == {each for each in flags.all() if each.is_blocking()}
    assert set(RedFlag.objects.blocking()) == set(flagged.flags.all())


# --- Addresses ------------------------------------------------------------------------------


def our_views(
    patterns: Iterable[URLPattern | URLResolver], under: str = ""
) -> Iterator[tuple[str, Any]]:
    """(address, view) of everything but the admin, whose views are Django's."""
    for pattern in patterns:
        address = f"{under}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield address, pattern.callback
        elif address != "admin/":
            yield from our_views(pattern.url_patterns, address)


OUR_VIEWS = dict(our_views(get_resolver().url_patterns))


@pytest.mark.parametrize("address", OUR_VIEWS)
def test_every_view_names_its_methods(address: str) -> None:
    answer = OUR_VIEWS[address](RequestFactory().generic("PATCH", "/"))
    assert answer.status_code == 405


# --- Templates and code ---------------------------------------------------------------------

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_holds_nothing_inline_and_trusts_nothing(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert "|safe" not in text
    assert "autoescape off" not in text
    # The one address that we send people to ourselves: urgent help.
    text = text.replace('<a href="https://111.nhs.uk/">', "")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "disabled" not in text
    assert "placeholder=" not in text
    # It prints six decimals of a second, which HTML does not take.
    assert "date:'c'" not in text


@pytest.mark.parametrize("path", modules(*APPS, "clinic_site"), ids=dotted)
def test_only_the_renderer_says_that_html_is_safe(path: Path) -> None:
    names = [node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)]
    assert "mark_safe" not in names or dotted(path).startswith("procedures.texts.rendering")


@pytest.mark.parametrize("path", modules(*APPS), ids=dotted)
def test_what_people_type_goes_into_the_one_field_for_text(path: Path) -> None:
    bare = [
        f"line {node.lineno}: forms.CharField("
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "forms.CharField"
        if not any(ast.unparse(each.value) == "forms.HiddenInput" for each in node.keywords)
    ]
    assert bare == []


@pytest.mark.django_db
def test_so_does_what_people_type_in_the_admin(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(username="owner", is_staff=True, is_superuser=True)
    bare = {
        f"{label}.{name}"
        for model, desk in admin.site._registry.items()
        if model in OUR_MODELS
        for label, form in [
            (model.__name__, desk.get_form(request)),
            *(
                (inline.model.__name__, inline.get_formset(request).form)
                for inline in desk.get_inline_instances(request)
            ),
        ]
        for name, field in form.base_fields.items()
        if type(field) is forms.CharField and not isinstance(field.widget, forms.HiddenInput)
    }
    # Nothing is silently removed from a page: its author corrects what is found.
    assert bare == {"Revision.document"}


# What Django 6 takes by name only. The settings decide by which server it goes, and who signs in there.
MAILING = {
    "EmailMessage",
    "EmailMultiAlternatives",
    "send_mail",
    "mail_admins",
    "mail_managers",
}
DECIDED_BY_SETTINGS = {"auth_user", "auth_password", "connection", "fail_silently"}


def mailed_wrongly(code: ast.AST) -> list[int]:
    """The lines on which a letter is made with an argument that has no name, or that is going away."""
    return [
        node.lineno
        for node in ast.walk(code)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in MAILING
        and (node.args or DECIDED_BY_SETTINGS & {str(each.arg) for each in node.keywords})
    ]


def test_every_letter_is_made_with_named_arguments() -> None:
    found = {
        dotted(path): lines
        for path in modules(*APPS, "clinic_site", "script", "tests")
        if (lines := mailed_wrongly(parsed(path)))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("EmailMessage(subject=a, body=b, to=[c])", []),
        ("mail.EmailMessage(a, body=b)", [1]),
        ("send_mail(subject=a, message=b, from_email=None, recipient_list=c)", []),
        (
            "send_mail(subject=a, message=b, from_email=None, recipient_list=c, fail_silently=True)",
            [1],
        ),
        ("mail_admins(a, b)", [1]),
    ],
)
def test_the_rule_about_letters_sees_what_it_is_about(call: str, wrong: list[int]) -> None:
    assert mailed_wrongly(ast.parse(call)) == wrong


def test_the_content_security_policy_is_plain_data_that_django_6_takes_as_it_is(
    client: Client, settings: Any
) -> None:
    """`SECURE_CSP` is a dictionary of directives, each with a list of texts, and nothing else."""
    policy = settings.CONTENT_SECURITY_POLICY
    assert policy.keys() == {"DIRECTIVES"}
    secure_csp = policy["DIRECTIVES"]
    assert {type(sources) for sources in secure_csp.values()} == {list}
    assert {type(source) for sources in secure_csp.values() for source in sources} == {str}
    sent = client.get("/urgent/")["Content-Security-Policy"]
    assert sorted(sent.split("; ")) == sorted(
        f"{directive} {' '.join(sources)}" for directive, sources in secure_csp.items()
    )


def test_no_function_is_too_long_and_no_view_does_too_much() -> None:
    too_long = [
        f"{dotted(path)}.{node.name}: {length} lines"
        for path in modules(*APPS, "clinic_site")
        if "management" not in path.parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef)
        for length in [(node.end_lineno or 0) - node.lineno + 1]
        if length > 45
    ]
    assert too_long == []


def test_words_that_the_glossary_avoids_stay_out_of_sight() -> None:
    """No patient reads “triage”; nobody reads “successfully”."""
    for path in TEMPLATES:
        shown = re.sub(r"{[{%].*?[%}]}", "", path.read_text()).lower()
        assert "successfully" not in shown
        if "admin" not in path.parts:
            assert "triage" not in shown
            assert "!" not in re.sub(r"<!.*?>", "", shown)


# Two names for one thing at the desk: the one to avoid, and the one that we use.
ONE_NAME = {
    "did not come": "did not attend",
    "Record the call": "Record a call",
    "Record a phone call": "Record a call",
    "Find a person": "Find a patient",
    "losures and leave": "Leave and closures",
    "Who looked at what": "Who opened what",
    "Something new": "New appointment",
}


def test_one_thing_has_one_name_at_the_desk() -> None:
    shown = {path: path.read_text() for path in TEMPLATES if "admin" in path.parts}
    for path in [*(ROOT / "bookings" / "desk").rglob("*.py"), ROOT / "clinic_site" / "set_up.py"]:
        shown[path] = "\n".join(text for _, text in strings_of(path))
    found = {
        f"{path.relative_to(ROOT)}: “{avoid}”: write {use}"
        for path, text in shown.items()
        for avoid, use in ONE_NAME.items()
        if avoid in text
    }
    assert found == set()


# --- Style sheets ---------------------------------------------------------------------------

STYLE_SHEETS = {path.name: path.read_text() for path in (ROOT / "static" / "css").glob("*.css")}


def test_a_colour_is_written_once_and_in_one_place() -> None:
    """The palette is `tokens.css`. Every other style sheet takes its colours from there."""
    colour = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", re.IGNORECASE)
    written = {name: colour.findall(text) for name, text in STYLE_SHEETS.items()}
    palette = written.pop("tokens.css")
    assert len(palette) == len(set(palette))
    assert {name: found for name, found in written.items() if found} == {}


def test_a_style_takes_only_values_that_are_set() -> None:
    everything = "".join(STYLE_SHEETS.values())
    taken = set(re.findall(r"var\((--[\w-]+)\)", everything))
    assert taken - set(re.findall(r"(--[\w-]+):", everything)) == set()


def test_what_scrolls_takes_its_hidden_words_along() -> None:
    """Words for screen readers are placed by the nearest positioned box: the page, if no other is."""
    rules = re.findall(
        r"([^{}]+){([^{}]*overflow(?:-[xy])?: (?:auto|scroll)[^{}]*)}",
        "".join(STYLE_SHEETS.values()),
    )
    assert rules
    assert [name.strip() for name, rule in rules if "position:" not in rule] == []


def test_a_page_that_runs_from_right_to_left_is_the_mirror_of_the_others() -> None:
    """Where a style sheet means the side on which a line begins, it does not say left or right."""
    value = r"(?:\w+\([^()]*(?:\([^()]*\))?[^()]*\)|[^\s;(]+)"
    sides = re.compile(
        r"(?:padding|margin|border)-(?:left|right)\b|(?<![\w@-])(?:left|right):"
        r"|text-align: (?:left|right)"
        # Older browsers know no others, and take what they know.
        r"|(?P<of>float|clear): (?:left|right);(?! (?P=of): inline-end;)"
        rf"|(?:padding|margin): {value} (?P<right>{value}) {value} (?!(?P=right);){value};"
    )
    for name in ("site.css", "fragment.css", "leaflet.css"):
        assert [found[0] for found in sides.finditer(STYLE_SHEETS[name])] == [], name


# Words that a British colleague at the front desk would not use here, and what they would say. An
# information page is its authors' own: `content_checks` reads those.
PET_WORDS = {
    r"e-mails?": "email",
    r"breast-feeding": "breastfeeding",
    r"log(?:ged)? in": "sign in",
    r"at once": "straight away",
    r"by itself": "automatically",
    r"by when": "when",
    r"above all": "especially",
    r"anew": "again",
    r"stands?(?! (?:out|for)\b)": "is, are, covers: a thing does not stand anywhere",
    r"holds": "contains or has; we do “hold” a time for somebody",
    r"leave be": "leave alone",
    r"come for nothing": "have a wasted journey",
    r"graver?": "serious",
    r"mend(?:s|ed)?": "correct or fix",
    r"r[iau]ng(?:s|ing)? (?:us|the patient|111|999|back)": "phone us, call 111",
    r"nobody answers": "we do not reply",
    r"earlier(?:-time)? list": "cancellation list",
    r"sore place": "the part that hurts",
    r"look(?:s|ed)? into (?:your|our|the) (?:email|mail)s?": "check your email",
}
PET = re.compile(
    "|".join(rf"(?P<word{n}>\b{word}\b)" for n, word in enumerate(PET_WORDS)), re.IGNORECASE
)
# An error says what to do or what must be true, and never “Let …”.
LET = re.compile(r"(?:^|[.:] )Let (?!us\b)")


def pet_words(text: str) -> list[str]:
    """Each word of the list that a text contains, with what to write instead."""
    found = [
        f"“{match[0]}”: write {list(PET_WORDS.values())[int(str(match.lastgroup)[4:])]}"
        for match in PET.finditer(text)
    ]
    if LET.search(text):
        found.append("“Let …”: say what to do, or what must be true")
    return found


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every string of more than one word that is not a docstring."""
    tree = parsed(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        if isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def test_templates_are_in_plain_english() -> None:
    found = []
    for path in sorted((ROOT / "templates").rglob("*.*")):
        shown = re.sub(r"{[{%#].*?[%}#]}|<[^>]*>", " ", path.read_text())
        found += [f"{path.relative_to(ROOT)}: {each}" for each in pet_words(shown)]
    assert found == []


# A direction on the screen, or a thing that is named by its colour or shape alone (WCAG 1.3.3). What is
# “above”, “below” or “at the top” is read before or after, too.
COLOUR = "(?:red|green|blue|grey|orange)"
BY_SIGHT = re.compile(
    r"\b(?:on|to|at) the (?:left|right)\b|\b(?:left|right)-hand\b"
    rf"|\b(?:in|is|are|turns?) {COLOUR}\b"
    rf"|\b(?:{COLOUR}|round|square) (?:button|mark|line|box|field|dot|icon)(?:e?s)?\b",
    re.IGNORECASE,
)


def test_no_sentence_needs_somebody_to_see_a_place_a_colour_or_a_shape() -> None:
    assert len(BY_SIGHT.findall("Press the green button on the right. What is red is late.")) == 3
    shown = {
        str(path.relative_to(ROOT)): re.sub(r"{[{%#].*?[%}#]}|<[^>]*>", " ", path.read_text())
        for path in sorted((ROOT / "templates").rglob("*.html"))
    }
    said = {
        f"{dotted(path)}, line {line}": text
        for path in modules(*APPS, "clinic_site")
        if not is_in(dotted(path), ["clinic_site.demo"])  # where a door is, in its street
        for line, text in strings_of(path)
    }
    found = {place: BY_SIGHT.findall(text) for place, text in (shown | said).items()}
    assert {place: words for place, words in found.items() if words} == {}


def test_sentences_in_code_are_in_plain_english() -> None:
    # What a journal says is hashed and never changes. The demonstration's people use their own words.
    exempt = [
        "bookings.status.events",
        "clinic_site.demo",
        "clinic_site.management.commands.load_demo",
    ]
    found = [
        f"{dotted(path)}, line {line}: {each}"
        for path in modules(*APPS, "clinic_site")
        if not is_in(dotted(path), exempt)
        for line, text in strings_of(path)
        for each in pet_words(text)
    ]
    assert found == []


def test_documents_are_in_plain_english() -> None:
    # These name the words to avoid.
    guides, docs = {"CONTRIBUTING.md", "glossary.md"}, ROOT / "docs"
    found = [
        f"{path.name}: {each}"
        for path in (*ROOT.glob("*.md"), *docs.rglob("*.md"), *docs.rglob("*.toml"))
        if path.name not in guides
        for each in pet_words(path.read_text())
    ]
    assert found == []
