"""When a page was taken away and could be read again: for its history, and for the feed."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from procedures.models import InformationPage, PageEvent
from procedures.reading.publication import Closed, look_up
from procedures.reading.statements import read
from procedures.status import PageNews

SAID = {
    PageNews.SUSPENDED: _("Taken down, because it could have caused harm"),
    PageNews.REVOKED: _("Taken down, because its signature was withdrawn"),
    PageNews.WITHDRAWN: _("Withdrawn"),
    PageNews.CORRECTED: _("Checked, and open again"),
}


class News(NamedTuple):
    """One such step. Its words are the same for every page, so a text that may do harm is not in it."""

    event: PageEvent
    said: str

    def path(self) -> str:
        """Where the history of the page names it."""
        return f"{self.event.page.at('history')}#event-{self.event.number}"


def news_of_pages(pages: Iterable[InformationPage], most: int | None = None) -> list[News]:
    """Such steps of these pages that this site has sealed, the newest first."""
    found: QuerySet[Any] = PageEvent.objects.filter(page__in=pages).news()
    rows = found.filter(news__in=SAID).select_related("page", "revision").order_by("-number")
    return [News(row, gettext(SAID[PageNews(row.news)])) for row in rows[:most] if read(row)]


def title_of(news: News, on: date) -> str:
    """The signed title of the page, whether or not it may be read on that day."""
    found = look_up(news.event.page, on)
    if found is None:
        return news.event.page.spoken()
    return found.title if isinstance(found, Closed) else found.document.title
