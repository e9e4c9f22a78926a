"""The addresses of the patient's side and of calendars. None contains anything about a person."""

from django.urls import path, re_path, register_converter

from bookings.outside import feeds, text_replies, text_reports
from bookings.patients.unsent import ORDER, URGENT
from bookings.patients.views import (
    appointment,
    choosing,
    contact,
    following,
    given_page,
    own_requests,
    private_link,
    request_form,
)


class StepConverter:
    """A step of the form. Any other word is not found."""

    regex = "|".join([*ORDER, URGENT])

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


class ReferenceConverter(StepConverter):
    """A reference as patients know it."""

    regex = "[A-Z0-9]{4}-[A-Z0-9]{4}"


register_converter(StepConverter, "step")
register_converter(ReferenceConverter, "reference")

# A mail program may include the sign after a link: <link>, (link), link.
GLUED_LINK = r"""^mine/link/(?P<token>[A-Za-z0-9_:-]+)/?[]<>(){}.,;!?'"”’»\s]+/?$"""

app_name = "bookings"
urlpatterns = [
    path("calendar/<str:token>/diary.ics", feeds.calendar_feed, name="calendar_feed"),
    path("texts/", text_replies.text_reply, name="text_reply"),
    path("texts/<str:message_id>/", text_reports.text_report, name="text_report"),
    path("request/", request_form.start, name="start"),
    path("request/check/", request_form.check, name="check"),
    path("request/urgent/", request_form.urgent, name="urgent"),
    path("request/sent/", request_form.sent, name="sent"),
    path("request/<step:step>/", request_form.step, name="step"),
    path("finished/", request_form.finished, name="finished"),
    path("link/", contact.lost_link, name="lost_link"),
    path("code/", private_link.enter_code, name="enter_code"),
    path("follow/<slug:slug>/", following.follow, name="follow"),
    path("mine/link/news/<str:token>/", following.following, name="following"),
    path("mine/link/news/<str:token>/leave/", following.leave, name="leave"),
    re_path(GLUED_LINK, private_link.glued_link),
    path("mine/link/<str:token>/", private_link.open_link, name="open_link"),
    path("mine/<reference:reference>/", private_link.mine, name="mine"),
    path("mine/<reference:reference>/identify/", private_link.identify, name="identify"),
    path("mine/<reference:reference>/contact/", contact.contact, name="contact"),
    path("mine/<reference:reference>/page/", given_page.page, name="given"),
    path("mine/<reference:reference>/all/", own_requests.own_requests, name="own_requests"),
    path("mine/<reference:reference>/again/", own_requests.ask_again, name="ask_again"),
    path("mine/<reference:reference>/withdraw/", private_link.withdraw, name="withdraw"),
    path("mine/<reference:reference>/cancel/", appointment.cancel, name="cancel"),
    path("mine/<reference:reference>/undo/", appointment.undo, name="undo"),
    path("mine/<reference:reference>/move/", appointment.another_time, name="another_time"),
    path("mine/<reference:reference>/keep/", appointment.keep, name="keep"),
    path("mine/<reference:reference>/earlier/", appointment.join_earlier, name="join_earlier"),
    path("mine/<reference:reference>/no-earlier/", appointment.leave_earlier, name="leave_earlier"),
    path("mine/<reference:reference>/afterwards/", appointment.afterwards, name="afterwards"),
    path(
        "mine/<reference:reference>/appointment.ics",
        appointment.calendar_file,
        name="calendar_file",
    ),
    path("mine/<reference:reference>/choose/", choosing.choose_time, name="choose_time"),
    path("mine/<reference:reference>/safety/", choosing.safety, name="safety"),
    path("mine/<reference:reference>/urgent/", choosing.urgent, name="urgent_again"),
    path("mine/<reference:reference>/other-times/", choosing.other_times, name="other_times"),
    path(
        "mine/<reference:reference>/answer/", private_link.answer_question, name="answer_question"
    ),
]
