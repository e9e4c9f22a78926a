"""Sending a request: the urgent-help page, the steps, the check, the receipt."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bookings import links, triage
from bookings.forms.request_form import SendForm
from bookings.forms.safety_questions import answered_groups
from bookings.models import AppointmentRequest
from bookings.patients import limits
from bookings.patients.unsent import CHECK, ORDER, UnsentRequest, pages_to_ask_about
from bookings.patients.views.guards import close_session, open_in_session
from bookings.screening import flags_to_phone_about, may_answer_in, unseen_urgent_answers
from bookings.status import (
    DAYS,
    PARTS_OF_DAY,
    Answer,
    CarerRight,
    MessageKind,
    TriageRefused,
    needs_in_words,
)
from procedures.ground import languages, rate_limits
from procedures.ground.arranged import as_it_begins
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place

# Whom the appointment is for, as the links of step 2 say it.
FOR_WHOM = {"me": False, "someone-else": True}
# In the address of a step whose language was changed while somebody was filling it in.
CHANGED = "changed"


@get_or_post
def start(request: HttpRequest) -> HttpResponse:
    """The page about urgent symptoms. Passing it opens an empty form."""
    about = request.POST.get("about") or request.GET.get("about") or ""
    titles = {page.slug: title for page, title in pages_to_ask_about()}
    unsent = UnsentRequest(request.session)
    only_by_phone = not may_answer_in(languages.code())
    is_to_begin = request.method == "POST" and not only_by_phone
    if is_to_begin and not (unsent.has_answers and "again" not in request.POST):
        begun = by_place(limits.BEGIN_FROM_ONE_PLACE, request)
        rate_limits.spend_all(begun, timezone.now())
        close_session(request)
        unsent.begin(about if about in titles else "")
        return redirect("bookings:step", "about")
    context = {
        "about": about,
        "title": titles.get(about),
        "section": "request",
        "usual_wait": triage.usual_wait(timezone.now()),
        "unsent": unsent if unsent.has_answers else None,
        "only_by_phone": only_by_phone,
    }
    return render(request, "bookings/request/start.html", context)


@get_or_post
def step(request: HttpRequest, step: str) -> HttpResponse:
    """One step of the form.

    A step that the patient has not reached leads back to the one that is due.
    """
    unsent = UnsentRequest(request.session)
    if not unsent.key:
        return _begin_again(request, step)
    if not unsent.may_open(step):
        return redirect("bookings:step", unsent.next_step())
    if "language" in request.POST and unsent.keep(step, request.POST):
        return _in_other_language(request.POST["language"], step)
    for_whom = FOR_WHOM.get(request.GET.get("for", "")) if step == "you" else None
    if request.method == "POST" or for_whom is None:
        form = unsent.form(step, posted(request))
    else:
        form = unsent.form_for(someone_else=for_whom)
    if request.method == "POST" and form.is_valid():
        if unsent.keep(step, request.POST):
            return redirect("bookings:step", unsent.next_step())
        form.add_error(None, _("This is too long. Shorten what you wrote, or phone us."))
    if CHANGED in request.GET:
        # They have chosen another language in the middle of the step, and nothing is wrong yet.
        form.errors.clear()
    context = {
        "form": form,
        "keeps_what_is_typed": True,
        "other_person": unsent.other_person(),
        "progress": unsent.progress(step),
        "section": "request",
    }
    # Most steps look alike; one that does not has a template of its own.
    templates = [f"bookings/request/{step}.html", "bookings/request/step.html"]
    return render(request, templates, context | _way_back(step))


@get_or_post
def urgent(request: HttpRequest) -> HttpResponse:
    """Say what to do straight away about an answer that cannot wait for us.

    Then the form goes on.
    """
    unsent = UnsentRequest(request.session)
    if not unsent.key:
        return _begin_again(request)
    answers = unsent.urgent_answers()
    if request.method == "POST":
        unsent.mark_urgent_read()
    if request.method == "POST" or not answers:
        return redirect("bookings:step", unsent.next_step())
    context = {"answers": answers, "section": "request"}
    return render(request, "bookings/request/urgent.html", context)


@get_or_post
@as_it_begins()
def check(request: HttpRequest) -> HttpResponse:
    """The last step: all answers, and the button that sends them."""
    unsent = UnsentRequest(request.session)
    pressed = request.POST.get("key")
    if pressed and pressed == request.session.get("sent_key"):
        return redirect("bookings:sent")
    if pressed and pressed != unsent.key and pressed.isprintable():
        # The second press of an accepted form, before the browser had a reply to the first.
        received = AppointmentRequest.objects.filter(submission_key=pressed).first()
        if received:
            return _receipt(request, received)
    if not unsent.key:
        return _begin_again(request)
    due = unsent.next_step()
    if due != CHECK:
        return redirect("bookings:step", due)
    if pressed == unsent.key and (unsent.was_asked_twice or not _is_by_program(request, unsent)):
        return _send(request, unsent)
    submission = unsent.submission()
    title = unsent.page_title
    if request.method == "POST":
        _say_not_sent(request, unsent)
    form = SendForm(initial={"key": unsent.key})
    context = {
        "form": form,
        "unsent": submission,
        "page_title": title,
        "days": [_(DAYS[day]) for day in submission.preferred_days],
        "times": [_(PARTS_OF_DAY[part]) for part in submission.preferred_times],
        "groups": answered_groups(submission.answers),
        "by_phone": any(given.answer == Answer.PHONE for given in submission.answers),
        "can_choose_clinician": "wished_clinician" in unsent.form("times").fields,
        "needs": needs_in_words(submission.access_needs, submission.access_detail),
        "carer_right": _(CarerRight(submission.carer_right).label)
        if submission.carer_right
        else "",
        "progress": unsent.progress(CHECK),
        "section": "request",
    }
    return render(request, "bookings/request/check.html", context | _way_back(CHECK))


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The receipt: the reference, by when we answer, what happens next."""
    reference = request.session.get("sent_reference")
    received = AppointmentRequest.objects.filter(reference=reference).first()
    if received is None:
        return _begin_again(request)
    waits = received.messages.filter(
        kind=MessageKind.RECEIVED, tries=0, next_try__gt=timezone.now()
    )
    context = {
        "received": received,
        "code": links.code(received, timezone.now()),
        "texted": bool(settings.TEXT_MESSAGES and received.text_messages),
        "answers": unseen_urgent_answers(received),
        "by_phone": flags_to_phone_about().filter(request=received).exists(),
        "email_waits": waits.exists(),
        "usual_wait": triage.usual_wait(timezone.now()),
    }
    return render(request, "bookings/request/sent.html", context)


def _send(request: HttpRequest, unsent: UnsentRequest) -> HttpResponse:
    submission = unsent.submission()
    spends = [
        *by_place(limits.SEND_FROM_ONE_PLACE, request),
        _to_one_person(submission),
    ]
    try:
        # The request, and what lets this browser see it, are stored together or not at all.
        with transaction.atomic():
            received = triage.submit(submission, key=unsent.key, now=timezone.now(), limits=spends)
            unsent.forget()
            receipt = _receipt(request, received)
            request.session.save()
    except rate_limits.TooManyTries as refused:
        refused.kept_until = unsent.keep_until(refused.until)
        raise
    except TriageRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("bookings:start")
    return receipt


def _to_one_person(submission: triage.Submission) -> rate_limits.Try:
    """The limit on how often anybody can make us write to somebody, or phone them."""
    if submission.email:
        return limits.SEND_TO_ONE_MAILBOX, rate_limits.one_mailbox(submission.email)
    return limits.SEND_TO_ONE_PHONE, submission.phone


def _say_not_sent(request: HttpRequest, unsent: UnsentRequest) -> None:
    """Tell whoever pressed the button why nothing was sent."""
    if request.POST.get("key") != unsent.key:
        expired = _("This page has expired. Check your answers here, then send them.")
        messages.error(request, expired)
        return
    unsent.ask_twice()
    messages.info(
        request,
        _(
            "Your request has not been sent yet. Please check your answers once more, then press "
            "“Send my request” again."
        ),
    )


def _receipt(request: HttpRequest, received: AppointmentRequest) -> HttpResponse:
    """Let this browser see what was received."""
    request.session["sent_key"] = received.submission_key
    request.session["sent_reference"] = received.reference
    open_in_session(request, received)
    request.session.cycle_key()
    return redirect("bookings:sent")


def _is_by_program(request: HttpRequest, unsent: UnsentRequest) -> bool:
    """Whether it was quicker than a person can be, or filled in a field that people do not see."""
    return unsent.is_too_quick(timezone.now()) or bool(request.POST.get("website"))


def _begin_again(request: HttpRequest, step: str = "") -> HttpResponse:
    """Redirect to the start, and keep the step that was posted too late."""
    if step and request.method == "POST":
        begun = by_place(limits.BEGIN_FROM_ONE_PLACE, request)
        rate_limits.spend_all(begun, timezone.now())
        UnsentRequest(request.session).rescue(step, request.POST)
        said = _(
            "More than an hour has passed, so we have deleted your earlier answers to keep them "
            "private. We have kept what you have just typed. Please start again: you will find it in "
            "the same step."
        )
    else:
        said = _(
            "You have no unsent request here. To keep your answers private, we delete them after an "
            "hour. Please start again."
        )
    messages.info(request, said)
    return redirect("bookings:start")


@get_or_post
def finished(request: HttpRequest) -> HttpResponse:
    """Remove everything about the patient from this browser, for a device that others use too."""
    if request.method != "POST":
        return render(request, "bookings/finished.html", {"is_done": False})
    if request.user.is_authenticated:
        close_session(request)
        return render(request, "bookings/finished.html", {"is_done": True})
    request.session.flush()
    response = render(request, "bookings/finished.html", {"is_done": True})
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _in_other_language(code: str, step: str) -> HttpResponse:
    """The same step in another language, with what was typed so far."""
    with languages.spoken_in(code):
        address = reverse("bookings:step", args=[step])
    return redirect(f"{address}?{CHANGED}")


def _way_back(step: str) -> dict[str, str]:
    index = ORDER.index(step)
    return {"back": ORDER[index - 1] if index else ""}
