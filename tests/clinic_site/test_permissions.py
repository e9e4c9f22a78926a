"""`docs/permissions.md` says who may open which address of the desk; here every cell is asked."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bookings.models import AppointmentRequest
from clinic_site.groups import GROUPS
from procedures.ground.decisions import DecisionAdmin
from procedures.models import Revision, StaffAccount
from tests import factories, profiles

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
SignIn = Callable[[User | str], Client]
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "permissions.md"
ROLES = list(GROUPS)
HEAD = f"| address | {' | '.join(ROLES)} |"
MAY, MAY_NOT, NO_RECORD = "yes", "–", "no record"
# Signing in and out, and Django's own words for its scripts, which are nobody's in particular.
FOR_EVERYBODY = ("login/", "logout/", "jsi18n/", "autocomplete/", "r/", "second-factor/")
# A table of the numbers.
A_TABLE = "requests"
# Old addresses of Django that lead on, and what is left over.
LEAD_ON = ("/<path:object_id>/", "(?P<url>.*)$")

# A short run asks one address of so many, and all whether they are in the document.
SAMPLE = 20


def patterns(of: Iterable[URLPattern | URLResolver], under: str = "") -> Iterator[str]:
    """Every address of the desk, with the names of its arguments."""
    for each in of:
        address = f"{under}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, address)
        elif address.startswith("^"):
            yield from (f"{label}/" for label in ("bookings", "procedures"))
        elif not address.startswith(FOR_EVERYBODY) and not address.endswith(LEAD_ON):
            yield address


def desk() -> list[str]:
    """The addresses of the desk; a decision of each record has one of its own."""
    root = next(each for each in get_resolver().url_patterns if str(each.pattern) == "admin/")
    assert isinstance(root, URLResolver)
    found: list[str] = []
    for address in dict.fromkeys(patterns(root.url_patterns)):
        if "/decide/<slug:slug>/" in address:
            app, model = address.split("/")[:2]
            found += [address.replace("<slug:slug>", slug) for slug in decisions(app, model)]
        else:
            found.append(address)
    return found


def decisions(app: str, model: str) -> list[str]:
    """The decisions about a record of this model."""
    for made in admin.site._registry.values():
        if (made.opts.app_label, made.opts.model_name) == (app, model):
            return [each.slug for each in made.decisions] if isinstance(made, DecisionAdmin) else []
    return []


def numbered(address: str, records: dict[str, int]) -> str:
    """The address of a record that exists, if there is one of that model."""
    pk = next((pk for under, pk in records.items() if address.startswith(under)), 0)
    for made in admin.site._registry:
        if not pk and address.startswith(f"{made._meta.app_label}/{made._meta.model_name}/"):
            pk = made._default_manager.values_list("pk", flat=True).first() or 0
    return "/admin/" + re.sub(r"<\w+:\w+>", str(pk), address.replace("<slug:slug>", A_TABLE))


def answer(client: Client, path: str) -> str:
    """Whether the address lets them in. Nothing that it does is kept."""
    with transaction.atomic():
        got = client.get(path)
        if got.status_code == 405:
            got = client.post(path)
        transaction.set_rollback(True)
    assert got.status_code < 500, path
    leads_to = got.headers.get("Location", "")
    assert "/admin/login/" not in leads_to, path
    if got.status_code == 404 or leads_to == "/admin/":
        return NO_RECORD
    return MAY_NOT if got.status_code == 403 else MAY


def world(owner: User, monday: datetime) -> dict[str, int]:
    """A record of each kind that has decisions. The request has been handed over to `owner`."""
    request = AppointmentRequest.objects.first() or factories.received(flagged=True, now=monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(owner=owner)
    revision = Revision.objects.first() or factories.revision(now=monday)
    return {
        "bookings/appointmentrequest/": request.pk,
        "bookings/clinicsession/weeks/": factories.clinician().pk,
        "bookings/person/": request.person_id or 0,
        "procedures/revision/": revision.pk,
        "procedures/staffaccount/": StaffAccount.objects.get(pk=owner.pk).pk,
    }


def test_the_document_says_what_the_desk_answers(sign_in: SignIn, monday: datetime) -> None:
    every = desk()
    asked = every[::SAMPLE] if profiles.SHORT else every
    cells: dict[str, list[str]] = {}
    colleague = factories.staff("Reception", "somebody-else")
    for role in ROLES:
        user = factories.staff(role)
        client = sign_in(user)
        for owner in (colleague, user):
            records = world(owner, monday)
            for address in asked:
                if owner is user and not address.startswith(tuple(records)):
                    continue
                said = answer(client, numbered(address, records))
                if owner is colleague:
                    cells.setdefault(address, []).append(said)
                assert said == cells[address][-1], f"{role} at {address}, which is their own"
    rows = [f"| `{address}` | {' | '.join(said)} |" for address, said in sorted(cells.items())]
    if os.environ.get("WRITE_PERMISSIONS"):
        before = DOCUMENT.read_text(encoding="utf-8").partition("| address |")[0]
        line = f"|---|{'---|' * len(ROLES)}"
        table = "\n".join([HEAD, line, *rows])
        DOCUMENT.write_text(f"{before}{table}\n", encoding="utf-8")
    text = DOCUMENT.read_text(encoding="utf-8")
    written = [row for row in text.splitlines() if row.startswith("| `")]
    assert [row.split("`")[1] for row in written] == sorted(every)
    assert [row for row in written if row.split("`")[1] in cells] == rows
    assert HEAD in text
