"""What was done to accounts, and who signed in. Nobody writes here."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from procedures.ground.decisions import CarefulAdmin
from procedures.ground.people import shown_name
from procedures.models import AccountEvent, SignIn


class RecordAdmin(CarefulAdmin):
    """A read-only list, which grows on its own."""

    list_display_links = None
    show_full_result_count = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AccountEvent)
class AccountEventAdmin(RecordAdmin):
    """What was done to accounts, by whom and when."""

    list_display = ("done_at", "whose", "act", "detail", "who")
    list_filter = ("act",)
    list_select_related = ("account", "done_by")
    ordering = ("-pk",)

    @admin.display(description="account")
    def whose(self, event: AccountEvent) -> str:
        """The name of the colleague whose account it is."""
        return shown_name(event.account)

    @admin.display(description="by")
    def who(self, event: AccountEvent) -> str:
        """The name of the colleague who did it."""
        return shown_name(event.done_by)


@admin.register(SignIn)
class SignInAdmin(RecordAdmin):
    """Every password that was entered, right or wrong."""

    list_display = ("tried_at", "whose", "use", "result", "place")
    list_filter = ("result",)
    ordering = ("-pk",)

    @admin.display(description="username")
    def whose(self, tried: SignIn) -> str:
        """The name, if somebody has it."""
        return tried.tried_by or "A name that nobody has"
