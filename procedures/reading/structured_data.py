"""What search engines are told about a page (schema.org), only from its live signature."""

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString

from procedures.models import SignOff
from procedures.models.clinic import details
from procedures.reading.publication import Publication
from procedures.texts.rendering import json_ld


def script(publication: Publication) -> SafeString:
    """A JSON-LD element. https://schema.org/MedicalWebPage has no word for the next review."""
    signed, revision = publication.sign_off, publication.revision
    published = revision.published_at or signed.signed_at
    reviewed = _reviewed(signed) if signed.clinician else {"@type": "WebPage"}
    return json_ld(
        {
            "@context": "https://schema.org",
            "name": publication.document.title,
            "description": publication.document.standfirst,
            "url": settings.SITE_URL + publication.page.get_absolute_url(),
            "inLanguage": publication.page.language or settings.LANGUAGE_CODE,
            "version": str(revision.number),
            "dateModified": timezone.localdate(published).isoformat(),
            "publisher": {"@type": "MedicalClinic", "name": details().name},
            **reviewed,
            **_translated(publication),
        }
    )


def _translated(publication: Publication) -> dict[str, object]:
    """Of which page it is a translation, and by whom."""
    if publication.english is None or publication.translator is None:
        return {}
    return {
        "translationOfWork": {
            "@type": "WebPage",
            "url": settings.SITE_URL + publication.english.page.get_absolute_url(),
        },
        "translator": {"@type": "Person", "name": publication.translator.signer_name},
    }


def _reviewed(signed: SignOff) -> dict[str, object]:
    """What only a clinician's signature allows us to say: medical, and reviewed by them."""
    return {
        "@type": "MedicalWebPage",
        "lastReviewed": timezone.localdate(signed.signed_at).isoformat(),
        "reviewedBy": {
            "@type": "Person",
            "name": signed.signer_name,
            "jobTitle": signed.signer_role,
            "identifier": f"{signed.signer_regulator} {signed.signer_registration}",
        },
        "audience": {"@type": "Patient"},
    }
