"""The life of a request, from receipt to its end. The only writer of requests.

Every verb takes the version of the request that its caller saw, and changes the row only if it
still has that version and a status from which the table allows the step. It writes the journal and
queues the message in the same transaction. Otherwise it raises TriageRefused with a sentence.
"""

from bookings.diary.cut_off import cancel_until
from bookings.diary.desk_hours import (
    answer_due,
)
from bookings.triage.afterwards import answer_about_visit, was_seen
from bookings.triage.attendance import (
    call_in,
    latest_appointment,
    possible_steps,
    record_arrival,
    record_attendance,
    undo_attendance,
)
from bookings.triage.bringing_in import Arrival, Visit, bring_in, undo_bringing_in
from bookings.triage.clock import (
    catch_up,
)
from bookings.triage.contact import (
    change_contact,
    note_wrong_birth_dates,
    record_call,
    renew_code,
    renew_link,
    send_again,
    send_link_again,
)
from bookings.triage.earlier import (
    join_earlier_list,
    leave_earlier_list,
    pass_on_freed_times,
)
from bookings.triage.following_up import (
    ask_about_follow_ups,
    follow_up,
    may_follow_up,
    plan_recall,
    planned_recall,
    take_recall_back,
)
from bookings.triage.giving_back import free_now, undo_giving_back
from bookings.triage.handing_over import hand_over
from bookings.triage.health_answers import (
    may_read_answers,
    open_answers,
    reads_every_answer,
)
from bookings.triage.naming import correct_carer, correct_name
from bookings.triage.notes import unpin_note, write_note
from bookings.triage.offering import (
    accept,
    ask_for_other_times,
    book,
    book_instead,
    book_offered,
    offer,
    offer_instead,
    take_offer_back,
    usual_hold,
    warn_of_ends,
)
from bookings.triage.page_news import tell_of_page_news, tell_subscribers
from bookings.triage.paper import letter_has_gone, print_letter, undo_letter
from bookings.triage.people import change_person, join, keep_apart, undo_verdict
from bookings.triage.receiving import (
    Submission,
    submit,
)
from bookings.triage.reminders import (
    is_soon,
    remind,
    reminders_of,
)
from bookings.triage.replies import Heard, hear, needs_call, people_with, see_to_text
from bookings.triage.reviewing import (
    answer_question,
    ask,
    decline,
    defer,
    start_review,
    withdraw,
)
from bookings.triage.safety import (
    answer_again,
    correct_birth_date,
    resolve_flag,
)
from bookings.triage.undoing import can_be_undone, undo
from bookings.triage.visits import (
    ask_for_another_time,
    booked_appointment,
    cancel,
    change_room,
    keep_appointment,
    leave_as_it_is,
)
from bookings.triage.waits import usual_wait
from bookings.triage.waits_too_long import tell_of_waits

__all__ = [
    "Arrival",
    "Heard",
    "Submission",
    "Visit",
    "accept",
    "answer_about_visit",
    "answer_again",
    "answer_due",
    "answer_question",
    "ask",
    "ask_about_follow_ups",
    "ask_for_another_time",
    "ask_for_other_times",
    "book",
    "book_instead",
    "book_offered",
    "booked_appointment",
    "bring_in",
    "call_in",
    "can_be_undone",
    "cancel",
    "cancel_until",
    "catch_up",
    "change_contact",
    "change_person",
    "change_room",
    "correct_birth_date",
    "correct_carer",
    "correct_name",
    "decline",
    "defer",
    "follow_up",
    "free_now",
    "hand_over",
    "hear",
    "is_soon",
    "join",
    "join_earlier_list",
    "keep_apart",
    "keep_appointment",
    "latest_appointment",
    "leave_as_it_is",
    "leave_earlier_list",
    "letter_has_gone",
    "may_follow_up",
    "may_read_answers",
    "needs_call",
    "note_wrong_birth_dates",
    "offer",
    "offer_instead",
    "open_answers",
    "pass_on_freed_times",
    "people_with",
    "plan_recall",
    "planned_recall",
    "possible_steps",
    "print_letter",
    "reads_every_answer",
    "record_arrival",
    "record_attendance",
    "record_call",
    "remind",
    "reminders_of",
    "renew_code",
    "renew_link",
    "resolve_flag",
    "see_to_text",
    "send_again",
    "send_link_again",
    "start_review",
    "submit",
    "take_offer_back",
    "take_recall_back",
    "tell_of_page_news",
    "tell_of_waits",
    "tell_subscribers",
    "undo",
    "undo_attendance",
    "undo_bringing_in",
    "undo_giving_back",
    "undo_letter",
    "undo_verdict",
    "unpin_note",
    "usual_hold",
    "usual_wait",
    "warn_of_ends",
    "was_seen",
    "withdraw",
    "write_note",
]
