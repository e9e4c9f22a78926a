"""Webhooks: which other system is told what happens, and whether that arrives."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from bookings import webhooks
from bookings.desk.forms.webhooks import Act, WebhookForm
from bookings.models import Webhook
from bookings.status import DeliveryStatus, Notice
from procedures.ground.counting import counted
from procedures.ground.decisions import CarefulAdmin, colleague
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.people import called

CHOSEN = ("given_to", "url", "notices")
KNOWN = ("given_to", "url", "told", "state", "secret", "arrived", "made_at", colleague("made_by"))


@admin.register(Webhook)
class WebhookAdmin(CarefulAdmin):
    """Managers make webhooks, renew their secrets, send again, and end them."""

    form = WebhookForm
    list_display = ("given_to", "told", "state", "arrived")
    ordering = ("ended_at", "given_to", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """The webhooks, each with what became of its notices, and who ended it."""
        became: dict[str, Any] = {
            status: Count("deliveries", filter=Q(deliveries__status=status))
            for status in DeliveryStatus
        }
        named = Webhook.objects.annotate(who_ended=called("ended_by"))
        return named.with_last_failure().annotate(**became)

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """What is chosen; of a webhook that exists, what is known and what can be done."""
        if obj is None:
            return CHOSEN
        return (*KNOWN, "act") if obj.ended_at is None else KNOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """Of a webhook that exists, everything: another address is another webhook."""
        return () if obj is None else KNOWN

    def has_change_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        """A webhook that has ended is only looked at."""
        has_ended = obj is not None and obj.ended_at is not None
        return not has_ended and super().has_change_permission(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask for the password again first: the page shows the secret."""
        if self.has_view_permission(request) or self.has_add_permission(request):
            require_fresh_sign_in(request)
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        """Make a webhook, or do to one what was chosen."""
        by, now = request.user.get_username(), timezone.now()
        if not change:
            notices = [Notice(each) for each in form.cleaned_data["notices"]]
            made = webhooks.add(given_to=obj.given_to, url=obj.url, notices=notices, by=by, now=now)
            obj.pk = made.pk
            return
        match form.cleaned_data["act"]:
            case Act.RENEW:
                webhooks.renew_secret(obj, by=by, now=now)
            case Act.REPLAY:
                number = webhooks.replay(obj, now=now)
                messages.success(request, f"To be sent again: {counted(number, 'notice')}.")
            case Act.TURN_ON:
                webhooks.turn_on(obj, now=now)
            case Act.END:
                webhooks.end(obj, by=by, now=now)

    @admin.display(description="what it is told")
    def told(self, webhook: Webhook) -> str:
        """The kinds of notice, in words."""
        return webhook.notices_in_words()

    @admin.display(description="secret")
    def secret(self, webhook: Webhook) -> str:
        """What the receiver checks with."""
        return "It has ended." if webhook.ended_at else webhooks.secret_of(webhook)

    @admin.display(description="state")
    def state(self, webhook: Any) -> str:
        """Whether it is told anything; if not, since when and why, or who ended it."""
        if webhook.ended_at:
            return f"Ended on {_at(webhook.ended_at)} by {webhook.who_ended}"
        for moment, said in (
            (webhook.off_at, "Turned off on"),
            (webhook.failing_since, "It has accepted nothing since"),
        ):
            if moment:
                return f"{said} {_at(moment)}. {webhooks.last_failure(webhook)}".rstrip()
        return "In use"

    @admin.display(description="notices")
    def arrived(self, webhook: Any) -> str:
        """How many arrived, wait and were given up."""
        return f"{webhook.sent} arrived, {webhook.queued} waiting, {webhook.failed} given up"


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y at %-H:%M}"
