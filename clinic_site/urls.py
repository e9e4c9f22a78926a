"""All addresses of the site."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from clinic_site import mailbox, metrics, openapi, security_txt
from clinic_site.staff import invitation, my_account
from procedures.reading.views import reading

handler400 = "clinic_site.errors.bad_request"
handler403 = "clinic_site.errors.forbidden"
handler404 = "clinic_site.errors.not_found"
handler500 = "clinic_site.errors.server_error"

# What patients find in other languages too. The address of an English page begins with no language.
IN_EVERY_LANGUAGE = i18n_patterns(
    path("appointments/", include("bookings.urls")),
    path("urgent/", reading.urgent, name="urgent"),
    prefix_default_language=False,
)
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("procedures.urls")),
    *IN_EVERY_LANGUAGE,
    path("admin/", admin.site.urls),
    path("fhir/", include("bookings.outside.fhir.urls")),
    path("metrics", metrics.show, name="metrics"),
    path("openapi.json", openapi.show, name="openapi"),
    path(".well-known/change-password", my_account.change_password),
    path(security_txt.PATH, security_txt.show),
    path("invitation/", invitation.choose_password, name="invitation"),
    path("invitation/<str:token>/", invitation.open_invitation, name="open_invitation"),
]

if settings.DEVELOPMENT:
    urlpatterns += [path("mailbox/", mailbox.mailbox, name="mailbox")]
