"""Addresses of the patient's side. None carries anything about a person."""

from django.urls import path, register_converter

from bookings import views
from bookings.steps import ORDER


class StepConverter:
    """A step of the form; any other word is simply not found."""

    regex = "|".join(ORDER)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ReferenceConverter(StepConverter):
    """A reference as patients know it."""

    regex = "[A-Z0-9]{4}-[A-Z0-9]{4}"


register_converter(StepConverter, "step")
register_converter(ReferenceConverter, "reference")

app_name = "bookings"
urlpatterns = [
    path("request/", views.start, name="start"),
    path("request/check/", views.check, name="check"),
    path("request/sent/", views.sent, name="sent"),
    path("request/<step:step>/", views.step, name="step"),
    path("mine/link/<str:token>/", views.open_link, name="open_link"),
    path("mine/<reference:reference>/", views.mine, name="mine"),
    path("mine/<reference:reference>/identify/", views.identify, name="identify"),
    path("mine/<reference:reference>/withdraw/", views.withdraw, name="withdraw"),
    path("mine/<reference:reference>/choose/", views.choose_time, name="choose_time"),
    path("mine/<reference:reference>/other-times/", views.other_times, name="other_times"),
    path("mine/<reference:reference>/answer/", views.answer_question, name="answer_question"),
]
