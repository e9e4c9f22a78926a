"""Who may sign."""

from django.contrib import admin
from django.http import HttpRequest

from procedures.desk.forms import ClinicianForm
from procedures.ground.decisions import CarefulAdmin
from procedures.ground.generics import ModelForm
from procedures.ground.signed_in import signed_in
from procedures.models import Clinician


@admin.register(Clinician)
class ClinicianAdmin(CarefulAdmin):
    """People who may sign, with the evidence that they are who they say."""

    form = ClinicianForm
    list_display = ("name", "role", "registration_number", "verified_on", "verified_until")
    prepopulated_fields = {"slug": ("name",)}
    # Whoever has just been invited.
    chosen_by_link = ("login",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "role", "interests", "login")}),
        ("For patients", {"fields": ("portrait", "work", "languages", "days")}),
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
        self, request: HttpRequest, obj: Clinician, form: ModelForm[Clinician], change: bool
    ) -> None:
        """Save the clinician. The person who records a check is stored with it."""
        if "verified_on" in form.changed_data:
            obj.verified_by = signed_in(request) if obj.verified_on else None
        super().save_model(request, obj, form, change)
