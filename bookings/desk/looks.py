"""A record of who was shown which list of patients."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from bookings.models import Look
from procedures.ground.decisions import CarefulAdmin


@admin.register(Look)
class LookAdmin(CarefulAdmin):
    """The looks, read-only, by person and by day."""

    list_display = ("looked_at", "looked_by", "screen", "how_many")
    list_filter = ("looked_by",)
    list_select_related = ("looked_by",)
    ordering = ("-looked_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="patients")
    def how_many(self, look: Look) -> int:
        """How many requests the list had."""
        return len(look.requests)
