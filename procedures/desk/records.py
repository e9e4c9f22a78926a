"""Signatures, histories and readers' answers, which nobody writes here."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procedures.ground.decisions import CarefulAdmin
from procedures.ground.people import shown_name
from procedures.models import PageEvent, PageFeedback, PlannedPublication, SignOff


class RecordAdmin(CarefulAdmin):
    """A read-only list, which grows on its own."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(SignOff)
class SignOffAdmin(RecordAdmin):
    """The signatures."""

    list_display = (
        "revision",
        "signer_name",
        "signed_at",
        "review_due",
        "revoked_at",
        "short_hash",
    )

    @admin.display(description="hash")
    def short_hash(self, signed: SignOff) -> SafeString:
        """The beginning of the signed hash."""
        return format_html("<code>{}</code>", signed.fragment_hash[:12])


@admin.register(PageEvent)
class PageEventAdmin(RecordAdmin):
    """The whole history of every page. The database refuses to change or delete a row."""

    list_display = ("number", "at", "page", "version", "who", "kind", "reason")
    list_filter = ("page",)
    ordering = ("-number",)
    exclude = ("statement", "seal")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PageEvent]:
        return super().get_queryset(request).select_related("page", "revision", "by")

    @admin.display(description="version")
    def version(self, event: PageEvent) -> int:
        """The number of the text that the event is about."""
        return event.revision.number

    @admin.display(description="by")
    def who(self, event: PageEvent) -> str:
        """The name of the colleague who did it."""
        return shown_name(event.by)


@admin.register(PlannedPublication)
class PlannedPublicationAdmin(RecordAdmin):
    """The days on which signed texts are to be published. Each is decided on its text's own page."""

    list_display = ("revision", "day", "status", "reason", "who")
    list_filter = ("status",)
    ordering = ("-day", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlannedPublication]:
        return super().get_queryset(request).select_related("revision__page", "planned_by")

    @admin.display(description="planned by")
    def who(self, planned: PlannedPublication) -> str:
        """The name of the colleague who planned it."""
        return shown_name(planned.planned_by)


@admin.register(PageFeedback)
class PageFeedbackAdmin(RecordAdmin):
    """What readers say about a text."""

    list_display = ("day", "revision", "clear", "comment")
    list_filter = ("clear",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PageFeedback]:
        return super().get_queryset(request).select_related("revision__page")
