"""A real Chromium with a real server. Every state that a journey passes is examined closely."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from bookings.patients import unsent
from tests import clock, databases, profiles

# The browser's event loop runs in this thread, and Django would refuse to set up its own database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

# Milliseconds to wait for what appears straight away on a quiet machine.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

STANDING_RULES = """() => {
  const faults = [];
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  for (const id of new Set(twice)) faults.push('twice: #' + id);
  for (const name of ['aria-describedby', 'aria-labelledby', 'for'])
    for (const e of document.querySelectorAll('[' + name + ']'))
      for (const id of e.getAttribute(name).split(' '))
        if (id && !document.getElementById(id)) faults.push(name + ' leads nowhere: ' + id);
  for (const a of document.querySelectorAll('.error-summary a')) {
    const target = document.getElementById(a.hash.slice(1));
    const focusable = target && target.matches('input, select, textarea, a[href]');
    if (!focusable) faults.push('summary: ' + a.hash);
  }
  for (const a of document.querySelectorAll('main a[href^="#"]'))
    if (!document.getElementById(a.hash.slice(1))) faults.push('anchor: ' + a.hash);
  if (document.documentElement.scrollWidth > window.innerWidth) faults.push('wider than the screen');
  for (const e of document.querySelectorAll('main :is(button, a.button, input:not([type=hidden]))')) {
    const box = e.getBoundingClientRect();
    const small = box.width && (box.width < 24 || box.height < 24);
    if (small) faults.push('small: ' + e.outerHTML.slice(0, 80));
  }
  return faults;
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if not Path(CHROMIUM).exists():
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture
def clinic(
    live_server: Any, settings: Any, demonstration: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of the demonstration clinic, served on this machine. Its patients type fast."""
    monkeypatch.setattr(unsent, "QUICKEST", timedelta(0))
    settings.SITE_URL = live_server.url
    databases.overwrite(connection, demonstration)
    return str(live_server.url)


@pytest.fixture(scope="session")
def demonstration() -> Path:
    """A database with the demonstration. Journeys run on SQLite."""
    return databases.demonstration()


NewPage = Callable[..., Page]
Scheme = Literal["light", "dark"]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """A page of a new person: new_page(javascript=False, width=375, scheme="dark")."""
    contexts = []
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def make(*, javascript: bool = True, width: int = 1280, scheme: Scheme = "light") -> Page:
        context = browser.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale="en-GB",
            timezone_id=clock.ZONE.key,
        )
        context.clock.install(time=timezone.now())
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", listen)
        return page

    yield make
    for context in contexts:
        context.close()
    assert refused == []


Look = Callable[[Page], None]


@pytest.fixture
def look_at() -> Look:
    """Check the page as it is now against axe's rules and some that axe lacks."""

    def look(page: Page) -> None:
        if not profiles.SHORT:
            # Without preload: axe would fetch style sheets by script, which our policy refuses.
            found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
            assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        assert page.evaluate(STANDING_RULES) == [], page.url

    return look
