"""What patients said after their visits, for managers."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings import journal, triage
from bookings.models import VisitAnswer
from bookings.status import GotIt
from procedures.ground.decisions import CarefulAdmin
from procedures.ground.signed_in import signed_in

LATELY = timedelta(weeks=8)


@admin.register(VisitAnswer)
class VisitAnswerAdmin(CarefulAdmin):
    """The answers, read-only, the newest first. Each leads to its request."""

    fields = readonly_fields = ("got_it", "comment", "given_at", "given_by")
    list_display: tuple[str, ...] = ("given_at", "got_it", "comment", "of_request")
    list_display_links = None
    list_filter = ("got_it",)
    list_select_related = ("request",)
    list_per_page = 50
    ordering = ("-given_at",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Without what they wrote for whoever may not read about patients' health."""
        return _readable(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """The same on the page of one answer."""
        return _readable(self.readonly_fields, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, which is recorded, and how many of each answer came lately."""
        now = timezone.now()
        lately = VisitAnswer.objects.filter(given_at__gte=now - LATELY)
        counts = {
            "title": "Answers after visits",
            "counts": _counted(lately),
            "weeks": LATELY.days // 7,
        }
        answer = super().changelist_view(request, counts | (extra_context or {}))
        shown = getattr(answer, "context_data", {}).get("cl")
        if shown:
            requests = [each.request for each in shown.result_list]
            journal.record_list("after visits", requests, by=signed_in(request), at=now)
        return answer

    @admin.display(description="request")
    def of_request(self, answer: VisitAnswer) -> SafeString:
        """A link to the request, where everything else is."""
        return format_html(
            '<a href="../appointmentrequest/{}/change/">{}</a>',
            answer.request_id,
            answer.request.reference,
        )


def _readable(fields: tuple[str, ...], request: HttpRequest) -> tuple[str, ...]:
    reads = triage.reads_every_answer(signed_in(request))
    return tuple(each for each in fields if reads or each != "comment")


def _counted(answers: QuerySet[VisitAnswer]) -> list[tuple[str, int]]:
    """Each answer in words, and how many gave it."""
    found = dict(answers.values_list("got_it").annotate(Count("pk")).order_by())
    return [(str(each.label), found.get(each, 0)) for each in GotIt]
