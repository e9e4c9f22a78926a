"""Leaflets as tagged PDF, with the optional extra `[pdf]`."""

from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import resolve

from procedures.models import Figure


class NotOurs(ValueError):
    """The leaflet asked for something that is not a stylesheet or a figure of this site."""


@cache
def _weasyprint() -> ModuleType | None:
    try:
        return import_module("weasyprint")
    except (ImportError, OSError):
        # OSError: the package is installed, but not the system libraries that it draws with.
        return None


def is_installed() -> bool:
    """Whether this site can make PDFs."""
    return _weasyprint() is not None


# Making one takes half a second of processor time, so a repeated request gets the same bytes.
@lru_cache(maxsize=64)
def make(html: str) -> bytes:
    """Make a tagged PDF (PDF/UA-1) of a leaflet. Call it only if `is_installed`.

    Nothing is fetched over the network. Raises NotOurs if the leaflet asks for anything foreign.
    """
    weasyprint = import_module("weasyprint")
    urls = import_module("weasyprint.urls")

    # The module is loaded only where it is installed, so nobody knows its types.
    class OwnFiles(urls.URLFetcher):  # type: ignore[misc, name-defined]
        def fetch(self, url: str, headers: object = None) -> object:
            content, media_type = read(url)
            return urls.URLFetcherResponse(url, content, {"Content-Type": media_type})

    document = weasyprint.HTML(
        string=html, base_url=f"{settings.SITE_URL}/", url_fetcher=OwnFiles(fail_on_errors=True)
    )
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))


def read(url: str) -> tuple[bytes, str]:
    """The bytes and the media type of a stylesheet or a figure of ours. Raises NotOurs."""
    if not url.startswith(f"{settings.SITE_URL}/"):
        raise NotOurs(url)
    path = urlsplit(url).path
    static = path.removeprefix(settings.STATIC_URL)
    if static != path and static.endswith(".css"):
        return _stylesheet(static), "text/css"
    if path.startswith("/figures/"):
        figure = Figure.objects.filter(content_hash=resolve(path).kwargs["content_hash"]).first()
        if figure and figure.is_intact():
            return bytes(figure.content), figure.media_type
    raise NotOurs(url)


def _stylesheet(name: str) -> bytes:
    """The stylesheet as it is in the project, or under its hashed name if files were collected."""
    if found := finders.find(name):
        return Path(found).read_bytes()
    if staticfiles_storage.exists(name):
        with staticfiles_storage.open(name) as file:
            return bytes(file.read())
    raise NotOurs(name)
