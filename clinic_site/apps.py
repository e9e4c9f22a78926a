"""Connects the desk and the staff groups to Django."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class ClinicSiteConfig(AppConfig):
    """The wiring: system checks, commands, and the groups of staff."""

    name = "clinic_site"
    default = True

    def ready(self) -> None:
        """Connect the groups once the models are loaded."""
        from clinic_site import checks, groups  # noqa: F401, PLC0415 -- models are ready only now

        post_migrate.connect(groups.grant, dispatch_uid="clinic_site.groups")


class DeskConfig(admin_apps.AdminConfig):
    """Django's admin with our one site class and no other way in."""

    default = False
    default_site = "clinic_site.desk.Desk"
