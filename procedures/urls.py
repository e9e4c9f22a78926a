"""Addresses of public pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse
from django.urls import URLPattern, path, register_converter

from procedures.ground.languages import KNOWN
from procedures.reading.views import feeds, finding, leaflets, log, opinions, proof, reading
from procedures.status import Category


class CategoryConverter:
    """One of the categories. Any other word is not found."""

    regex = "|".join(Category.values)

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


class LanguageConverter:
    """One of the other languages that the clinic offers. Any other word is not found."""

    regex = "|".join(KNOWN)

    def to_python(self, value: str) -> str:
        """The word itself."""
        if value not in settings.OTHER_LANGUAGES:
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


register_converter(CategoryConverter, "category")
register_converter(LanguageConverter, "language")

ONE_PAGE = "<category:category>/<slug:slug>/"
# What belongs to one page: in English, and in each language that the clinic offers.
OF_ONE_PAGE: list[tuple[str, Callable[..., HttpResponse], str]] = [
    ("", reading.page, "page"),
    ("history/", proof.history_page, "history"),
    ("verify/", proof.verify, "verify"),
    ("verify/version-<int:number>.txt", proof.fragment, "fragment"),
    ("verify/version-<int:number>.statement", proof.statement, "statement"),
    ("verify/version-<int:number>.tlog-proof", proof.log_proof, "log-proof"),
    ("verify/version-<int:number>.signature", proof.passkey_signature, "passkey-signature"),
    ("version/<int:number>/", proof.paper, "paper"),
    ("leaflet/", leaflets.leaflet, "leaflet"),
    ("leaflet.pdf", leaflets.leaflet_pdf, "pdf"),
    ("feedback/", opinions.feedback_page, "feedback"),
]

app_name = "procedures"
urlpatterns: list[URLPattern] = [
    path("", reading.home, name="home"),
    path("a-z/", reading.a_to_z, name="a-z"),
    path("glossary/", reading.glossary_page, name="glossary"),
    path("privacy/", reading.old_privacy, name="privacy"),
    path("about/what-has-changed/", feeds.what_has_changed, name="what-has-changed"),
    path("search/", finding.search_page, name="search"),
    path("clinicians/", reading.clinicians, name="clinicians"),
    path("clinicians/<slug:slug>/", reading.clinician, name="clinician"),
    path("figures/<slug:content_hash>.<slug:kind>", reading.figure, name="figure"),
    path("changes.atom", feeds.changes, name="changes"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("robots.txt", feeds.robots, name="robots"),
    path("log/", log.log, name="log"),
    path("log/checkpoint", log.checkpoint, name="checkpoint"),
    path("log/stamp/<int:size>.note", log.stamped, name="stamped"),
    path("log/stamp/<int:size>.tsr", log.stamp, name="stamp"),
    path("log/key", log.key, name="log-key"),
    path("log/witness-key", log.witness_key, name="witness-key"),
    path("log/witness/<slug:origin_hash>/checkpoint", log.witnessed, name="witnessed"),
    path("log/verify.py", log.verifier, name="verifier"),
    path("log/tile/entries/<path:place>", log.bundle, name="bundle"),
    path("log/tile/<int:level>/<path:place>", log.tile, name="tile"),
    path("<category:category>/", reading.category, name="category"),
    path("<language:language>/", reading.in_other_language, name="in-language"),
    *(path(f"{ONE_PAGE}{rest}", view, name=name) for rest, view, name in OF_ONE_PAGE),
    *(
        path(f"<language:language>/{ONE_PAGE}{rest}", view, name=name)
        for rest, view, name in OF_ONE_PAGE
    ),
]
