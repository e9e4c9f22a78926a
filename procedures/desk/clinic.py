"""The clinic's details: the page on which a manager changes them, and every change so far."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from procedures.desk.forms.clinic import ClinicForm
from procedures.desk.records import RecordAdmin
from procedures.ground.decisions import ask_second_person
from procedures.ground.forms import posted
from procedures.ground.signed_in import signed_in
from procedures.models import ClinicDetails
from procedures.models.clinic import first_values, look_again
from procedures.publishing.clinic_details import (
    ASK_AGAIN_LATER,
    DetailsChangedMeanwhile,
    change_details,
)


class Changes(ChangeList):
    """The changes, each with the details as they were before it."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the row before each one too, in one query."""
        super().get_results(request)
        rows = list(self.result_list)
        earlier = ClinicDetails.objects.in_bulk(
            [row.number - 1 for row in rows], field_name="number"
        )
        for row in rows:
            row.before = earlier.get(row.number - 1) or first_values()
        self.result_list = rows


@admin.register(ClinicDetails)
class ClinicDetailsAdmin(RecordAdmin):
    """Every change of the clinic's details. Adding one is how they are changed."""

    list_display = ("at", "by", "what_changed")
    list_display_links = None
    ordering = ("-number",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("procedures.add_clinicdetails")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Changes

    @admin.display(description="what changed")
    def what_changed(self, row: Any) -> SafeString:
        """Each field that is different, as it was and as it became."""
        return format_html_join(
            "",
            "<p><strong>{}:</strong> <del>{}</del> <ins>{}</ins></p>",
            (
                (each.label, each.before or "empty", each.after or "empty")
                for each in row.changes_since(row.before)
            ),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The details as they are now, to be changed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ClinicForm(posted(request), known=look_again())
        if form.is_bound and form.is_valid():
            try:
                saved = change_details(
                    form.values(),
                    seen_number=form.cleaned_data["number"],
                    by=signed_in(request),
                    now=timezone.now(),
                )
            except DetailsChangedMeanwhile as refusal:
                # What was typed stays on the screen; nothing was stored.
                form.add_error(None, str(refusal))
            else:
                said = "Saved. Pages, letters and leaflets show it from now on."
                self.message_user(request, said, messages.SUCCESS)
                if form.keep_days:
                    later, reason = {"days": form.keep_days}, form.cleaned_data["reason"]
                    ask_second_person(
                        request, ASK_AGAIN_LATER, saved, reason=reason, arguments=later
                    )
                return redirect("admin:procedures_clinicdetails_add")
        context = {
            **self.admin_site.each_context(request),
            "title": "Clinic",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/procedures/clinic.html", context)
