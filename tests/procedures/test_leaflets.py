"""The page on paper: ordinary print, large print, and PDF if that is installed."""

import re
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from procedures import publishing
from procedures.models import Figure, Revision
from procedures.reading import pdf
from procedures.status import RevisionStatus
from procedures.texts.pictures import PictureError, read_picture
from tests import factories
from tests.processes import ROOT

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M0 0h9"/></svg>'

# Checked when the test runs: whatever is wrong with the extra, no other test is lost with it.
with_the_extra = pytest.mark.skipif(
    "not pdf.is_installed()", reason="the extra [pdf] or Pango is not here"
)


@pytest.fixture
def published(monday: datetime) -> Revision:
    factories.figure(DRAWING)
    body = f"{factories.BODY}\n::: figure A probe\n![A probe on skin.](probe)\n\nMore.\n:::\n"
    text = factories.document(body=body)
    return factories.revision(RevisionStatus.PUBLISHED, text=text, now=monday)


def test_a_leaflet_says_how_old_it_is_and_leads_back(published: Revision, client: Client) -> None:
    page = " ".join(client.get(f"{URL}leaflet/").content.decode().split())
    assert "Version 1</strong>, published 23 November 2026, printed 23 November 2026" in page
    assert "Next review due 22 November 2028" in page
    assert f"https://clinic.example{URL}version/1/" in page
    assert re.search(r'<svg role="img"[^>]*class="code"', page)
    assert f"Code that leads to https://clinic.example{URL}version/1/" in page


def test_large_print_is_the_same_text(published: Revision, client: Client) -> None:
    assert '<html lang="en-GB">' in client.get(f"{URL}leaflet/").content.decode()
    large = client.get(f"{URL}leaflet/?size=large").content.decode()
    assert '<html lang="en-GB" class="large">' in large
    assert published.fragment.split("-->\n")[1].split("<!--")[0] in large


def test_an_overdue_leaflet_says_so(
    published: Revision, client: Client, at: Any, monday: datetime
) -> None:
    at(monday + timedelta(days=731))
    assert "The review of this page is overdue." in client.get(f"{URL}leaflet/").content.decode()


def test_without_the_extra_the_reader_is_helped_on(
    published: Revision, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "is_installed", lambda: False)
    answer = client.get(f"{URL}leaflet.pdf")
    assert answer.status_code == 501
    page = answer.content.decode()
    assert "This site does not make PDFs" in page
    assert f'href="{URL}leaflet/?size=large"' in page


@pytest.mark.sqlite
@with_the_extra
@pytest.mark.parametrize(("query", "name"), [("", ""), ("?size=large", "-large")])
def test_the_pdf_is_tagged_and_named(
    query: str, name: str, published: Revision, client: Client
) -> None:
    answer = client.get(f"{URL}leaflet.pdf{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert f'filename="a-thing-version-1{name}.pdf"' in answer.headers["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")
    streams = re.findall(rb"stream\n(.*?)\nendstream", answer.content, re.DOTALL)
    objects = b"".join(zlib.decompressobj().decompress(stream) for stream in streams)
    for sign in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"pdfuaid"):
        assert sign in objects + answer.content


@pytest.mark.sqlite
@with_the_extra
@pytest.mark.parametrize("query", ["", "?size=large"])
def test_the_dots_of_a_risk_may_come_where_a_sheet_ends(
    query: str, monday: datetime, client: Client
) -> None:
    row = "| Pain | 1 in 50[^leaflet] | It passes within a day or two |\n"
    table = "| What | How often | What to know |\n|---|---|---|\n" + 30 * row
    text = factories.document(body=f"{factories.BODY}\n::: risks\n{table}:::\n")
    factories.revision(RevisionStatus.PUBLISHED, text=text, now=monday)
    assert client.get(f"{URL}leaflet.pdf{query}").status_code == 200


@pytest.mark.sqlite
@with_the_extra
def test_the_pdf_finds_its_style_under_the_hashed_name_of_production(
    published: Revision, client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    # Production compresses the files as well, which takes eight seconds and renames nothing.
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": manifest}}
    call_command("collectstatic", interactive=False, verbosity=0)
    pdf.make.cache_clear()
    page = client.get(f"{URL}leaflet/").content.decode()
    linked = re.findall(r"/static/css/(\w+)\.[0-9a-f]{12}\.css", page)
    assert linked == ["tokens", "fragment", "leaflet"]
    assert client.get(f"{URL}leaflet.pdf").status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/static/css/site.css",
        "file:///etc/passwd",
        "https://clinic.example/static/../clinic_site/settings.py",
        "https://clinic.example/static/img/mark.svg",
        f"https://clinic.example/figures/{'0' * 64}.svg",
        "https://clinic.example/admin/",
    ],
)
def test_a_pdf_holds_nothing_but_our_styles_and_figures(url: str) -> None:
    with pytest.raises(pdf.NotOurs):
        pdf.read(url)


# --- Figures ----------------------------------------------------------------------------------


def test_a_figure_is_served_by_its_hash(published: Revision, client: Client) -> None:
    figure = Figure.objects.get()
    answer = client.get(figure.address())
    assert (answer.content, answer.headers["Content-Type"]) == (DRAWING, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert client.get(figure.address().replace("svg", "png")).status_code == 404
    assert client.get(f"/figures/{'0' * 64}.svg").status_code == 404


def test_a_figure_goes_with_its_page_and_staff_still_see_it(
    published: Revision, client: Client, sign_in: Any, monday: datetime
) -> None:
    figure = Figure.objects.get()
    unused = factories.figure(DRAWING.replace(b"h9", b"h7"), key="unused")
    assert client.get(unused.address()).status_code == 404
    publishing.suspend(
        published,
        version=published.version,
        by=factories.staff("Publisher"),
        reason="Harm.",
        now=monday,
    )
    assert client.get(figure.address()).status_code == 404
    assert sign_in("Editor").get(figure.address()).status_code == 200


def test_a_changed_picture_leaves_signed_texts_alone(published: Revision, client: Client) -> None:
    before = client.get(URL).content
    factories.figure(DRAWING.replace(b"h9", b"h8"))
    assert client.get(URL).content == before
    assert Figure.objects.filter(key="probe").count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a", "Choose a drawing"),
        (b"", "Choose a drawing"),
        (b"x" * 200_001, "larger than 200 KB"),
        (b"<svg><path/></svg>", "viewBox"),
        (DRAWING.replace(b"40 30", b"9" * 400 + b" 30"), "viewBox"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 8 + b"\xff" * 8 + b"\x08", "larger than 10,000 pixels"),
        (DRAWING.replace(b"<path", b"<script>x</script><path"), "contains a script"),
        (DRAWING.replace(b"<path", b'<path onload="x()"'), "contains a script"),
        (DRAWING.replace(b"<path", b'<image href="https://evil.example/x"/><path'), "a link"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + DRAWING, "an entity"),
        (DRAWING.replace(b"<path", b'<a href="javascript:x()"/><path'), "contains a script"),
        # What a list of what is forbidden does not find.
        (DRAWING.replace(b"<path", b'<path/onload="x()" d=""/><path'), "cannot be read"),
        (DRAWING.replace(b"<path", b'<path class="a"onload="x()"/><path'), "cannot be read"),
        (DRAWING.replace(b"<path", b'<use href="#a"/><path'), "contains <use>"),
        (DRAWING.replace(b"<path", b'<a href="java&#115;cript:x()"/><path'), "contains <a>"),
        (DRAWING.replace(b"<path", b'<image href="//evil.example/x"/><path'), "contains <image>"),
        (DRAWING.replace(b"<path", b'<x:script xmlns:x="urn:x"/><path'), "contains <x:script>"),
        (DRAWING.replace(b"<path", b'<path onbegin="x()"'), "contains a script"),
        (DRAWING.replace(b"<path", b'<path href="file:///etc/passwd"'), "contains href"),
        (DRAWING.replace(b"<path", b'<path fill="url(//evil.example/x#y)"'), "a reference"),
        (
            DRAWING.replace(b"<path", b"<style>@import '//evil.example/x'</style><path"),
            "a reference",
        ),
        (DRAWING.replace(b"<path", b"<style>p{background:u\\72l(x)}</style><path"), "a reference"),
    ],
)
def test_a_picture_that_could_do_harm_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence):
        read_picture(content)


def test_every_drawing_of_the_demonstration_is_a_plain_one() -> None:
    for file in (ROOT / "clinic_site" / "demo").rglob("*.svg"):
        assert read_picture(file.read_bytes()).media_type == "image/svg+xml", file


def test_a_picture_says_how_large_it_is() -> None:
    drawing = read_picture(DRAWING)
    assert (drawing.media_type, drawing.width, drawing.height) == ("image/svg+xml", 40, 30)
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4) + b"\x08"
    picture = read_picture(png)
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 640, 480)
