"""The history of pages, readers' answers, and what owners were told."""

from datetime import date, datetime
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, UniqueConstraint, Value, When

from procedures.ground.constraints import paired
from procedures.models.pages import InformationPage, Revision
from procedures.status import (
    EVENTS,
    RE_AFFIRMED,
    TAKEN_AWAY,
    ChangeClass,
    PageNews,
    PlanStatus,
    RevisionStatus,
)

PUBLISHED = EVENTS[RevisionStatus.PUBLISHED]


class PageEventQuerySet(models.QuerySet["PageEvent"]):
    """Events by what they mean for readers."""

    def before_readers(self) -> Self:
        """The steps after which readers of a page could read another text, or none, or one again."""
        # What is done to a text before its publication is nothing to readers.
        return self.filter(
            kind__in=[PUBLISHED, RE_AFFIRMED, *TAKEN_AWAY], revision__published_at__lte=F("at")
        )

    def changes_of_advice(self) -> Self:
        """The steps by which readers got a text with other advice, or the first one."""
        return self.filter(kind=PUBLISHED, revision__change_class=ChangeClass.ADVICE)

    def news(self) -> Self:
        """The steps that whoever relied on a page has to hear of; `news` is what each means.

        A text that comes after one that was taken away is news, however little it changes.
        """
        earlier = PageEvent.objects.before_readers().filter(
            page=OuterRef("page"), number__lt=OuterRef("number")
        )
        meanings = [
            When(
                before__in=TAKEN_AWAY,
                kind__in=[PUBLISHED, RE_AFFIRMED],
                then=Value(PageNews.CORRECTED),
            ),
            When(
                before__isnull=False,
                kind=PUBLISHED,
                revision__change_class=ChangeClass.ADVICE,
                then=Value(PageNews.CHANGED),
            ),
            *[When(kind=kind, then=Value(news)) for kind, news in TAKEN_AWAY.items()],
        ]
        told = self.before_readers().annotate(
            before=Subquery(earlier.order_by("-number").values("kind")[:1]),
            news=Case(*meanings, default=Value("")),
        )
        return told.exclude(news="")

    def news_of(self, event: "PageEvent") -> str:
        """What an event means for readers; empty if it is no news."""
        found: models.QuerySet[Any] = self.news().filter(pk=event.pk)
        return found.values_list("news", flat=True).first() or ""

    def newest_news(self, since: datetime) -> list["PageEvent"]:
        """The newest news of each page that had any since that instant."""
        newest = {
            event.page_id: event for event in self.news().filter(at__gt=since).order_by("number")
        }
        return list(newest.values())


class PageEvent(models.Model):
    """What happened to a page and who did it. The database refuses to change or delete a row.

    The events of all pages are one chain. What an event says is in its statement (see
    `statements`); the other columns are there for queries, and count only if they say the same.
    """

    number = models.PositiveIntegerField(unique=True)
    page = models.ForeignKey(InformationPage, on_delete=models.PROTECT, related_name="events")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    statement = models.TextField()
    # The one column that may be replaced: by `manage.py reseal_pages`, when the key changes.
    seal = models.CharField(max_length=64)
    # Only on what `news` found.
    news: str

    PERSONAL: set[str] = set()
    OF_STAFF = {"by", "statement"}
    NOT_PERSONAL = {"id", "number", "page", "revision", "kind", "at", "reason", "seal"}

    objects = PageEventQuerySet.as_manager()

    class Meta:
        verbose_name = "page event"
        verbose_name_plural = "page history"

    def __str__(self) -> str:
        return f"{self.kind} {self.revision}"


class Verdict(NamedTuple):
    """What readers say about one version of a page, as far as numbers can tell."""

    page: int
    title: str
    version: int
    answers: int
    clear: int
    comments: int

    @property
    def share(self) -> str:
        """The share of readers who found it clear, in whole per cent."""
        return f"{round(100 * self.clear / self.answers)}%"


class PageFeedbackQuerySet(models.QuerySet["PageFeedback"]):
    """Readers' answers, counted."""

    def between(self, first: date, last: date) -> "PageFeedbackQuerySet":
        """The answers of the days from first to last."""
        return self.filter(day__range=(first, last))

    def verdicts(self) -> list[Verdict]:
        """The answers by page and version: pages by title, the newest version first."""
        return self.verdicts_before_and_since(date.min)[1]

    def verdicts_before_and_since(self, day: date) -> tuple[list[Verdict], list[Verdict]]:
        """The same of the answers before a day, and of those from it on: one query for both."""
        of_page = ("revision__page", "revision__page__title", "revision__page__slug")
        counted = (
            self.order_by()
            .annotate(since=Case(When(day__gte=day, then=Value(1)), default=Value(0)))
            .values_list("since", *of_page, "revision__number")
            .annotate(
                answers=Count("pk"),
                clear=Count("pk", filter=Q(clear=True)),
                comments=Count("pk", filter=~Q(comment="")),
            )
        )
        found: tuple[list[Verdict], list[Verdict]] = ([], [])
        for since, page, title, slug, *numbers in counted:
            shown = InformationPage(title=title, slug=slug).staff_title
            found[since].append(Verdict(page, shown, *numbers))
        for verdicts in found:
            verdicts.sort(key=lambda each: (each.title, -each.version))
        return found


class PageFeedback(models.Model):
    """Whether a reader found a version clear. Nothing in it says who they are."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="feedback")
    clear = models.BooleanField()
    comment = models.CharField(max_length=200, blank=True)
    day = models.DateField()

    # A reader may write who they are, although we ask them not to.
    PERSONAL = {"comment"}
    NOT_PERSONAL = {"id", "revision", "clear", "day"}
    # Nobody can say whose it is.
    WHOSE: tuple[str, ...] = ()

    objects = PageFeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = "reader feedback"
        verbose_name_plural = "reader feedback"

    def __str__(self) -> str:
        return f"{'Clear' if self.clear else 'Not clear'}: {self.revision}"


class DueNotice(models.Model):
    """A record that somebody was emailed about one thing that is due.

    Anything without a row is unsent.
    """

    page = models.ForeignKey(InformationPage, on_delete=models.PROTECT, related_name="+")
    told_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Names the reason and what it depends on, so that the next signature gives a new name.
    cause = models.CharField(max_length=100)
    day = models.DateField()

    PERSONAL: set[str] = set()
    OF_STAFF = {"told_to"}
    NOT_PERSONAL = {"id", "page", "cause", "day"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["page", "told_to", "cause"], name="told_once_of_each_cause")
        ]

    def __str__(self) -> str:
        return f"{self.page}: {self.cause}"


class PlannedPublication(models.Model):
    """The day on which a signed text is to be published without anybody pressing a button.

    One row for each text; what happened to the plan before is in the page's history.
    """

    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, related_name="plan")
    day = models.DateField("publish on")
    status = models.CharField(max_length=20, choices=PlanStatus, default=PlanStatus.PLANNED)
    reason = models.TextField("why it was stopped", blank=True)
    planned_at = models.DateTimeField()
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"planned_by"}
    NOT_PERSONAL = {"id", "revision", "day", "status", "reason", "planned_at"}

    class Meta:
        constraints = [paired("planned")]

    def __str__(self) -> str:
        return f"{self.revision}, {self.day:%-d %B %Y}"


class UnsavedText(models.Model):
    """What somebody has typed into a draft and not saved, for them to go on with.

    `seen_version` is the version of the draft that they had on the screen.
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="unsaved")
    seen_version = models.PositiveIntegerField()
    document = models.TextField(blank=True)
    change_class = models.CharField(max_length=10, choices=ChangeClass)
    note = models.CharField(max_length=300, blank=True)
    kept_at = models.DateTimeField()
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )

    PERSONAL: set[str] = set()
    OF_STAFF = {"kept_by"}
    NOT_PERSONAL = {"id", "revision", "seen_version", "document", "change_class", "note", "kept_at"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["revision", "kept_by"], name="one_unsaved_text_each"),
            paired("kept"),
        ]

    def __str__(self) -> str:
        return f"{self.revision}, {self.kept_at:%-d %B %Y}"
