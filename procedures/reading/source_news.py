"""What happened to a page's sources, and who read it and left the page as it is."""

from procedures.models import SourceEvent
from procedures.reading.publication import Publication
from procedures.texts.rendering import CITATION


def read_since(found: Publication) -> list[SourceEvent]:
    """The events of the page's sources that its signatory read, and after which the text stayed.

    They were noted after the text was first signed, and before the signature that counts now. What a
    new version says about a change of its sources is in its own text and note.
    """
    signed = sorted(each.signed_at for each in found.revision.sign_offs.all())
    cited = set(CITATION.findall(found.revision.document))
    return list(
        SourceEvent.objects.filter(
            source__key__in=cited, noted__gt=signed[0], noted__lt=found.sign_off.signed_at
        )
        .select_related("source")
        .order_by("day", "pk")
    )
