"""Messages to patients and to the clinic's inboxes. The only writer of `Message`.

A row names a request and a kind. It is written in the transaction that makes the change (`outbox`),
its words are made from a template when it is sent (`letters`), and it is retried until it has gone
out or somebody has to phone instead (`sending`). News for a patient to whom we cannot write is a row
too; nothing sends it, and it is done when a colleague has told them.
"""

from bookings.messages.clinic_addresses import BadAddress, inboxes, returned_mail_address, sender
from bookings.messages.letters import answer_to, letter, text
from bookings.messages.outbox import (
    GRACE,
    LEASE,
    OF_NO_WEIGHT,
    TEXTED,
    StillBeingSent,
    drop_all,
    is_anybody_told,
    is_anybody_told_of_waits,
    note_report,
    note_returned,
    note_run,
    note_told,
    notify_clinic,
    queue,
    queue_invitation,
    queue_news,
    queue_once,
    repeat,
    take_back,
    tell_old_address,
    write_again,
)
from bookings.messages.paper import (
    Letter,
    note_gone,
    on_paper,
    put_on_paper,
    take_letter_back,
    waiting_for_paper,
)
from bookings.messages.sending import drop_what_need_not_be_told, send_due

__all__ = [
    "GRACE",
    "LEASE",
    "OF_NO_WEIGHT",
    "TEXTED",
    "BadAddress",
    "Letter",
    "StillBeingSent",
    "answer_to",
    "drop_all",
    "drop_what_need_not_be_told",
    "inboxes",
    "is_anybody_told",
    "is_anybody_told_of_waits",
    "letter",
    "note_gone",
    "note_report",
    "note_returned",
    "note_run",
    "note_told",
    "notify_clinic",
    "on_paper",
    "put_on_paper",
    "queue",
    "queue_invitation",
    "queue_news",
    "queue_once",
    "repeat",
    "returned_mail_address",
    "send_due",
    "sender",
    "take_back",
    "take_letter_back",
    "tell_old_address",
    "text",
    "waiting_for_paper",
    "write_again",
]
