"""Offered times, and the questions that are asked again with them."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from bookings import triage
from bookings.forms.safety_questions import SafetyForm
from bookings.models import AppointmentRequest, Offer, OfferedTime
from bookings.patients import typed
from bookings.patients.forms.private_link import ChooseTimeForm, OtherTimesForm, SeenForm
from bookings.patients.progress import has_lost_time, spoken_times
from bookings.patients.views.guards import (
    act,
    behind_link,
    identified_first,
    identify_first,
    is_identified,
    only_by_press,
    posted_or_given_back,
)
from bookings.screening import (
    GivenAnswer,
    answers_from_language,
    may_answer_in,
    questions_to_ask_again,
    urgent_answers_given_last,
)
from bookings.status import WITH_APPOINTMENT, TriageRefused
from procedures.ground import languages
from procedures.ground.forms import get_or_post, posted
from procedures.ground.moments import moment


def choose_form(
    found: AppointmentRequest,
    offer: Offer,
    request: HttpRequest | None = None,
    chosen: str = "",
) -> ChooseTimeForm:
    """The form with the times of the offer, each with its day spelt out."""
    times = [(time.pk, _spelt_out(time)) for time in offer.times.select_related("room__location")]
    sent = request.POST if request else None
    initial = {"version": found.version, "time": chosen}
    return ChooseTimeForm(sent, times=times, initial=initial)


def _answers(form: SafetyForm) -> list[GivenAnswer]:
    """The answers of a valid form, and what the language says in which they were read.

    Nothing counts as answered in a translation that would raise no flag.
    """
    answers = [*form.answers(), *answers_from_language(form.answered_in)]
    return answers if may_answer_in(form.answered_in) else []


def _next_after(answers: Sequence[GivenAnswer]) -> str:
    """The next page: the urgent advice, if one of these answers cannot wait for us."""
    return "urgent_again" if any(given.is_urgent for given in answers) else "mine"


def _spelt_out(time: OfferedTime) -> str:
    if not (time.room and time.room.location):
        return moment(time.starts)
    where = languages.in_english(time.room.location.name)
    return format_html(languages.listed(["{}", "{}"]), moment(time.starts), where)


@get_or_post
@behind_link
@only_by_press
def choose_time(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Take one of the offered times, and answer the questions that have to be asked again.

    The date of birth comes before the questions, and before a booked time is given up for another.
    """
    questions = questions_to_ask_again(found, timezone.now())
    is_private = bool(questions) or found.state(timezone.now()) in WITH_APPOINTMENT
    is_answered = "answered" in request.POST
    before = typed.given_back(request, found.reference, "safety", version=found.version)
    safety = SafetyForm(request.POST if is_answered else before, questions=questions)
    is_complete = is_answered and is_identified(request, found) and safety.is_valid()
    answers = _answers(safety) if questions and is_complete else []
    offer = found.offers.standing(timezone.now()).first()
    form = choose_form(found, offer, request) if offer else None
    if offer is None or form is None or (answers and not form.is_valid()):
        return act(request, found, _too_late, typed_on="safety" if answers else "", answers=answers)
    if not form.is_valid():
        context = {"form": form, "found": found, "offer": offer}
        return render(request, "bookings/mine/choose_time.html", context)
    values = form.cleaned_data
    chosen = OfferedTime.objects.select_related("offer__request").get(pk=values["time"])
    if is_private and not is_identified(request, found):
        if is_answered:
            typed.keep(request, found.reference, "safety")
        return _identify_first(request, found, chosen=values["time"])
    if questions and not answers:
        return _ask_again(request, found, safety, version=values["version"], chosen=chosen)
    return act(
        request,
        found,
        lambda: triage.accept(
            found,
            version=values["version"],
            chosen=chosen,
            answers=answers,
            now=timezone.now(),
        ),
        then=_next_after(answers),
        typed_on="safety" if answers else "",
        answers=answers,
    )


def _identify_first(
    request: HttpRequest, found: AppointmentRequest, *, chosen: str
) -> HttpResponse:
    """Ask for the date of birth, and say that nothing is booked: the button has to be pressed again."""
    request.session["chosen"] = chosen
    not_yet = gettext(
        "The time you chose is not booked yet. Enter the date of birth, then press the button again."
    )
    messages.info(request, not_yet)
    return redirect("bookings:identify", found.reference)


def _ask_again(
    request: HttpRequest,
    found: AppointmentRequest,
    form: SafetyForm,
    *,
    version: int,
    chosen: OfferedTime | None = None,
) -> HttpResponse:
    """The questions whose answers may have changed, before a time is booked or a visit takes place."""
    context = {
        "form": form,
        "found": found,
        "chosen": chosen,
        "version": version,
        "must_answer": found.must_answer(timezone.now()),
        "only_by_phone": not may_answer_in(languages.code()),
    }
    return render(request, "bookings/mine/safety.html", context)


def _too_late() -> None:
    raise TriageRefused(
        gettext(
            "This offer has ended, so we are no longer holding its times for you. If you still "
            "need an appointment, phone us."
        )
    )


@get_or_post
@behind_link
def safety(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask before the visit whether anything has changed; or everything, if nobody answered in the call.

    Earlier answers are not shown, but the questions reveal what the visit is for, so the date of
    birth comes first.
    """
    if not is_identified(request, found):
        return identify_first(request, found)
    now = timezone.now()
    questions = questions_to_ask_again(found, now)
    form = SafetyForm(posted_or_given_back(request, found), questions=questions)
    answers = _answers(form) if request.method == "POST" and questions and form.is_valid() else []
    is_asked = found.state(now) in WITH_APPOINTMENT or found.must_answer(now)
    if not questions or not (is_asked or answers):
        return redirect("bookings:mine", found.reference)
    seen = SeenForm(posted(request), initial={"version": found.version})
    if answers and seen.is_valid():
        version = seen.cleaned_data["version"]
        return act(
            request,
            found,
            lambda: triage.answer_again(found, version=version, answers=answers, now=now),
            then=_next_after(answers),
            typed_on="safety",
            answers=answers,
        )
    return _ask_again(request, found, form, version=found.version)


@require_safe
@behind_link
def urgent(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Say what to do straight away about an answer that cannot wait for us."""
    if not is_identified(request, found):
        return identify_first(request, found)
    answers = urgent_answers_given_last(found)
    if not answers:
        return redirect("bookings:mine", found.reference)
    return render(request, "bookings/mine/urgent.html", {"found": found, "answers": answers})


@get_or_post
@behind_link
@identified_first
def other_times(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask what would suit, then refuse the offered times."""
    now = timezone.now()
    offer = found.offers.standing(now).prefetch_related("times").first()
    if offer is None and request.method != "POST":
        return redirect("bookings:mine", found.reference)
    form = OtherTimesForm(posted_or_given_back(request, found), initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        return act(
            request,
            found,
            lambda: triage.ask_for_other_times(found, **values, now=now),
            typed_on="other_times",
        )
    context = {
        "form": form,
        "found": found,
        "offered": spoken_times(offer),
        "keeps_appointment": found.state(now) in WITH_APPOINTMENT and not has_lost_time(found, now),
    }
    return render(request, "bookings/mine/other_times.html", context)
