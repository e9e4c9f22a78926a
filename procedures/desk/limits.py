"""The places for which the rate limits are larger."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from procedures.ground.decisions import CarefulAdmin
from procedures.models import SharedPlace


@admin.register(SharedPlace)
class SharedPlaceAdmin(CarefulAdmin):
    """Places that many people share. The history says who added one, and when."""

    list_display = ("network", "times", "note", "until")
    ordering = ("network",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("procedures.delete_sharedplace")
