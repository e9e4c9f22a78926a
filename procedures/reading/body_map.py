"""Where it hurts, and which pages are about that: the drawn body on the home page."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from procedures.reading.publication import Publication


class Place(NamedTuple):
    """A part of the body: the key of its mark in the drawing, its name, and its pages in order.

    Name pages about problems. A page about a medicine may not be advertised on the home page.
    """

    key: str
    name: str
    slugs: tuple[str, ...]


class ShownPlace(NamedTuple):
    """A place with those of its pages that may be read today."""

    place: Place
    pages: list[Publication]

    @property
    def search(self) -> str:
        """Where to look for the name of the place."""
        return f"{reverse('procedures:search')}?{urlencode({'q': self.place.name.lower()})}"

    @property
    def address(self) -> str:
        """Where its mark leads: to its only page, to the list of its pages, or to the search."""
        if len(self.pages) == 1:
            return self.pages[0].page.get_absolute_url()
        return f"#{self.place.key}" if self.pages else self.search


PLACES = (
    Place("back", "Back or neck", ("backs-and-necks",)),
    Place(
        "shoulder",
        "Shoulder",
        ("shoulder-pain", "frozen-shoulder", "shoulder-hydrodilatation", "calcium-wash-out"),
    ),
    Place("elbow", "Elbow", ("tennis-elbow",)),
    Place(
        "hand",
        "Wrist or hand",
        ("carpal-tunnel", "trigger-finger", "de-quervains", "thumb-base-arthritis"),
    ),
    Place("hip", "Hip", ("outer-hip-pain", "hip-osteoarthritis")),
    Place("knee", "Knee", ("knee-osteoarthritis", "bakers-cyst", "joint-aspiration")),
    Place(
        "heel",
        "Ankle or heel",
        ("heel-pain", "shockwave-therapy"),
    ),
    Place("several", "Several joints", ("gout", "ultrasound-clinic")),
)


def places(pages: Iterable[Publication]) -> list[ShownPlace]:
    """Every place, with those of these pages that are about it."""
    by_slug = {each.page.slug: each for each in pages}
    return [
        ShownPlace(place, [by_slug[slug] for slug in place.slugs if slug in by_slug])
        for place in PLACES
    ]
