"""What patients may answer to a text message, in the languages of the site, and what we make of it.

A word counts only if it is the whole answer: “yes, but I have a fever” is read by a colleague. The
first word of each row is the one that our messages name.
"""

from django.db.models import TextChoices

from procedures.ground.folding import words


class Meant(TextChoices):
    """What somebody meant by a text message."""

    STOP = "stop", "No more texts"
    START = "start", "Texts again"
    YES = "yes", "They are coming"
    CANCEL = "cancel", "Cancel the visit"
    UNDO = "undo", "Undo the cancellation"
    OTHER = "other", "Something else"


class TextAnswer(TextChoices):
    """What we text back. Its words are in templates/bookings/replies/."""

    STOPPED = "stopped", "Texts ended"
    STARTED = "started", "Texts sent again"
    CONFIRMED = "confirmed", "Thanked"
    CANCELLED = "cancelled", "Told that the visit is cancelled already"
    KEPT = "kept", "Told that the visit is booked again"
    TO_DESK = "to_desk", "Told that nothing has changed yet, and who reads it"
    NOT_READ = "not_read", "Told that texts are not read straight away"


# By language; “” is English, which counts in every language. What a network or Twilio makes of the
# English words for stopping: https://help.twilio.com/articles/223134027
WORDS: dict[Meant, dict[str, tuple[str, ...]]] = {
    Meant.STOP: {
        "": ("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "END", "QUIT"),
        "cy": ("STOPIO", "ATAL"),
        "pl": ("STOP", "KONIEC"),
        "ur": ("بند", "بند کریں", "BAND"),
    },
    Meant.START: {
        "": ("START", "UNSTOP"),
        "cy": ("DECHRAU",),
        "pl": ("WZNÓW",),
        "ur": ("شروع", "SHURU"),
    },
    Meant.YES: {
        "": ("YES", "Y"),
        "cy": ("IE", "YDW", "BYDDAF"),
        "pl": ("TAK",),
        "ur": ("ہاں", "جی", "جی ہاں", "HAAN", "JI"),
    },
    Meant.CANCEL: {
        "": ("CANCEL",),
        "cy": ("CANSLO",),
        "pl": ("ODWOŁAJ", "ODWOŁUJĘ", "ANULUJ"),
        "ur": ("منسوخ", "MANSUKH"),
    },
    Meant.UNDO: {
        "": ("UNDO",),
        "cy": ("DADWNEUD",),
        "pl": ("COFNIJ",),
        "ur": ("واپس", "WAPAS"),
    },
}
# Left out before a word is compared.
COURTESY = {"please", "thanks", "thank", "you", "diolch", "dziekuje", "prosze", "شکریہ"}
# How words begin that a colleague should read first. A text without one is read as well.
ALARMS = (
    *("pain", "chest", "breath", "bleed", "blood", "fever", "temperature", "swell", "swollen"),
    *("numb", "weak", "faint", "collaps", "infect", "pus", "emergenc", "urgent", "hospital"),
    *("ambulance", "suicid", "dying", "allerg", "rash", "vomit", "severe", "worse", "999", "111"),
    *("poen", "gwaed", "twymyn", "anadl", "brys", "haint", "ysbyty", "argyfwng", "chwydd"),
    *("bol", "krew", "krwaw", "goracz", "oddech", "oddych", "pilne", "zakaz", "szpital"),
    *("obrzek", "spuch", "pogotow"),
    *("درد", "بخار", "خون", "سانس", "سوجن", "ہسپتال", "ایمرجنسی", "dard", "bukhar", "khoon"),
)
_MEANT = {
    " ".join(words(word)): meant
    for meant, by_language in WORDS.items()
    for spellings in by_language.values()
    for word in spellings
}


def meant_by(text: str) -> Meant:
    """What somebody meant who sent this, if it is nothing but one of the words."""
    said = [word for word in words(text) if word not in COURTESY]
    return _MEANT.get(" ".join(said), Meant.OTHER)


def is_alarming(text: str) -> bool:
    """Whether a word of it may mean that somebody needs help now."""
    # Word by word, because no name has as many words as a text.
    return any(word.startswith(ALARMS) for run in text.split() for word in words(run))


def word_for(meant: Meant, language: str) -> str:
    """The word that a message in that language names."""
    by_language = WORDS[meant]
    return by_language.get(language, by_language[""])[0]
