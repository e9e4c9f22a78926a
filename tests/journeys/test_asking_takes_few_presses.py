"""A healthy person reaches the receipt with few presses, on a phone and without any script."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from bookings.links import private_link
from bookings.models import AppointmentRequest
from bookings.screening import questions_for
from bookings.status import Answer, RequestStatus
from tests import factories
from tests.journeys.steps import Presses, press, say_no_to_the_rest, tick

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

# Links, buttons and ticks, from a page about a procedure to the receipt.
MOST_PRESSES = 14
PHONE_HEIGHT = 812


def test_a_healthy_person_asks_for_an_appointment(clinic: str, new_page: NewPage) -> None:
    page = new_page(javascript=False, width=375)
    presses = Presses()

    def choose(label: str) -> None:
        for box in page.get_by_label(label).filter(visible=True).all():
            presses.said(label)
            box.check()

    page.goto(f"{clinic}/procedures/ultrasound-guided-injections/")
    presses.follow(page.get_by_role("link", name="Request an appointment").last)
    presses.follow(page.get_by_role("button", name="None of these apply: continue"))
    page.get_by_label("What would you like help with?").fill("My knee has been sore since May.")
    presses.follow(page.get_by_role("button", name="Continue"))
    page.get_by_label("Full name").fill("Healthy Sample")
    for box, part in (("Day", "5"), ("Month", "4"), ("Year", "1983")):
        page.get_by_label(box).fill(part)
    page.get_by_label("Email address").fill("healthy@example.org")
    presses.follow(page.get_by_role("button", name="Continue"))
    for group in page.locator(".questions").all():
        size = group.bounding_box()
        assert size
        assert size["height"] < PHONE_HEIGHT, group.inner_text()
    choose("None of these")
    presses.follow(page.get_by_role("button", name="Continue"))
    choose("Monday")
    choose("Morning")
    presses.follow(page.get_by_role("button", name="Continue"))
    presses.follow(page.get_by_role("button", name="Send my request"))
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    presses.are_at_most(MOST_PRESSES)

    request = AppointmentRequest.objects.get(email="healthy@example.org")
    said = list(request.answers.values_list("question", "answer").order_by("question"))
    asked = sorted(question.pk for question in questions_for(request.page))
    assert said == [(pk, Answer.NO) for pk in asked]


def test_somebody_who_would_rather_talk_is_told_that_we_will_phone(
    clinic: str, new_page: NewPage, look_at: Look
) -> None:
    page = new_page(width=375)
    page.goto(f"{clinic}/appointments/request/?about=trigger-finger")
    press(page.get_by_role("button", name="None of these apply: continue"))
    page.get_by_label("What would you like help with?").fill("My thumb locks.")
    press(page.get_by_role("button", name="Continue"))
    page.get_by_label("Full name").fill("Quiet Sample")
    for box, part in (("Day", "5"), ("Month", "4"), ("Year", "1983")):
        page.get_by_label(box).fill(part)
    page.get_by_label("Email address").fill("quiet@example.org")
    page.get_by_label("Phone number").fill("020 7946 0123")
    press(page.get_by_role("button", name="Continue"))

    tick(page, "Do you take ritonavir")
    page.get_by_label("I would rather tell you by phone").filter(visible=True).check()
    page.get_by_role("group", name="Today").get_by_label("None of these").check()
    press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("alert")).to_contain_text("Medicines: tick any others that apply.")
    press(page.get_by_role("link", name="Medicines: tick any others that apply."))
    expect(page.get_by_role("checkbox", name="Do you take a blood thinner")).to_be_focused()
    look_at(page)
    say_no_to_the_rest(page)
    press(page.get_by_role("button", name="Continue"))
    page.get_by_label("Monday").check()
    page.get_by_label("Morning").check()
    press(page.get_by_role("button", name="Continue"))
    expect(page.get_by_text("We will phone you on 020 7946 0123.")).to_be_visible()
    page.get_by_text("“No” to 4 questions").click()
    look_at(page)
    press(page.get_by_role("button", name="Send my request"))
    expect(page.get_by_text("We will phone you on 020 7946 0123.")).to_be_visible()
    look_at(page)


def test_before_the_visit_a_new_medicine_is_asked_about(
    clinic: str, new_page: NewPage, look_at: Look, settings: Any
) -> None:
    factories.clinic(reminder_days=[7])  # over any weekend and holiday
    request = AppointmentRequest.objects.get(name="Willem Voorbeeld", status=RequestStatus.BOOKED)
    page = new_page(width=375)
    page.goto(private_link(request))
    press(page.get_by_role("link", name="Answer them now"))
    born = request.date_of_birth
    for label, part in (("Day", born.day), ("Month", born.month), ("Year", born.year)):
        page.get_by_label(label).fill(str(part))
    press(page.get_by_role("button", name="Continue"))
    look_at(page)
    tick(page, "Have you started or changed a medicine")
    say_no_to_the_rest(page)
    page.get_by_role("checkbox", name="No", exact=True).check()  # a group of one question
    press(page.get_by_role("button", name="Send my answers"))
    expect(page.get_by_role("alert")).to_contain_text("Please tell us: which one, and since when?")
    look_at(page)
    page.get_by_label("Which one, and since when?").filter(visible=True).fill("Iron, since May.")
    press(page.get_by_role("button", name="Send my answers"))
    expect(page.get_by_text("We are looking at your appointment again")).to_be_visible()
    flag = request.flags.get()
    assert (flag.answer.question.key, flag.answer.detail) == ("new-medicine", "Iron, since May.")
