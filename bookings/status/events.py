"""Every event that a journal can contain, and what the patient reads about it.

This is the only vocabulary. The texts are stored in journals, whose hashes cover them: they never
change, and one that is no longer written stays here, so that old journals can still be read.
"""

from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.status.choices import Notice
from bookings.status.recalls import RecallStatus
from bookings.status.requests import CLOCK, LINK_HOLDER, PATIENT, RequestStatus


class Event(StrEnum):
    """What the journal says that somebody did. A colleague reads it after the person's name."""

    RECEIVED = "sent the request"
    NOTED = "noted the request"
    TAKEN_UP = "took it into review"
    ASKED = "asked a question"
    ANSWERED = "answered the question"
    FLAG_RESOLVED = "recorded an outcome"
    OFFERED = "offered times"
    OFFERED_OTHERS = "offered other times"
    OFFERED_EARLIER = "offered an earlier time"
    OFFER_TAKEN_BACK = "took the offer back"
    WANTS_OTHER_TIMES = "asked for other times"
    WANTS_ANOTHER_TIME = "asked for another time"
    BOOKED = "booked the appointment"
    MOVED = "moved the appointment"
    KEPT = "kept the appointment"
    LEFT_AS_IT_IS = "left the appointment as it is"
    ANSWERED_FIRST = "answered the safety questions"
    ANSWERED_AGAIN = "answered the safety questions again"
    ANSWER_TO_LOOK_AT = "gave an answer to look at"
    # Said on the phone or at the front desk, to the colleague who asked.
    ANSWERS_NOTED = "noted the patient’s safety answers"
    ANSWER_NOTED_TO_LOOK_AT = "noted the patient’s answer to look at"
    JOINED_EARLIER_LIST = "joined the earlier-time list"
    LEFT_EARLIER_LIST = "left the earlier-time list"
    SENT_AGAIN = "sent a message again"
    LETTER_PRINTED = "printed a letter"
    LETTER_POSTED = "posted a letter"
    LETTER_HANDED_OVER = "handed a letter over"
    LETTER_UNDONE = "took back the last note on a letter"
    ADDRESS_NOTED = "noted the postal address"
    CONTACT_CHANGED = "changed how to be reached"
    BIRTH_DATE_CORRECTED = "corrected the date of birth"
    NAME_CORRECTED = "corrected the name"
    CARER_CORRECTED = "corrected who asks for them"
    LINK_RENEWED = "renewed the private link"
    CODE_RENEWED = "made a new code"
    DEFERRED = "deferred it"
    CAME_BACK = "came back on its day"
    DECLINED = "declined it"
    DECLINE_UNDONE = "took back that it was declined"
    WITHDRAWN = "withdrew it"
    LAPSED = "let it lapse"
    OTHER_TIMES_LET_GO = "let the other times go"
    CANCELLED = "cancelled the appointment"
    CANCELLED_FOR_PATIENT = "noted that the patient cancelled"
    CANCEL_UNDONE = "took the cancellation back"
    KEPT_AFTER_ALL = "kept the cancelled appointment after all"
    TIMES_AFTER_ALL = "wanted the offered times after all"
    ASKS_AFTER_ALL = "wanted the withdrawn request after all"
    FREED = "freed the time that was given back"
    ARRIVED = "noted that the patient arrived"
    ROOM_CHANGED = "gave it another room"
    CALLED_IN = "noted the start of the visit"
    ATTENDED = "recorded that the patient came"
    ATTENDANCE_UNDONE = "undid the last note on the visit"
    # No longer written: it was also recorded by people who had seen nobody.
    CAME = "saw the patient"
    DID_NOT_COME = "recorded that the patient did not come"
    ANSWERED_AFTERWARDS = "answered the question after the visit"
    FOLLOWED_UP = "arranged a follow-up"
    RECALL_PLANNED = "planned to ask about a follow-up"
    RECALL_ASKED = "asked about a follow-up"
    RECALL_TAKEN_BACK = "took back the planned question"
    REACHED = "phoned the patient"
    NOT_REACHED = "tried to phone the patient"
    LEFT_MESSAGE = "left the patient a voicemail message"
    HANDED_OVER = "handed it over"
    NOTE_WRITTEN = "wrote a note"
    NOTE_UNPINNED = "unpinned a note"
    WRONG_BIRTH_DATES = "gave only wrong dates of birth"
    READ = "read it"
    SEARCHED = "found it by searching"
    PRINTED = "printed it in a list of the day"
    EXPORTED = "copied everything about the person"
    ANSWERS_OPENED = "opened the answers about health"
    EMPTIED = "erased what it said about the patient"
    TEXTED = "sent us a text message"
    TEXT_SEEN = "saw to a text message"
    TEXTS_STOPPED = "ended text messages to their number"
    TEXTS_STARTED = "asked for text messages again"
    CONFIRMED = "confirmed by text that they come"
    VISIT_BROUGHT_IN = "brought the visit over"
    PERSON_BROUGHT_IN = "brought the person over"
    IMPORT_UNDONE = "undid the import"


class ToldPatient(NamedTuple):
    """What the patient reads about an event, by who did it. Empty if it is the clinic's own affair.

    The reader may be asking for somebody else, so no sentence says whose visit it is.
    """

    by_patient: str = ""
    by_clinic: str = ""


TOLD: dict[Event, ToldPatient] = {
    Event.RECEIVED: ToldPatient(_("You sent your request."), _("We noted your request.")),
    Event.NOTED: ToldPatient(by_clinic=_("We noted your request.")),
    Event.TAKEN_UP: ToldPatient(by_clinic=_("We started to look at your request.")),
    Event.ASKED: ToldPatient(by_clinic=_("We asked you a question.")),
    Event.ANSWERED: ToldPatient(_("You answered our question."), _("We noted your answer.")),
    Event.FLAG_RESOLVED: ToldPatient(),
    Event.OFFERED: ToldPatient(by_clinic=_("We offered you times to choose from.")),
    Event.OFFERED_OTHERS: ToldPatient(by_clinic=_("We offered you other times.")),
    Event.OFFERED_EARLIER: ToldPatient(by_clinic=_("We offered you an earlier time.")),
    Event.OFFER_TAKEN_BACK: ToldPatient(
        by_clinic=_("We withdrew the offered times to look for others.")
    ),
    Event.WANTS_OTHER_TIMES: ToldPatient(
        _("You asked for other times."), _("We noted that you need other times.")
    ),
    Event.WANTS_ANOTHER_TIME: ToldPatient(
        _("You asked for another time."), _("We noted that you need another time.")
    ),
    Event.BOOKED: ToldPatient(_("You booked the visit."), _("We booked the visit.")),
    Event.MOVED: ToldPatient(
        _("You moved the visit to another time."), _("We moved the visit to another time.")
    ),
    Event.KEPT: ToldPatient(
        _("You kept the time that was booked."), _("We noted that you are keeping the booked time.")
    ),
    Event.LEFT_AS_IT_IS: ToldPatient(by_clinic=_("We kept the visit at the time that was booked.")),
    Event.ANSWERED_FIRST: ToldPatient(_("You answered our safety questions.")),
    Event.ANSWERED_AGAIN: ToldPatient(
        _("You answered our questions again."), _("We noted your new answers.")
    ),
    Event.ANSWER_TO_LOOK_AT: ToldPatient(
        _("You answered our questions again."), _("We noted your new answers.")
    ),
    Event.ANSWERS_NOTED: ToldPatient(by_clinic=_("We noted your new answers.")),
    Event.ANSWER_NOTED_TO_LOOK_AT: ToldPatient(by_clinic=_("We noted your new answers.")),
    Event.JOINED_EARLIER_LIST: ToldPatient(
        _("You joined our cancellation list."), _("We added you to our cancellation list.")
    ),
    Event.LEFT_EARLIER_LIST: ToldPatient(
        _("You left our cancellation list."), _("We took you off our cancellation list.")
    ),
    Event.SENT_AGAIN: ToldPatient(by_clinic=_("We sent you a message again.")),
    Event.LETTER_PRINTED: ToldPatient(),
    Event.LETTER_POSTED: ToldPatient(by_clinic=_("We posted you a letter.")),
    Event.LETTER_HANDED_OVER: ToldPatient(by_clinic=_("We gave you a letter.")),
    Event.LETTER_UNDONE: ToldPatient(),
    Event.ADDRESS_NOTED: ToldPatient(by_clinic=_("We noted your postal address.")),
    Event.CONTACT_CHANGED: ToldPatient(
        _("You changed your contact details."), _("We changed your contact details.")
    ),
    Event.BIRTH_DATE_CORRECTED: ToldPatient(
        by_clinic=_("We corrected the date of birth that you gave us.")
    ),
    Event.NAME_CORRECTED: ToldPatient(by_clinic=_("We corrected the name on your request.")),
    Event.CARER_CORRECTED: ToldPatient(
        by_clinic=_("We corrected who is asking for the appointment.")
    ),
    Event.LINK_RENEWED: ToldPatient(by_clinic=_("We replaced your private link.")),
    Event.CODE_RENEWED: ToldPatient(by_clinic=_("We made you a new code.")),
    Event.DEFERRED: ToldPatient(by_clinic=_("We put your request aside until a later day.")),
    Event.CAME_BACK: ToldPatient(by_clinic=_("We started to look at your request again.")),
    Event.DECLINED: ToldPatient(by_clinic=_("We answered your request.")),
    Event.DECLINE_UNDONE: ToldPatient(by_clinic=_("We started to look at your request again.")),
    Event.WITHDRAWN: ToldPatient(
        _("You withdrew your request."), _("We withdrew your request, as you asked.")
    ),
    Event.LAPSED: ToldPatient(by_clinic=_("The time to reply passed.")),
    Event.OTHER_TIMES_LET_GO: ToldPatient(
        by_clinic=_("The time to reply passed. The visit stays as it was booked.")
    ),
    Event.CANCELLED: ToldPatient(_("You cancelled the visit."), _("We cancelled the visit.")),
    Event.CANCELLED_FOR_PATIENT: ToldPatient(by_clinic=_("We cancelled the visit, as you asked.")),
    Event.CANCEL_UNDONE: ToldPatient(by_clinic=_("We booked the visit again at the same time.")),
    Event.KEPT_AFTER_ALL: ToldPatient(
        _("You undid the cancellation. The visit is booked as it was before."),
        _("We undid the cancellation, as you asked. The visit is booked as it was before."),
    ),
    Event.TIMES_AFTER_ALL: ToldPatient(
        _("You changed your mind. You can choose one of the offered times again."),
        _("We noted that you changed your mind. You can choose one of the offered times again."),
    ),
    Event.ASKS_AFTER_ALL: ToldPatient(
        _(
            "You changed your mind. Your request is open again, and you can choose one of the times."
        ),
        _("We opened your request again, as you asked. You can choose one of the times."),
    ),
    Event.FREED: ToldPatient(),
    Event.ARRIVED: ToldPatient(),
    # They know the place. Whoever meets them there knows the room.
    Event.ROOM_CHANGED: ToldPatient(),
    Event.CALLED_IN: ToldPatient(),
    Event.ATTENDED: ToldPatient(by_clinic=_("The visit took place.")),
    Event.ATTENDANCE_UNDONE: ToldPatient(
        by_clinic=_("We corrected what we had noted about the visit.")
    ),
    Event.CAME: ToldPatient(by_clinic=_("The visit took place.")),
    Event.DID_NOT_COME: ToldPatient(by_clinic=_("The visit was missed.")),
    Event.ANSWERED_AFTERWARDS: ToldPatient(_("You told us how your visit went.")),
    Event.FOLLOWED_UP: ToldPatient(by_clinic=_("We arranged another visit.")),
    Event.RECALL_PLANNED: ToldPatient(by_clinic=_("We will ask you about another visit.")),
    Event.RECALL_ASKED: ToldPatient(by_clinic=_("We asked you about another visit.")),
    Event.RECALL_TAKEN_BACK: ToldPatient(
        by_clinic=_("We will not ask you about another visit after all.")
    ),
    Event.REACHED: ToldPatient(),
    Event.NOT_REACHED: ToldPatient(),
    Event.LEFT_MESSAGE: ToldPatient(),
    Event.HANDED_OVER: ToldPatient(),
    Event.NOTE_WRITTEN: ToldPatient(),
    Event.NOTE_UNPINNED: ToldPatient(),
    Event.WRONG_BIRTH_DATES: ToldPatient(),
    Event.READ: ToldPatient(),
    Event.SEARCHED: ToldPatient(),
    Event.PRINTED: ToldPatient(),
    Event.EXPORTED: ToldPatient(),
    Event.ANSWERS_OPENED: ToldPatient(),
    Event.EMPTIED: ToldPatient(),
    Event.TEXTED: ToldPatient(_("You sent us a text message.")),
    Event.TEXT_SEEN: ToldPatient(),
    Event.TEXTS_STOPPED: ToldPatient(_("You ended text messages to your number.")),
    Event.TEXTS_STARTED: ToldPatient(_("You asked for text messages again.")),
    Event.CONFIRMED: ToldPatient(_("You told us that you are coming.")),
    Event.VISIT_BROUGHT_IN: ToldPatient(
        by_clinic=_("We brought the visit over from the system that we used before.")
    ),
    Event.PERSON_BROUGHT_IN: ToldPatient(
        by_clinic=_("We brought these details over from the system that we used before.")
    ),
    Event.IMPORT_UNDONE: ToldPatient(by_clinic=_("We undid what we had brought over.")),
}


def told_patient(kind: str, by: str) -> str:
    """The patient's sentence for a journal event; empty if it is not for them.

    `by` comes from the event: the patient, or else a colleague or the clock, who both act for the
    clinic.
    """
    if kind not in list(Event):
        return ""
    told = TOLD[Event(kind)]
    sentence = told.by_patient if by == PATIENT else told.by_clinic
    return gettext(sentence) if sentence else ""


# What a patient does themselves, or a colleague for them: how another colleague reads the latter.
FOR_THEM: dict[str, str] = {
    Event.RECEIVED: "noted the request",
    Event.ANSWERED: "noted the patient’s answer",
    Event.WANTS_OTHER_TIMES: "noted that the patient needs other times",
    Event.WANTS_ANOTHER_TIME: "noted that the patient needs another time",
    Event.KEPT: "noted that the patient keeps the appointment",
    Event.ANSWERED_AGAIN: "noted the patient’s safety answers",
    Event.ANSWER_TO_LOOK_AT: "noted the patient’s answer to look at",
    Event.JOINED_EARLIER_LIST: "added the patient to the cancellation list",
    Event.LEFT_EARLIER_LIST: "took the patient off the cancellation list",
    Event.WITHDRAWN: "withdrew it for the patient",
    Event.KEPT_AFTER_ALL: "undid the cancellation for the patient",
    Event.TIMES_AFTER_ALL: "noted that the patient wants the offered times after all",
    Event.ASKS_AFTER_ALL: "opened the withdrawn request again for the patient",
}


def told_colleague(kind: str, by: str) -> str:
    """What a colleague reads about a journal event, after the name of whoever did it.

    Events keep their stored words. Those of what a patient does say it of a colleague who noted it as if
    it had been theirs to do, so the sentence depends on `by`, as `told_patient` does.
    """
    if kind == Event.CAME_BACK:
        return "brought it back"
    return kind if by in {PATIENT, CLOCK, LINK_HOLDER} else FOR_THEM.get(kind, kind)


# What the journal says when a request enters a status.
EVENTS: dict[RequestStatus, Event] = {
    RequestStatus.RECEIVED: Event.RECEIVED,
    RequestStatus.IN_REVIEW: Event.TAKEN_UP,
    RequestStatus.QUESTION_ASKED: Event.ASKED,
    RequestStatus.OFFERED: Event.OFFERED,
    RequestStatus.DEFERRED: Event.DEFERRED,
    RequestStatus.BOOKED: Event.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW: Event.WANTS_ANOTHER_TIME,
    RequestStatus.BOOKED_OFFERED: Event.OFFERED_OTHERS,
    RequestStatus.DECLINED: Event.DECLINED,
    RequestStatus.WITHDRAWN: Event.WITHDRAWN,
    RequestStatus.LAPSED: Event.LAPSED,
    RequestStatus.CLOSED: Event.CANCELLED,
}
# What it says when the clock took a step, by the status that this led to.
CLOCK_EVENTS: dict[RequestStatus, Event] = {
    RequestStatus.IN_REVIEW: Event.CAME_BACK,
    RequestStatus.LAPSED: Event.LAPSED,
    RequestStatus.BOOKED: Event.OTHER_TIMES_LET_GO,
}
# What it says about a planned question about a follow-up.
RECALL_EVENTS: dict[RecallStatus, Event] = {
    RecallStatus.PLANNED: Event.RECALL_PLANNED,
    RecallStatus.ASKED: Event.RECALL_ASKED,
    RecallStatus.TAKEN_BACK: Event.RECALL_TAKEN_BACK,
}
# Whoever gave a time back has it again.
AFTER_ALL = (Event.KEPT_AFTER_ALL, Event.TIMES_AFTER_ALL, Event.ASKS_AFTER_ALL)
# What it says about a visit, by whether the patient came.
ATTENDANCE = {True: Event.ATTENDED, False: Event.DID_NOT_COME}
# What it says about a call, by whether the patient was reached.
CALLS = {True: Event.REACHED, False: Event.NOT_REACHED}
# Steps of ours that a patient hears of as an answer.
ANSWERS = (
    Event.ASKED,
    Event.OFFERED,
    Event.BOOKED,
    Event.DEFERRED,
    Event.DECLINED,
    Event.REACHED,
)
# A colleague was shown a request.
SHOWN = (Event.READ, Event.SEARCHED, Event.PRINTED, Event.EXPORTED, Event.ANSWERS_OPENED)
# Events that make nobody's screen stale.
LOOKS = (
    *SHOWN,
    Event.SENT_AGAIN,
    Event.LETTER_PRINTED,
    Event.LETTER_POSTED,
    Event.LETTER_HANDED_OVER,
    Event.LETTER_UNDONE,
    Event.ADDRESS_NOTED,
    Event.HANDED_OVER,
    Event.NOTE_WRITTEN,
    Event.NOTE_UNPINNED,
    Event.WRONG_BIRTH_DATES,
    Event.LEFT_MESSAGE,
    Event.ROOM_CHANGED,
    Event.TEXTED,
    Event.TEXT_SEEN,
    Event.TEXTS_STOPPED,
    Event.TEXTS_STARTED,
    Event.CONFIRMED,
    *CALLS.values(),
)
# What other systems are told of an event. They are told nothing of what makes no screen stale.
NOTICES: dict[Event, Notice] = {event: Notice.CHANGED for event in Event if event not in LOOKS} | {
    Event.RECEIVED: Notice.RECEIVED,
    Event.NOTED: Notice.RECEIVED,
    Event.OFFERED: Notice.OFFERED,
    Event.OFFERED_OTHERS: Notice.OFFERED,
    Event.OFFERED_EARLIER: Notice.OFFERED,
    Event.BOOKED: Notice.BOOKED,
    Event.CANCEL_UNDONE: Notice.BOOKED,
    Event.MOVED: Notice.MOVED,
    Event.CANCELLED: Notice.CANCELLED,
    Event.CANCELLED_FOR_PATIENT: Notice.CANCELLED,
    Event.DECLINED: Notice.CANCELLED,
    Event.WITHDRAWN: Notice.CANCELLED,
    Event.LAPSED: Notice.CANCELLED,
    Event.ARRIVED: Notice.ARRIVED,
    Event.ATTENDED: Notice.ENDED,
    Event.DID_NOT_COME: Notice.ENDED,
    Event.EMPTIED: Notice.ERASED,
    Event.VISIT_BROUGHT_IN: Notice.BOOKED,
    Event.IMPORT_UNDONE: Notice.CANCELLED,
}
