"""The WSGI entry: `gunicorn -c python:clinic_site.gunicorn clinic_site.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from clinic_site import start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")

start.keep_files_private()
start.prepare_to_serve(exit_code=start.WORKER_BOOT_ERROR)
django_application = get_wsgi_application()

# Needs the models, which are loaded by now.
from procedures.reading.store import PageStore  # noqa: E402

application = PageStore(django_application)
