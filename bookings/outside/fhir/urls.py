"""The addresses of the FHIR interface. None contains a name."""

from django.urls import path

from bookings.outside.fhir import views

app_name = "fhir"
urlpatterns = [
    path("metadata", views.metadata, name="metadata"),
    path("<str:name>", views.search, name="search"),
    path("<str:name>/_search", views.search_by_form, name="search_by_form"),
    path("<str:name>/<str:pk>", views.read, name="read"),
]
