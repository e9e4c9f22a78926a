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
    const small = e.checkVisibility() && (box.width < 24 || box.height < 24);
    if (small) faults.push('small: ' + e.outerHTML.slice(0, 80));
  }
  return faults;
}"""

# A field shows where it is by its border or its ground: three to one against what is around it (1.4.11).
# Ticks and circles are the browser's own, and buttons are words.
FAINT_FIELDS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const over = (under, colour) => {
    canvas.clearRect(0, 0, 1, 1);
    for (canvas.fillStyle of [under, colour]) canvas.fillRect(0, 0, 1, 1);
    return `rgb(${canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)})`;
  };
  const ground = (e) =>
    e ? over(ground(e.parentElement), getComputedStyle(e).backgroundColor) : 'Canvas';
  const light = (colour) => colour.match(/[\\d.]+/g).map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const isFaint = (e) => {
    const around = ground(e.parentElement), look = getComputedStyle(e);
    const edge = parseFloat(look.borderBottomWidth) ? over(around, look.borderBottomColor) : around;
    return Math.max(contrast(edge, around), contrast(ground(e), around)) < 3;
  };
  const others = ['hidden', 'checkbox', 'radio', 'file', 'submit', 'button'];
  return [...document.querySelectorAll('input, select, textarea')]
    .filter(e => e.getClientRects().length && !others.includes(e.type) && !e.disabled && isFaint(e))
    .map(e => 'faint: ' + e.outerHTML.slice(0, 80));
}"""

# Whatever has focus is at least in part in sight, and not under a bar that stays (2.4.11).
HIDDEN_FOCUS = """() => {
  const before = document.activeElement, at = [window.scrollX, window.scrollY];
  const isAt = (e, x, y) => {
    const there = document.elementFromPoint(x, y);
    return there && (e.contains(there) || there.contains(e));
  };
  const isSeen = (e) => [...e.getClientRects()].some(({left, top, right, bottom}) =>
    isAt(e, (left + right) / 2, (top + bottom) / 2) ||
    isAt(e, left + 2, top + 2) || isAt(e, right - 2, bottom - 2));
  const hidden = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter(e => { e.focus(); return document.activeElement === e && !isSeen(e); })
    .map(e => 'hidden focus: ' + e.outerHTML.slice(0, 80));
  before.focus({preventScroll: true});
  window.scrollTo(...at);
  return hidden;
}"""


# A word of letters alone stays in one line, unless the page divides words on purpose.
BROKEN_WORDS = r"""() => {
  const found = new Set(), range = document.createRange();
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const isHidden = (e) => e && (e.getBoundingClientRect().width <= 1 ||
    getComputedStyle(e).clipPath !== 'none' || isHidden(e.parentElement));
  const isRead = (e) => e.checkVisibility() && !isHidden(e) &&
    !e.closest('svg, script, style, textarea, select') && getComputedStyle(e).hyphens !== 'auto';
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!isRead(text.parentElement)) continue;
    for (const {0: word, index} of text.data.matchAll(/(?<![^\s(“])[\p{L}’]{2,24}(?![^\s).,:;?!”])/gu)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const tops = [...range.getClientRects()].map(box => box.top);
      if (Math.max(...tops) - Math.min(...tops) > 5) found.add('broken: ' + word);
    }
  }
  return [...found];
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
def clinic(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the demonstration clinic, served on this machine. Its patients type fast."""
    monkeypatch.setattr(unsent, "QUICKEST", timedelta(0))
    settings.SITE_URL = live_server.url
    databases.overwrite(connection, databases.demonstration())
    return str(live_server.url)


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
            assert page.evaluate(HIDDEN_FOCUS) == [], page.url
        for rule in (FAINT_FIELDS, BROKEN_WORDS, STANDING_RULES):
            assert page.evaluate(rule) == [], page.url

    return look


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    """Whether browsers run scripts: a journey that asks is made both ways."""
    return str(request.param) == "with JavaScript"


@pytest.fixture
def look(javascript: bool, look_at: Look) -> Look:
    """The same as `look_at`. Axe is a script, so without JavaScript there is only the journey."""

    def look_at_nothing(page: Page) -> None:
        """Skip the examination."""

    return look_at if javascript else look_at_nothing
