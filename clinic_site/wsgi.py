"""The WSGI entry: `gunicorn -c python:clinic_site.gunicorn clinic_site.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from clinic_site import start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")

start.keep_files_private()
start.prepare_to_serve(exit_code=start.WORKER_BOOT_ERROR)
django_application = get_wsgi_application()

# These need the models, which are loaded by now.
from clinic_site.health import Health  # noqa: E402
from clinic_site.request_counts import Counted  # noqa: E402
from clinic_site.request_ids import RequestIds  # noqa: E402
from procedures.reading.store import PageStore  # noqa: E402

application = RequestIds(Health(Counted(PageStore(django_application))))
