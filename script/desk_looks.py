"""Every page of the desk, opened by every role of the demonstration and examined with axe.

    script/looks [--address http://localhost:8000] [--width 1280] [--scheme light] [--role Manager]

`script/server` has to run. The addresses are those of docs/permissions.md, which a test keeps complete.
Of a record each status is tried until the page opens. What two roles read alike is examined once.
"""

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from django.apps import apps  # noqa: E402
from playwright.sync_api import Page, ViewportSize, sync_playwright  # noqa: E402

from clinic_site import start  # noqa: E402

# A file, or an act without a page of its own.
NO_PAGE = re.compile(r"\.csv$|^news/$|end-others/$|/end/")
ROW = re.compile(r"^\| `(.*?)` \|", re.MULTILINE)
# Django's calendars are links that lead nowhere, and open with a script.
KNOWN = {"anchor: "}
# What differs each time, and says nothing about how a page is made.
EACH_TIME = re.compile(r'csrfmiddlewaretoken" value="\w+"|\d?\d:\d\d')
Examine = Callable[[Page], list[str]]


def main() -> int:
    """Walk, and say what was found on which page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--address", default="http://localhost:8000")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    parser.add_argument("--role", action="append", help="only this role; may be given again")
    asked = parser.parse_args()
    start.read_demonstration()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    from tests.journeys.conftest import CHROMIUM  # noqa: PLC0415 -- needs Django

    examine, seen, opened, faults = _rules(), set[str](), 0, 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for username in _usernames(asked.role):
            size = ViewportSize(width=asked.width, height=900)
            page = browser.new_context(viewport=size, color_scheme=asked.scheme).new_page()
            _sign_in(page, asked.address, username)
            for path in _opened(page, f"{asked.address}/admin/"):
                opened += 1
                if (content := _content(page)) in seen:
                    continue
                seen.add(content)
                for fault in examine(page):
                    faults += 1
                    print(f"{username} {path}: {fault}", flush=True)
        browser.close()
    print(f"{opened} pages opened, {len(seen)} different ones examined: {faults} faults.")
    return int(bool(faults))


def _rules() -> Examine:
    """The rules that the journeys hold each page to."""
    from tests.journeys.conftest import (  # noqa: PLC0415 -- needs Django
        BROKEN_WORDS,
        FAINT_FIELDS,
        HIDDEN_FOCUS,
        STANDING_RULES,
    )

    def examine(page: Page) -> list[str]:
        rules = (STANDING_RULES, FAINT_FIELDS, BROKEN_WORDS, HIDDEN_FOCUS)
        ours = [each for rule in rules for each in page.evaluate(rule)]
        found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
        theirs = [
            f"{each['id']}: {each['nodes'][0]['html'][:120]}"
            for each in found.response["violations"]
        ]
        return [each for each in ours if each not in KNOWN] + theirs

    return examine


def _usernames(roles: list[str] | None) -> Iterator[str]:
    """Somebody of each role who works in the demonstration."""
    from django.contrib.auth.models import User  # noqa: PLC0415 -- needs Django

    from clinic_site.groups import GROUPS  # noqa: PLC0415

    for role in roles or GROUPS:
        yield User.objects.filter(groups__name=role, is_active=True).order_by("pk")[0].username


def _sign_in(page: Page, address: str, username: str) -> None:
    from clinic_site.demo.staff import PASSWORD  # noqa: PLC0415 -- needs Django

    page.set_default_timeout(60_000)
    page.goto(f"{address}/admin/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/admin/**")


def _opened(page: Page, desk: str) -> Iterator[str]:
    """The addresses that opened, one after the other, each of a record once."""
    for address in ROW.findall((ROOT / "docs" / "permissions.md").read_text()):
        if NO_PAGE.search(address):
            continue
        for path in _paths(address):
            answer = page.goto(f"{desk}{path}")
            if answer is None or answer.status == 403:
                break
            if answer.status >= 500:
                raise SystemExit(f"{path} answers {answer.status}.")
            if answer.ok and page.url == f"{desk}{path}":
                yield path
                break


def _paths(address: str) -> list[str]:
    """The address of a record of each status; of a page that is about none, its own."""
    if "<" not in address:
        return [address]
    label, model = address.split("/")[:2]
    if "/weeks/" in address:
        label, model = "procedures", "clinician"
    try:
        found: Any = apps.get_model(label, model)
    except LookupError:
        return []
    records = found.objects.order_by("pk")
    has_status = any(field.name == "status" for field in found._meta.fields)
    newest = dict(records.values_list("status", "pk")).values() if has_status else ()
    keys = list(newest) or records.values_list("pk", flat=True)[:3]
    slug = address.replace("<slug:slug>", "requests")
    return [re.sub(r"<\w+:\w+>", str(pk), slug) for pk in keys]


def _content(page: Page) -> str:
    """What tells one page from another."""
    shown = EACH_TIME.sub("", str(page.locator("main").first.inner_html()))
    return hashlib.sha256(" ".join(shown.split()).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
