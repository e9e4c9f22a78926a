"""What patients read."""

from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    """Clinicians, information pages, their revisions and signatures."""

    name = "procedures"
    verbose_name = "Information pages"
