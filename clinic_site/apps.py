"""Connects the desk and the staff groups to Django."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class ClinicSiteConfig(AppConfig):
    """The wiring: system checks, commands, and the groups of staff."""

    name = "clinic_site"
    default = True

    def ready(self) -> None:
        """Connect the groups and the sessions of staff once the models are loaded."""
        # The models are ready only now.
        from clinic_site import checks, groups  # noqa: F401, PLC0415
        from clinic_site.staff import sessions  # noqa: PLC0415

        sessions.listen()
        post_migrate.connect(groups.grant, dispatch_uid="clinic_site.groups")


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with our one site class and no other way in."""

    default = False
    default_site = "clinic_site.desk.Desk"

    def ready(self) -> None:
        """Take away forms that write what `staff` has verbs for. One of them shows secrets."""
        from django.contrib import admin  # noqa: PLC0415 -- the models are ready only now
        from django.contrib.auth.models import User  # noqa: PLC0415
        from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: PLC0415

        super().ready()
        admin.site.unregister([User, TOTPDevice])
