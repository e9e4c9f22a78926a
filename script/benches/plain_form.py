"""A second yardstick for requests: what Django itself costs.

A form with five fields, and three rows. No session, no limits, no journal, one transaction; the
same server, pool and PostgreSQL.
"""

import os

import django
import environ
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

database = environ.Env.db_url_config(os.environ["DATABASE_URL"])
# Beside the socket's folder, which the address names.
database.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 4}
settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {**database, "CONN_HEALTH_CHECKS": True}},
)
django.setup()

from django import forms  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.urls import path  # noqa: E402


class PlainRow(models.Model):
    """What the form stores, three times."""

    name = models.CharField(max_length=100)
    email = models.EmailField()
    born = models.DateField()
    concern = models.TextField()

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return self.name


class PlainForm(forms.Form):
    """What an ordinary site would ask."""

    name = forms.CharField(max_length=100)
    email = forms.EmailField()
    born = forms.DateField()
    concern = forms.CharField(max_length=1000)
    agreed = forms.BooleanField()


def send(request: HttpRequest) -> HttpResponse:
    """Validate, insert, commit, answer."""
    form = PlainForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    form.cleaned_data.pop("agreed")
    with transaction.atomic():
        for _ in range(3):
            PlainRow(**form.cleaned_data).save(force_insert=True)
    return HttpResponse("ok")


urlpatterns = [path("", send)]
with connection.cursor() as cursor:
    cursor.execute("SELECT to_regclass('plain_plainrow')")
    if cursor.fetchone() == (None,):
        with connection.schema_editor() as editor:
            editor.create_model(PlainRow)
application = get_wsgi_application()
