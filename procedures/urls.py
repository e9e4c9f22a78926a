"""Addresses of public pages."""

from django.urls import path, register_converter

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


register_converter(CategoryConverter, "category")

ONE_PAGE = "<category:category>/<slug:slug>/"

app_name = "procedures"
urlpatterns = [
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
    path(ONE_PAGE, reading.page, name="page"),
    path(f"{ONE_PAGE}history/", proof.history_page, name="history"),
    path(f"{ONE_PAGE}verify/", proof.verify, name="verify"),
    path(f"{ONE_PAGE}verify/version-<int:number>.txt", proof.fragment, name="fragment"),
    path(f"{ONE_PAGE}verify/version-<int:number>.statement", proof.statement, name="statement"),
    path(f"{ONE_PAGE}verify/version-<int:number>.tlog-proof", proof.log_proof, name="log-proof"),
    path(
        f"{ONE_PAGE}verify/version-<int:number>.signature",
        proof.passkey_signature,
        name="passkey-signature",
    ),
    path(f"{ONE_PAGE}version/<int:number>/", proof.paper, name="paper"),
    path(f"{ONE_PAGE}leaflet/", leaflets.leaflet, name="leaflet"),
    path(f"{ONE_PAGE}leaflet.pdf", leaflets.leaflet_pdf, name="pdf"),
    path(f"{ONE_PAGE}feedback/", opinions.feedback_page, name="feedback"),
]
