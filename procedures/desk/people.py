"""Who may sign."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from procedures.desk.forms import ClinicianForm
from procedures.desk.forms.translations import TranslatorForm
from procedures.ground.decisions import CarefulAdmin, ask_second_person
from procedures.ground.signed_in import signed_in
from procedures.models import Clinician, Translator
from procedures.publishing.clinicians import CHANGE_IDENTITY, CHECK, IDENTITY, identity_of

WHY_IT_CHANGES = (
    "If the login or the registration changes",
    {
        "description": "Whoever has the login signs as this person. So a second person has to "
        "agree, and until then everything under “Registration” stays as it is.",
        "fields": ("reason",),
    },
)


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

    def get_fieldsets(self, request: HttpRequest, obj: Clinician | None = None) -> Any:
        """Ask why the login or the registration changes, once there is one."""
        asked = (WHY_IT_CHANGES,) if obj and self.has_change_permission(request, obj) else ()
        return (*super().get_fieldsets(request, obj), *asked)

    def save_model(
        self, request: HttpRequest, obj: Clinician, form: ClinicianForm, change: bool
    ) -> None:
        """Save the clinician. Whoever records a check is stored with it.

        Another login or registration is only proposed, with the check that belongs to it.
        """
        if change and form.changes_identity():
            self._propose_identity(request, obj, form)
        elif "verified_on" in form.changed_data:
            obj.verified_by = signed_in(request) if obj.verified_on else None
        super().save_model(request, obj, form, change)

    def _propose_identity(self, request: HttpRequest, obj: Clinician, form: ClinicianForm) -> None:
        """Put back what says who the clinician is, and propose what was typed instead."""
        typed = identity_of(obj)
        stored = Clinician.objects.get(pk=obj.pk)
        for name in (*IDENTITY, *CHECK):
            setattr(obj, name, getattr(stored, name))
        # The history of the admin says only what was done.
        waiting = {*CHECK, "login", "regulator", "registration_number", "reason"}
        form.changed_data = [name for name in form.changed_data if name not in waiting]
        ask_second_person(
            request,
            CHANGE_IDENTITY,
            obj,
            reason=form.cleaned_data["reason"],
            arguments=typed,
        )


@admin.register(Translator)
class TranslatorAdmin(CarefulAdmin):
    """People who translate for us. Whoever has the account signs under its own name."""

    form = TranslatorForm
    list_display = ("login", "language", "qualification", "until")
    ordering = ("language", "login__username")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Translator | None = None
    ) -> tuple[str, ...]:
        """Whose record it is stays: signatures name it."""
        return ("login", "language") if obj else ()
