"""Who may sign."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from procedures.desk.forms import ClinicianForm
from procedures.ground.decisions import CarefulAdmin
from procedures.models import Clinician


@admin.register(Clinician)
class ClinicianAdmin(CarefulAdmin):
    """People who may sign, with the evidence that they are who they say."""

    form = ClinicianForm
    list_display = ("name", "role", "registration_number", "verified_on", "verified_until")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "role", "interests", "login")}),
        (
            "Registration",
            {
                "description": "A number that looks right proves nothing. Look the person up in the "
                "public register, check their licence and any restrictions, and write down "
                "what you found.",
                "fields": (
                    "regulator",
                    "registration_number",
                    "register_url",
                    "verified_on",
                    "verification_evidence",
                    "verified_until",
                ),
            },
        ),
    )

    def save_model(
        self, request: HttpRequest, obj: Clinician, form: ModelForm, change: bool
    ) -> None:
        """Whoever records a check is the one who made it."""
        if "verified_on" in form.changed_data:
            obj.verified_by = request.user if obj.verified_on else None
        super().save_model(request, obj, form, change)
