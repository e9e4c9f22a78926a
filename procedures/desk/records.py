"""Signatures, histories and readers' answers, which nobody writes here."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procedures.ground.decisions import CarefulAdmin
from procedures.ground.people import shown_name
from procedures.models import (
    InformationPage,
    PageEvent,
    PageFeedback,
    PlannedPublication,
    SignOff,
)

# Days that count as lately, when their share of “yes” is compared with as many days before.
LATELY = 90
MOST_COMMENTS = 200


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
    """What readers say, by page and version. A page of its own shows what they wrote about one page."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Each page with its versions; or what readers wrote about the page in the address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.localdate()
        answers = PageFeedback.objects.all()
        lately = answers.between(today - timedelta(days=LATELY), today)
        before = answers.between(
            today - timedelta(days=2 * LATELY + 1), today - timedelta(days=LATELY + 1)
        )
        trends = [
            {(each.page, each.version): each.share for each in some.verdicts()}
            for some in (lately, before)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "What readers say",
            "verdicts": [
                (each, *(shares.get((each.page, each.version), "–") for shares in trends))
                for each in answers.verdicts()
            ],
            "days": LATELY,
            **self._written(request.GET.get("page", "")),
        }
        return TemplateResponse(request, "admin/procedures/what_readers_say.html", context)

    def _written(self, pk: str) -> dict[str, Any]:
        """The newest comments on that page, if the address names one."""
        page = InformationPage.objects.filter(pk=pk).first() if pk.isdecimal() else None
        if page is None:
            return {}
        written = PageFeedback.objects.filter(revision__page=page).exclude(comment="")
        newest = written.select_related("revision").order_by("-day", "-pk")
        return {"about": page, "comments": newest[:MOST_COMMENTS], "most": MOST_COMMENTS}
