"""Access tokens: which other system may read what, until when, and how it was used."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from bookings.access import make_token, revoke
from bookings.desk.forms.access import AccessTokenForm
from bookings.models import AccessToken
from bookings.triage import reads_every_answer
from procedures.ground.counting import counted
from procedures.ground.decisions import CarefulAdmin, colleague
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.people import called
from procedures.ground.signed_in import signed_in

CHOSEN = ("given_to", "scopes", "last_day")
KNOWN = (
    "given_to",
    "reads",
    "last_day",
    "state",
    "made_at",
    colleague("made_by"),
    "ending",
    "used",
)
DAYS_SHOWN = 14


@admin.register(AccessToken)
class AccessTokenAdmin(CarefulAdmin):
    """Managers make and revoke the tokens. Nobody can read one again."""

    form = AccessTokenForm
    list_display = ("given_to", "reads", "last_day", "state", "last_used")
    ordering = ("revoked_at", "last_day", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessToken]:
        """The tokens, each with who revoked it and the last day on which it was used."""
        tokens: QuerySet[AccessToken] = super().get_queryset(request)
        return tokens.annotate(who_revoked=called("revoked_by"), last_used_on=Max("uses__day"))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form, which has to know who fills it in."""
        made: Any = super().get_form(request, obj, change=change, **kwargs)
        made.reads_every_answer = reads_every_answer(signed_in(request))
        return made

    def get_fields(self, request: HttpRequest, obj: AccessToken | None = None) -> Any:
        """What is chosen; of a token that exists, what is known and whether it ends."""
        if obj is None:
            return CHOSEN
        return (*KNOWN, "ends") if obj.is_valid(timezone.now()) else KNOWN

    def get_readonly_fields(self, request: HttpRequest, obj: AccessToken | None = None) -> Any:
        """Of a token that exists, all but its end."""
        return () if obj is None else KNOWN

    def has_change_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        """A token that has ended is only looked at."""
        has_ended = obj is not None and not obj.is_valid(timezone.now())
        return not has_ended and super().has_change_permission(request, obj)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for the password again first: a token opens more than one screen does."""
        if self.has_add_permission(request):
            require_fresh_sign_in(request)
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: AccessToken, form: Any, change: bool) -> None:
        """Make a token, or revoke one."""
        by, now = request.user.get_username(), timezone.now()
        if not change:
            made = make_token(
                given_to=obj.given_to,
                scopes=form.cleaned_data["scopes"],
                last_day=obj.last_day,
                by=by,
                now=now,
            )
            obj.pk, obj.text = made.pk, made.text
        elif form.cleaned_data["ends"]:
            revoke(obj, by=by, now=now)

    def response_add(
        self, request: HttpRequest, obj: AccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, in the answer itself: a page that leads on would have to keep it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token for {obj.given_to}",
            "made": obj,
        }
        return TemplateResponse(request, "admin/bookings/accesstoken/made.html", context)

    @admin.display(description="what it may read")
    def reads(self, token: AccessToken) -> str:
        """The kinds of resource, in words."""
        return token.scopes_in_words()

    @admin.display(description="state")
    def state(self, token: Any) -> str:
        """Whether it works, and if not, since when and because of whom."""
        if token.revoked_at:
            day = f"{timezone.localtime(token.revoked_at):%-d %B %Y}"
            return f"Revoked on {day} by {token.who_revoked}"
        return "In use" if token.is_valid(timezone.now()) else "Ended on its last day"

    @admin.display(description="last used")
    def last_used(self, token: Any) -> str:
        """The last day on which it was answered or refused."""
        return f"{token.last_used_on:%-d %B %Y}" if token.last_used_on else "Never"

    @admin.display(description="how it was used")
    def used(self, token: AccessToken) -> str:
        """The newest days, each with how often it was answered and refused."""
        days = [
            f"{each.day:%-d %B %Y}: {counted(each.answered, 'answer')}, {each.refused} refused"
            for each in token.uses.all()[:DAYS_SHOWN]
        ]
        return "\n".join(days) or "Never"
