"""Addresses of public pages."""

from django.urls import path, register_converter

from procedures import views
from procedures.status import Category


class CategoryConverter:
    """One of the categories; any other word is simply not found."""

    regex = "|".join(Category.values)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CategoryConverter, "category")

app_name = "procedures"
urlpatterns = [
    path("", views.home, name="home"),
    path("<category:category>/", views.category, name="category"),
    path("<category:category>/<slug:slug>/", views.page, name="page"),
]
