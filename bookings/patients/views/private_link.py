"""The page behind the private link, and its buttons."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from bookings import links, triage
from bookings.diary.clinicians import wish_is_gone
from bookings.models import Appointment, AppointmentRequest, ClinicQuestion, VisitAnswer
from bookings.patients import limits, progress, typed
from bookings.patients.forms.private_link import (
    AnswerQuestionForm,
    CodeForm,
    IdentifyForm,
)
from bookings.patients.views.choosing import choose_form
from bookings.patients.views.given_page import given_page, pages_to_read_as_well
from bookings.patients.views.guards import (
    act,
    ask_once_more,
    behind_link,
    identified_first,
    identify_first,
    identify_in_session,
    is_identified,
    link_needed,
    note_link,
    only_by_press,
    open_in_session,
)
from bookings.screening import (
    flags_to_phone_about,
    questions_to_ask_again,
    unseen_urgent_answers,
)
from bookings.status import WITHDRAWABLE, RequestStatus
from bookings.status.events import told_patient
from procedures.ground import rate_limits
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a short session, and its secret address for an ordinary one."""
    now = timezone.now()
    found = links.follow(token, now)
    if found is None:
        rate_limits.spend_all(by_place(limits.OPEN_UNKNOWN_LINK, request), now)
        return link_needed(request)
    request.session.cycle_key()
    open_in_session(request, found)
    note_link(request, found)
    return redirect("bookings:mine", found.reference)


@get_or_post
def enter_code(request: HttpRequest) -> HttpResponse:
    """Open the request that a code and a date of birth name together.

    The answer does not say which of the two was wrong.
    """
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        spent = rate_limits.spend_all(by_place(limits.ENTER_CODE_FROM_ONE_PLACE, request), now)
        values = form.cleaned_data
        found = links.follow_code(values["code"], values["date_of_birth"], now)
        if found:
            rate_limits.give_back(spent)
            open_in_session(request, found)
            identify_in_session(request, found)
            return redirect("bookings:mine", found.reference)
        form.add_error(
            "code",
            gettext(
                "We have no request with this code and this date of birth. Check both, or phone us "
                "for a new code."
            ),
        )
    return render(request, "bookings/mine/code.html", {"form": form})


@require_safe
def glued_link(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect a link that was opened with the punctuation after it to the link itself."""
    return redirect("bookings:open_link", token)


@require_safe
@behind_link
def mine(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Show the status of the request, what comes next and by when."""
    now = timezone.now()
    state = found.state(now)
    request.session.pop("wanted", None)
    # Chosen before the date of birth was asked for.
    chosen = request.session.get("chosen", "")
    standing = found.offers.standing(now).select_related("appointment_type", "clinician")
    offer = standing.prefetch_related("times").first()
    with_whom = found.appointments.select_related("clinician", "appointment_type", "room__location")
    appointment = with_whom.order_by("-pk").first()
    identified = is_identified(request, found)
    question = found.questions.last()
    answer_form = _answer_form(request, found, question) if identified else None
    # A request closes with its appointment, and the page then says what became of that.
    shown = appointment.status if appointment and state == RequestStatus.CLOSED else state
    is_lost = progress.has_lost_time(found, now)
    must_answer = found.must_answer(now)
    context = {
        "found": found,
        "heading": progress.heading(shown, offer, must_answer=must_answer),
        "must_answer": must_answer,
        "steps": progress.steps(shown),
        **progress.kept_times(found, now),
        "state_template": f"bookings/mine/states/{shown}.html",
        "can_withdraw": state in WITHDRAWABLE,
        "is_lost": is_lost,
        "can_keep": not is_lost and not found.flags.blocking().exists(),
        "offer": offer,
        "offered": progress.spoken_times(offer),
        "choose": choose_form(found, offer, chosen=chosen) if offer else None,
        "is_chosen": offer and chosen in {str(time.pk) for time in offer.times.all()},
        **_of_visit(found, appointment, now),
        "identified": identified,
        "code": links.code(found, now) if identified and not found.email else "",
        **(_told_us(found) if identified else {}),
        "wish_is_gone": wish_is_gone(found.wished_clinician, timezone.localdate(now)),
        "recalled": found.ended_at and found.link_until and now < found.link_until,
        **_to_read(found, appointment, now, identified=identified),
        "question": question,
        "answer_form": answer_form,
        "unsent_answer": _unsent_answer(answer_form, state),
        "past": _past(found),
    }
    return render(request, "bookings/mine/request.html", context)


def _past(found: AppointmentRequest) -> list[tuple[datetime, str]]:
    """What has happened so far, in the patient's sentences."""
    return [
        (event.at, sentence)
        for event in found.events.order_by("number")
        if (sentence := told_patient(event.kind, event.by))
    ]


def _to_read(
    found: AppointmentRequest, appointment: Appointment | None, now: datetime, *, identified: bool
) -> dict[str, Any]:
    """The page that came with the visit, behind the date of birth."""
    given = given_page(appointment, now) if identified else None
    return {
        "has_given": bool(appointment and appointment.given_id),
        "given": given,
        "to_read_as_well": pages_to_read_as_well(found, given, now) if given else [],
    }


def _of_visit(
    found: AppointmentRequest, appointment: Appointment | None, now: datetime
) -> dict[str, Any]:
    """What the page says about the visit, before it and afterwards."""
    return {
        "appointment": appointment,
        "is_soon": triage.is_soon(appointment, now),
        "cancel_until": triage.cancel_until(appointment) if appointment else None,
        "can_cancel": appointment is not None and now < triage.cancel_until(appointment),
        "ask_again": triage.is_soon(appointment, now) and questions_to_ask_again(found, now),
        "visit_answer": VisitAnswer.objects.filter(request=found).first(),
    }


def _told_us(found: AppointmentRequest) -> dict[str, Any]:
    """What the patient's answers to the safety questions ask of them, or of us."""
    return {
        "answers": unseen_urgent_answers(found),
        "by_phone": flags_to_phone_about().filter(request=found).exists(),
    }


def _answer_form(
    request: HttpRequest, found: AppointmentRequest, question: ClinicQuestion | None
) -> AnswerQuestionForm:
    """The field for an answer, with what was written before and could not be accepted."""
    initial: dict[str, Any] = {
        "version": found.version,
        "question": question.pk if question else None,
    }
    for page in ("answer_question", "mine"):
        before = typed.given_back(request, found.reference, page, version=found.version)
        if before:
            initial["text"] = before.get("text", "")
    return AnswerQuestionForm(initial=initial)


def _unsent_answer(form: AnswerQuestionForm | None, state: RequestStatus) -> str:
    """What was written as an answer and can no longer be sent, because we stopped waiting for one."""
    return form.initial.get("text", "") if form and state != RequestStatus.QUESTION_ASKED else ""


@get_or_post
@behind_link
def identify(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for the date of birth before anything private is shown. Five wrong ones a day end the link."""
    form = IdentifyForm(posted(request), is_own=not found.carer_name)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        # A link that was renewed, by staff or automatically, starts the count again.
        link = f"{found.link_key}\n{found.link_version}"
        spent = rate_limits.spend(limits.GIVE_DATE_OF_BIRTH, link, now)
        if form.cleaned_data["date_of_birth"] == found.date_of_birth:
            rate_limits.give_back(spent)
            identify_in_session(request, found)
            wanted = request.session.pop("wanted", "mine")
            return redirect(f"bookings:{wanted}", found.reference)
        if not spent.left:
            return _no_tries_left(request, found, spent.until, now)
        form.add_error(
            "date_of_birth",
            gettext(
                "This is not the date of birth we have. Check that it is for the person who needs the "
                "appointment, or phone us."
            ),
        )
    return render(request, "bookings/mine/identify.html", {"form": form, "found": found})


def _no_tries_left(
    request: HttpRequest, found: AppointmentRequest, until: datetime, now: datetime
) -> HttpResponse:
    """Tell the desk and, once a day, send a new link. After that a colleague speaks to the patient."""
    try:
        rate_limits.spend(limits.NEW_LINK_BY_ITSELF, found.link_key, now)
        renew = True
    except rate_limits.TooManyTries:
        renew = False
    triage.note_wrong_birth_dates(found, renew=renew, now=now)
    context = {"found": found, "renewed": renew, "until": until}
    return render(request, "bookings/mine/no_tries_left.html", context)


@get_or_post
@behind_link
@identified_first
def withdraw(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for confirmation, then withdraw the request."""
    now = timezone.now()
    return ask_once_more(
        request,
        found,
        "bookings/mine/withdraw.html",
        triage.withdraw,
        can=found.state(now) in WITHDRAWABLE,
        has_times=found.offers.standing(now).exists(),
    )


@get_or_post
@behind_link
@only_by_press
def answer_question(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Answer the clinic's question."""
    if not is_identified(request, found):
        return identify_first(request, found)
    form = AnswerQuestionForm(request.POST)
    question = found.questions.last()
    if not form.is_valid():
        context = {"form": form, "found": found, "question": question}
        return render(request, "bookings/mine/answer.html", context)
    values = form.cleaned_data
    # Whatever else has changed meanwhile, the question that they answer is still open.
    is_open = question and question.pk == values["question"] and not question.answered_at
    return act(
        request,
        found,
        lambda: triage.answer_question(
            found,
            version=found.version if is_open else values["version"],
            text=values["text"],
            now=timezone.now(),
        ),
        typed_on="mine",
    )
