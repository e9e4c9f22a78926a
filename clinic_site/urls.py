"""All addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from clinic_site import mailbox

handler400 = "clinic_site.errors.bad_request"
handler403 = "clinic_site.errors.forbidden"
handler404 = "clinic_site.errors.not_found"
handler500 = "clinic_site.errors.server_error"

urlpatterns = [
    path("", include("procedures.urls")),
    path("appointments/", include("bookings.urls")),
    path("privacy/", TemplateView.as_view(template_name="privacy.html"), name="privacy"),
    path("admin/", admin.site.urls),
]

if settings.DEVELOPMENT:
    urlpatterns += [path("mailbox/", mailbox.mailbox, name="mailbox")]
