"""When and where the clinic works: locations, rooms and machines, sessions, closures."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings import diary
from bookings.desk.away import AwayPage
from bookings.desk.before_saving import in_words
from bookings.desk.forms.sessions import (
    ClinicSessionForm,
    ResourceForm,
    SessionChangeFormSet,
)
from bookings.desk.weeks import CHANGE_HOURS, hours_urls, week_urls
from bookings.diary.free_times import Stranded
from bookings.diary.losses import lost_since, lost_times
from bookings.diary.opening_hours import periods_of
from bookings.models import (
    ClinicSession,
    Closure,
    Location,
    MachineKind,
    Resource,
    RoomKind,
    SessionChange,
)
from procedures.ground.decisions import CarefulAdmin, CarefulInline
from procedures.ground.generics import ModelForm
from procedures.ground.week import in_words as week_in_words


class StrandingAdmin(CarefulAdmin):
    """Records whose changes can leave an appointment, or a time that was offered, without a session.

    The page says straight away how many this change has left without.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        before = lost_times(timezone.now())
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        if lost := lost_since(before, lost_times(timezone.now())):
            self._say_what_is_lost(request, lost)
        return answer

    def _say_what_is_lost(self, request: HttpRequest, lost: Sequence[Stranded]) -> None:
        self.message_user(
            request,
            format_html(
                '{} no clinic any more after this change. <a href="{}">Offer other times</a>.',
                in_words(lost),
                reverse("admin:bookings_rebook"),
            ),
            messages.WARNING,
        )


@admin.register(Location)
class LocationAdmin(StrandingAdmin):
    """The sites where patients are seen. Their hours have a page of their own."""

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The hours, with the way to change them for whoever may."""
        return ("name", "address", _hours_for(request))

    def get_urls(self) -> list[URLPattern]:
        """Django's own pages, and the opening hours."""
        return [*hours_urls(self.admin_site), *super().get_urls()]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Location | None = None
    ) -> tuple[str, ...]:
        """The hours, once there is a place that they belong to."""
        return (_hours_for(request),) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        return super().get_queryset(request).prefetch_related("opening_hours")

    @admin.display(description="opening hours")
    def hours(self, location: Location) -> str:
        """The hours in words."""
        return week_in_words(periods_of(location)) or "Never open"

    @admin.display(description="opening hours")
    def hours_to_change(self, location: Location) -> SafeString:
        """The hours in words, with the way to change them."""
        address = reverse("admin:bookings_location_hours", args=[location.pk])
        return format_html('{} <a href="{}">Change</a>', self.hours(location), address)

    def response_add(self, request: HttpRequest, obj: Location, *args: Any, **kwargs: Any) -> Any:
        """Lead on to the hours, without which the place is never open."""
        super().response_add(request, obj, *args, **kwargs)
        return redirect("admin:bookings_location_hours", obj.pk)


def _hours_for(request: HttpRequest) -> str:
    """The column with the opening hours for whoever asks."""
    return "hours_to_change" if request.user.has_perm(CHANGE_HOURS) else "hours"


@admin.register(MachineKind)
class MachineKindAdmin(CarefulAdmin):
    """The kinds of machine that a type of appointment may need."""


@admin.register(RoomKind)
class RoomKindAdmin(CarefulAdmin):
    """The kinds of room that a type of appointment may need."""


@admin.register(Resource)
class ResourceAdmin(StrandingAdmin):
    """Rooms and machines. Clinicians are resources too, but they are created automatically."""

    form = ResourceForm
    list_display = ("name", "location", "room_kind", "machine_kind")
    list_select_related = ("location", "room_kind", "machine_kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        return super().get_queryset(request).filter(clinician=None)


class SessionChangeInline(CarefulInline):
    """The days on which a session is different."""

    model = SessionChange
    fields = (("day", "starts", "ends", "reason"),)
    formset = SessionChangeFormSet
    extra = 1
    verbose_name = "exception"
    verbose_name_plural = (
        "exceptions: leave both times empty if the session does not take place on that day"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionChange]:
        """Leave out past exceptions, which nobody needs to look at."""
        return super().get_queryset(request).filter(day__gte=timezone.localdate())

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether somebody may remove exceptions: anybody who may add them."""
        return self.has_change_permission(request, obj)


@admin.register(ClinicSession)
class ClinicSessionAdmin(StrandingAdmin):
    """Periods of a clinician's time in a room."""

    form = ClinicSessionForm
    list_display = ("__str__", "room", "first_day", "last_day")
    list_filter = ("clinician",)
    inlines = (SessionChangeInline,)

    def get_urls(self) -> list[URLPattern]:
        """Django's own pages, and the weeks of the clinicians."""
        return [*week_urls(self.admin_site), *super().get_urls()]

    def save_model(
        self, request: HttpRequest, obj: ClinicSession, form: ModelForm[ClinicSession], change: bool
    ) -> None:
        """Save the session, so that the clinician can be claimed and be on leave from now on."""
        super().save_model(request, obj, form, change)
        diary.resource_of(obj.clinician)


@admin.register(Closure)
class ClosureAdmin(StrandingAdmin):
    """Leave and closures. Whoever may change them has a page of our own."""

    list_display = ("subject", "when", "reason")
    list_select_related = ("resource__clinician", "location")
    ordering = ("-starts",)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return AwayPage(self, request, Closure()).answer()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        closure = self.get_object(request, object_id)
        if closure is None or not self.has_change_permission(request, closure):
            return super().change_view(request, object_id, form_url, extra_context)
        return AwayPage(self, request, closure).answer()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("bookings.delete_closure")

    @admin.display(description="when", ordering="starts")
    def when(self, closure: Closure) -> str:
        """From when to when."""
        return closure.period
