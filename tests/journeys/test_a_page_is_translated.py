"""Two signatures at the desk, and what is read in Urdu before and after the English text changes."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from procedures.status import RevisionStatus
from tests import factories
from tests.journeys.steps import press, sign_in

Look = Callable[[Page], None]
NewPage = Callable[..., Page]

TITLE, ADDRESS = "Runner’s knee", "/procedures/runners-knee/"
# Nobody who knows Urdu has read these words. The journey is about where they go.
IN_URDU = {
    TITLE: "دوڑنے والوں کا گھٹنا",
    "One line about it.": "اس کے بارے میں ایک سطر۔",
    "Could it help?": "کیا اس سے مدد مل سکتی ہے؟",
    "Ask us.": "ہم سے پوچھیں۔",
    "Some words about it.": "اس کے بارے میں چند باتیں۔",
    "What it is": "یہ کیا ہے",
    "It is a thing.": "یہ ایک چیز ہے۔",
    "Ask a GP today or ring 111 if:": "آج ہی جی پی سے پوچھیں یا 111 پر فون کریں اگر:",
    "it hurts very much": "بہت درد ہو",
    "Is it uncomfortable, and what can go wrong?": "کیا تکلیف ہوتی ہے، اور کیا غلط ہو سکتا ہے؟",
    "Seldom.": "کبھی کبھار۔",
    "How long does it take?": "کتنا وقت لگتا ہے؟",
    "Some minutes.": "چند منٹ۔",
    "When will it work, and when can I drive?": "یہ کب اثر کرے گا، اور میں گاڑی کب چلا سکتا ہوں؟",
    "Soon.": "جلد۔",
    "Who does it, and what does it cost?": "یہ کون کرتا ہے، اور کتنے پیسے لگتے ہیں؟",
    "We do; it is free.": "ہم کرتے ہیں؛ یہ مفت ہے۔",
}
REVIEW = "جائزہ"
CHANGED = "اس ترجمے کے بعد انگریزی متن بدل گیا ہے"
IN_ENGLISH = "اسے انگریزی میں پڑھیں"


def in_urdu(text: str) -> str:
    for english, urdu in IN_URDU.items():
        text = text.replace(english, urdu)
    return text


def publish(words: str) -> None:
    """Put an English text that says this before patients."""
    text = factories.document(title=TITLE).replace("Some words about it.", words)
    page = factories.page("runners-knee")
    factories.revision(RevisionStatus.PUBLISHED, of=page, text=text)


def beside(page: Page, english: str) -> Locator:
    """The box in which the part that says this is translated."""
    return page.locator(".pair").filter(has_text=english).get_by_role("textbox")


def decide(page: Page, label: str, said: str) -> None:
    """Take a decision about the text that the page shows, with all that has to be ticked."""
    press(page.get_by_role("link", name=label, exact=True))
    for line in page.get_by_role("checkbox").all():
        line.check()
    press(page.get_by_role("button", name=label, exact=True))
    expect(page.get_by_text(said)).to_be_visible()


def translate(page: Page, look: Look) -> None:
    """Write every part beside the English, and send the text to review."""
    for pair in page.locator(".pair").all():
        pair.get_by_role("textbox").fill(in_urdu(pair.locator("pre").inner_text()))
    press(page.get_by_role("button", name="See it"))
    expect(page.locator("#to-do")).to_contain_text("Nothing to correct")
    expect(page.locator("[data-part=preview] h1")).to_have_text(IN_URDU[TITLE])
    look(page)
    press(page.get_by_role("button", name="Save and send to review"))
    press(page.get_by_role("button", name="Send to review"))
    expect(page.get_by_text("Sent to review. Its translator can now sign it.")).to_be_visible()


def test_a_page_is_translated_and_says_when_the_english_has_changed(
    clinic: str, new_page: NewPage, javascript: bool, look: Look
) -> None:
    publish("Some words about it.")
    translator = new_page(javascript=javascript)
    sign_in(translator, clinic, "urdu")
    press(translator.get_by_role("link", name="Pages", exact=True))
    press(translator.get_by_role("row").filter(has_text=TITLE).get_by_role("link"))
    press(translator.get_by_role("link", name="Translations of this page"))
    press(translator.get_by_role("button", name="Write the Urdu text"))
    translate(translator, look)
    decide(
        translator,
        "Sign as translator",
        "Signed. Whoever signs the English page can now sign the translation.",
    )

    for username, label, said in (
        ("clinician", "Sign the translation", "Signed. A publisher can now publish it."),
        ("publisher", "Publish", "Published. Patients can read it at /ur/procedures/"),
    ):
        colleague = new_page(javascript=javascript)
        sign_in(colleague, clinic, username)
        press(colleague.get_by_role("link", name=IN_URDU[TITLE]))
        decide(colleague, label, said)
        look(colleague)

    patient = new_page(javascript=javascript, width=375)
    read_in_urdu(patient, clinic, look)
    publish("Other words about it.")
    read_that_the_english_has_changed(patient, look)
    translate_again(translator, look)


def read_in_urdu(patient: Page, clinic: str, look: Look) -> None:
    """Change to Urdu on the English page, and see who answers for the words."""
    patient.goto(f"{clinic}{ADDRESS}")
    expect(patient.locator("html")).not_to_have_attribute("dir", "rtl")
    press(patient.get_by_role("link", name="اردو"))
    expect(patient).to_have_url(f"{clinic}/ur{ADDRESS}")
    expect(patient.locator("html")).to_have_attribute("dir", "rtl")
    expect(patient.get_by_role("heading", level=1)).to_have_text(IN_URDU[TITLE])
    expect(patient.get_by_text(IN_URDU["Some words about it."])).to_be_visible()
    signed = patient.get_by_role("complementary", name=REVIEW)
    for name in "Umar Example", "Dr Ada Example":
        expect(signed).to_contain_text(name)
    expect(patient.get_by_text(CHANGED)).to_have_count(0)
    look(patient)


def read_that_the_english_has_changed(patient: Page, look: Look) -> None:
    """The translation is still there, and leads to what is true now."""
    patient.reload()
    notice = patient.get_by_role("note").filter(has_text=CHANGED)
    expect(notice).to_be_visible()
    expect(patient.get_by_text(IN_URDU["Some words about it."])).to_be_visible()
    look(patient)
    press(notice.get_by_role("link", name=IN_ENGLISH))
    # A browser may keep what it has shown for a minute.
    patient.reload()
    expect(patient.locator("html")).not_to_have_attribute("dir", "rtl")
    expect(patient.get_by_text("Other words about it.")).to_be_visible()


def translate_again(translator: Page, look: Look) -> None:
    """Today leads the translator to it. Only what is new is in English."""
    press(translator.get_by_role("link", name="Today"))
    row = translator.get_by_role("row").filter(has_text=TITLE)
    expect(row).to_contain_text("Patients who read it in Urdu read what version 1 says.")
    press(row.get_by_role("link", name=TITLE))
    press(translator.get_by_role("link", name="Translations of this page"))
    expect(
        translator.get_by_role("heading", name="Urdu: published, behind the English")
    ).to_be_visible()
    look(translator)
    press(translator.get_by_role("button", name="Write the Urdu text"))
    expect(beside(translator, "Other words about it.")).to_have_value("Other words about it.")
    expect(beside(translator, "It is a thing.")).to_have_value(in_urdu("It is a thing.[^leaflet]"))
    look(translator)
