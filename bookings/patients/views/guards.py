"""The checks before every page behind a private link, and how the buttons there act."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from bookings.links import is_alive
from bookings.models import AppointmentRequest
from bookings.patients import typed
from bookings.patients.forms.private_link import SeenForm
from bookings.patients.unsent import seconds_to_keep
from bookings.screening import GivenAnswer
from bookings.status import Overtaken, TriageRefused
from bookings.status.events import told_patient
from procedures.ground.forms import posted

PatientView = Callable[[HttpRequest, AppointmentRequest], HttpResponse]


def behind_link(view: PatientView) -> Callable[..., HttpResponse]:
    """Let in only patients who opened the private link in this session, while it is valid."""

    @wraps(view)
    def guarded(request: HttpRequest, reference: str) -> HttpResponse:
        opened = request.session.get("opened", {})
        found = AppointmentRequest.objects.filter(
            reference=reference, link_version=opened.get(reference)
        ).first()
        now = timezone.now()
        is_open = request.session.get("open_until", 0) > now.timestamp()
        if found is None or not is_open or not is_alive(found, now):
            if request.method == "POST" and request.resolver_match:
                typed.keep(request, reference, request.resolver_match.url_name or "")
            return link_needed(request)
        return view(request, found)

    return guarded


def only_by_press(view: PatientView) -> PatientView:
    """Redirect a GET of an address that can only be posted to back to the request."""

    @wraps(view)
    def guarded(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
        if request.method != "POST":
            return redirect("bookings:mine", found.reference)
        return view(request, found)

    return guarded


def press(
    request: HttpRequest, found: AppointmentRequest, verb: Callable[..., object]
) -> HttpResponse:
    """Carry out a button that asks for nothing but the version that was on the screen."""
    form = SeenForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["version"][0]))
        return redirect("bookings:mine", found.reference)
    version = form.cleaned_data["version"]
    return act(request, found, lambda: verb(found, version=version, now=timezone.now()))


def ask_once_more(
    request: HttpRequest,
    found: AppointmentRequest,
    template: str,
    verb: Callable[..., object],
    *,
    form: type[SeenForm] = SeenForm,
    typed_on: str = "",
    **shown: object,
) -> HttpResponse:
    """Show a page that asks once more before a step, and take the step when its button is pressed.

    The verb is called with the values of the form. `typed_on` is the name of the page, if something is
    typed there that should come back after a refusal.
    """
    sent = posted_or_given_back(request, found) if typed_on else posted(request)
    asked = form(sent, initial={"version": found.version})
    if request.method == "POST" and asked.is_valid():
        step = partial(verb, found, **asked.cleaned_data, now=timezone.now())
        return act(request, found, step, typed_on=typed_on)
    return render(request, template, {"form": asked, "found": found, **shown})


def act(
    request: HttpRequest,
    found: AppointmentRequest,
    verb: Callable[[], object],
    *,
    then: str = "mine",
    typed_on: str = "",
    answers: Sequence[GivenAnswer] = (),
) -> HttpResponse:
    """Make the one call and lead on, or show the refusal and lead back.

    After a refusal, what was typed on a page is given back there. Answers that cannot wait for us
    lead to the urgent advice first, whether or not they were accepted.
    """
    try:
        verb()
    except TriageRefused as refusal:
        say(request, refusal)
        if typed_on:
            typed.keep(request, found.reference, typed_on)
        urgent = [given for given in answers if given.is_urgent]
        if urgent:
            context = {"found": found, "answers": urgent, "was_not_taken": True}
            return render(request, "bookings/mine/urgent.html", context)
        return redirect(f"bookings:{typed_on or 'mine'}", found.reference)
    if typed_on:
        typed.forget(request)
    if then == "mine":
        confirm(request, found)
    return redirect(f"bookings:{then}", found.reference)


def confirm(request: HttpRequest, found: AppointmentRequest) -> None:
    """Tell the patient what their press did, in the words of the list of what has happened."""
    done = found.events.order_by("-number").first()
    sentence = told_patient(done.kind, done.by) if done else ""
    if sentence:
        messages.success(request, sentence)


def posted_or_given_back(
    request: HttpRequest, found: AppointmentRequest, page: str = ""
) -> QueryDict | None:
    """What is posted now, or what was typed on this page before and could not be accepted."""
    if request.method == "POST":
        return request.POST
    if not page and request.resolver_match:
        page = request.resolver_match.url_name or ""
    return typed.given_back(request, found.reference, page, version=found.version)


def say(request: HttpRequest, refusal: TriageRefused) -> None:
    """Show a refusal in a sentence for patients, who need not know who was faster than whom."""
    if isinstance(refusal, Overtaken):
        messages.error(
            request,
            gettext(
                "Something has changed since you opened the page, so nothing was done. Check the "
                "current status, then try again."
            ),
        )
        return
    messages.error(request, str(refusal))


# What a session knows about a patient: a form, a receipt, requests that its links opened.
OF_A_PATIENT = (
    "unsent",
    "sent_key",
    "sent_reference",
    "opened",
    "open_until",
    "by_link",
    "identified",
    "wanted",
    "chosen",
    "typed",
)


def close_session(request: HttpRequest) -> None:
    """Hide everything that the last patient on this browser sent or opened.

    Colleagues who tried the site as a patient stay signed in.
    """
    for name in OF_A_PATIENT:
        request.session.pop(name, None)
    request.session.cycle_key()


def open_in_session(request: HttpRequest, found: AppointmentRequest) -> None:
    """Let this browser see the request for an hour, unless its link is revoked sooner."""
    opened = request.session.get("opened", {})
    request.session["opened"] = {**opened, found.reference: found.link_version}
    # Its own end: the session may have to keep an unsent request for longer.
    request.session["open_until"] = timezone.now().timestamp() + settings.PATIENT_SESSION_SECONDS
    request.session.set_expiry(seconds_to_keep(request.session))


def note_link(request: HttpRequest, found: AppointmentRequest) -> None:
    """Remember that the request was opened by its link, so that its address is really theirs."""
    by_link = request.session.get("by_link", {})
    request.session["by_link"] = {**by_link, found.reference: found.link_version}


def came_by_link(request: HttpRequest, found: AppointmentRequest) -> bool:
    """Whether somebody here reads the mailbox that the request names.

    A receipt opens a request too, and so does whoever has just changed its address: neither proves
    anything about the address.
    """
    return bool(request.session.get("by_link", {}).get(found.reference) == found.link_version)


def is_identified(request: HttpRequest, found: AppointmentRequest) -> bool:
    """Whether the date of birth was given in this session."""
    return found.reference in cast("list[str]", request.session.get("identified", []))


def identify_in_session(request: HttpRequest, found: AppointmentRequest) -> None:
    """Show this browser what is private, because the date of birth was right."""
    request.session["identified"] = [*request.session.get("identified", []), found.reference]
    request.session.cycle_key()


def identify_first(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for the date of birth, then lead to the page that was wanted, with what was typed."""
    wanted = request.resolver_match
    if wanted:
        request.session["wanted"] = wanted.url_name
        if request.method == "POST":
            typed.keep(request, found.reference, wanted.url_name or "")
    return redirect("bookings:identify", found.reference)


def identified_first(view: PatientView) -> PatientView:
    """Ask for the date of birth before a page on which something is given back or taken away.

    A link in a letter may be read by somebody else; who has it can look, and take nothing away.
    """

    @wraps(view)
    def guarded(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
        if not is_identified(request, found):
            return identify_first(request, found)
        return view(request, found)

    return guarded


def link_needed(request: HttpRequest) -> HttpResponse:
    """The answer for any link or reference that is unknown, old, forged or not opened here.

    It is the same for all of them, so it does not lead to the same address in another language.
    """
    return render(request, "bookings/mine/link_needed.html", {"languages": []}, status=404)
