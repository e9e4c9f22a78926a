"""Leaflets as tagged PDF, with the optional extra `[pdf]`."""

from functools import cache
from importlib import import_module
from types import ModuleType
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.urls import resolve

# Views whose answers a leaflet shows. Nothing else is fetched, and nothing over the network.
SHOWN = {"figure", "code"}


class NotOurs(ValueError):
    """The leaflet asked for something that is not of this site."""


@cache
def _weasyprint() -> ModuleType | None:
    try:
        return import_module("weasyprint")
    except (ImportError, OSError):
        # OSError: the package is there, but not the libraries of the system that it draws with.
        return None


def is_installed() -> bool:
    """Whether this site can make PDFs."""
    return _weasyprint() is not None


def make(html: str, request: HttpRequest) -> bytes:
    """A tagged PDF (PDF/UA-1) of a leaflet. Call it only where `is_installed`."""
    weasyprint = import_module("weasyprint")
    response_type = import_module("weasyprint.urls").URLFetcherResponse

    def fetch(url: str, headers: object = None) -> object:
        content, media_type = _fetch(urlsplit(url).path, request)
        return response_type(url, content, {"Content-Type": media_type})

    document = weasyprint.HTML(string=html, base_url=f"{settings.SITE_URL}/", url_fetcher=fetch)
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))


def _fetch(path: str, request: HttpRequest) -> tuple[bytes, str]:
    static = path.removeprefix(settings.STATIC_URL)
    if static != path:
        found = finders.find(static)
        if not found:
            raise NotOurs(path)
        with open(found, "rb") as file:
            return file.read(), "text/css" if static.endswith(".css") else "image/svg+xml"
    match = resolve(path)
    if match.url_name not in SHOWN:
        raise NotOurs(path)
    response = match.func(request, **match.kwargs)
    return response.content, response.headers["Content-Type"]
