"""The production settings, except the names of collected files, which tests do not collect."""

from clinic_site.settings import *  # noqa: F403
from clinic_site.settings import STORAGES

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
