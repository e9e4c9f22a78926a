"""Calendar feeds: who reads which diary in a program of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bookings.diary.feeds import address_of, end_feed, make_feed
from bookings.models import CalendarFeed
from bookings.status import FeedWords
from procedures.ground.decisions import CarefulAdmin, colleague
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.generics import ModelForm
from procedures.ground.people import called

KNOWN = ("resource", "says", "address", "state", "last_read", "made_at", colleague("made_by"))


class CalendarFeedForm(ModelForm[CalendarFeed]):
    """A new feed, or the end of one."""

    ends = forms.BooleanField(
        label="End this address",
        required=False,
        help_text="No program can read it any more. To give somebody a new address, add a feed.",
    )

    class Meta:
        model = CalendarFeed
        fields = ("resource", "says")
        error_messages = {"resource": {"required": "Choose whose diary it is."}}


@admin.register(CalendarFeed)
class CalendarFeedAdmin(CarefulAdmin):
    """Managers make and end the feeds. A clinician sees those of their own diary."""

    form = CalendarFeedForm
    list_display = ("resource", "says", "state", "last_read")
    ordering = ("ended_at", "resource__name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarFeed]:
        feeds: QuerySet[CalendarFeed] = super().get_queryset(request).select_related("resource")
        feeds = feeds.annotate(who_ended=called("ended_by"))
        if request.user.has_perm("bookings.change_calendarfeed"):
            return feeds
        return feeds.filter(resource__clinician__login=request.user.pk)

    def get_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> Any:
        """What is chosen; of a feed that exists, what is known and whether it ends."""
        if obj is None:
            return ("resource", "says")
        return (*KNOWN, "ends") if obj.ended_at is None else KNOWN

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> Any:
        """Of a feed that exists, all but its end: a program has been told the rest."""
        return () if obj is None else KNOWN

    def has_change_permission(self, request: HttpRequest, obj: CalendarFeed | None = None) -> bool:
        """An ended feed is only looked at."""
        is_ended = obj is not None and obj.ended_at is not None
        return not is_ended and super().has_change_permission(request, obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever has the address reads a diary without signing in: making one needs a fresh sign-in."""
        if self.has_add_permission(request):
            require_fresh_sign_in(request)
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: CalendarFeed, form: Any, change: bool) -> None:
        """Make a new address, or end one."""
        by, now = request.user.get_username(), timezone.now()
        if not change:
            obj.pk = make_feed(obj.resource, says=FeedWords(obj.says), by=by, now=now).pk
        elif form.cleaned_data["ends"]:
            end_feed(obj, by=by, now=now)

    @admin.display(description="private address")
    def address(self, feed: CalendarFeed) -> str:
        """What to paste into the calendar program. Whoever has it reads the diary."""
        return "It has ended." if feed.ended_at else address_of(feed)

    @admin.display(description="state")
    def state(self, feed: Any) -> str:
        """Whether it works, and if not, since when and because of whom."""
        if feed.ended_at is None:
            return "In use"
        return f"Ended on {timezone.localtime(feed.ended_at):%-d %B %Y} by {feed.who_ended}"
