"""The WSGI entry: `gunicorn clinic_site.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")

django_application = get_wsgi_application()

# Needs the models, which exist from here on.
from procedures.store import PageStore  # noqa: E402

application = PageStore(django_application)
