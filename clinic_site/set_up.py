"""What can be set up at the desk, in the order in which a clinic thinks of it."""

from typing import NamedTuple

from django.contrib.auth.models import User
from django.urls import reverse


class Page(NamedTuple):
    """A page of Set-up: its name, its address, and the permission that it needs."""

    name: str
    address: str
    permission: str


class Section(NamedTuple):
    """Pages that belong together, and what they decide."""

    name: str
    about: str
    pages: tuple[Page, ...]


SECTIONS = (
    Section(
        "Clinic",
        "Name, address, phone, when the desk is open, what we promise",
        (
            Page("Clinic", "admin:procedures_clinicdetails_add", "procedures.add_clinicdetails"),
            Page(
                "Changes of the clinic’s details",
                "admin:procedures_clinicdetails_changelist",
                "procedures.view_clinicdetails",
            ),
        ),
    ),
    Section(
        "Clinicians and their week",
        "Who sees patients, and when and where each of them works",
        (
            Page(
                "Clinicians", "admin:procedures_clinician_changelist", "procedures.view_clinician"
            ),
            Page(
                "Translators",
                "admin:procedures_translator_changelist",
                "procedures.view_translator",
            ),
            Page("Weeks", "admin:bookings_weeks", "bookings.view_clinicsession"),
            Page(
                "Calendar feeds",
                "admin:bookings_calendarfeed_changelist",
                "bookings.view_calendarfeed",
            ),
        ),
    ),
    Section(
        "Places and rooms",
        "Where patients are seen, when each place is open, its rooms and machines",
        (
            Page("Places", "admin:bookings_location_changelist", "bookings.view_location"),
            Page(
                "Rooms and machines", "admin:bookings_resource_changelist", "bookings.view_resource"
            ),
            Page("Kinds of room", "admin:bookings_roomkind_changelist", "bookings.view_roomkind"),
            Page(
                "Kinds of machine",
                "admin:bookings_machinekind_changelist",
                "bookings.view_machinekind",
            ),
        ),
    ),
    Section(
        "What can be booked",
        "How long a visit takes, what it needs, and what may happen at it",
        (
            Page(
                "Appointment types",
                "admin:bookings_appointmenttype_changelist",
                "bookings.view_appointmenttype",
            ),
            Page("Treatments", "admin:bookings_treatment_changelist", "bookings.view_treatment"),
            Page("Topics", "admin:bookings_topic_changelist", "bookings.view_topic"),
        ),
    ),
    Section(
        "Away and closed",
        "Leave, a room that cannot be used, bank holidays",
        (
            Page(
                "Leave and closures", "admin:bookings_closure_changelist", "bookings.view_closure"
            ),
            Page("Closed days", "admin:bookings_closedday_changelist", "bookings.view_closedday"),
        ),
    ),
    Section(
        "Safety questions",
        "What we ask before a visit, and which answers a clinician has to look at",
        (
            Page(
                "Safety questions",
                "admin:bookings_screeningquestion_changelist",
                "bookings.view_screeningquestion",
            ),
            Page(
                "Question groups",
                "admin:bookings_questiongroup_changelist",
                "bookings.view_questiongroup",
            ),
        ),
    ),
    Section(
        "Staff accounts",
        "Who may sign in, and what they may do",
        (
            Page(
                "Staff accounts",
                "admin:procedures_staffaccount_changelist",
                "procedures.view_staffaccount",
            ),
            Page("Who gets which emails", "admin:who_gets_which", "procedures.view_staffaccount"),
            Page("Sign-ins", "admin:procedures_signin_changelist", "procedures.view_signin"),
            Page(
                "Changes of accounts",
                "admin:procedures_accountevent_changelist",
                "procedures.view_accountevent",
            ),
            Page(
                "Shared places",
                "admin:procedures_sharedplace_changelist",
                "procedures.view_sharedplace",
            ),
        ),
    ),
    Section(
        "Two people",
        "What keeps patients safe changes only if a second person agrees",
        (
            Page(
                "Decisions of two people",
                "admin:procedures_proposal_changelist",
                "procedures.view_proposal",
            ),
        ),
    ),
    Section(
        "Who opened what",
        "Which patients a colleague opened, or was shown in a list",
        (Page("Who opened what", "admin:bookings_look_changelist", "bookings.view_look"),),
    ),
    Section(
        "What we hold about patients",
        "How long it is kept, what would be emptied when, and whose records have to be kept",
        (
            Page("How long we keep what", "admin:bookings_retention", "bookings.hold_person"),
            Page("What people ask about it", "admin:bookings_rights", "bookings.hold_person"),
            Page("Under a legal hold", "admin:bookings_held", "bookings.hold_person"),
            Page("Papers about data protection", "admin:papers", "bookings.hold_person"),
        ),
    ),
    Section(
        "Other systems",
        "Which programs may read what from us, which are told what happens, and bringing visits over",
        (
            Page(
                "Import from another system",
                "admin:bookings_import_changelist",
                "bookings.import_visits",
            ),
            Page(
                "Access tokens",
                "admin:bookings_accesstoken_changelist",
                "bookings.view_accesstoken",
            ),
            Page("Webhooks", "admin:bookings_webhook_changelist", "bookings.view_webhook"),
        ),
    ),
    Section(
        "This installation",
        "Whether the site, its messages and its backups are running",
        (Page("Is everything running?", "admin:doctor", "procedures.add_clinicdetails"),),
    ),
)


def sections(user: User) -> list[dict[str, object]]:
    """The sections with the pages that this person may see."""
    allowed = [
        (
            section,
            [
                (page.name, reverse(page.address))
                for page in section.pages
                if user.has_perm(page.permission)
            ],
        )
        for section in SECTIONS
    ]
    return [
        {"name": section.name, "about": section.about, "pages": pages}
        for section, pages in allowed
        if pages
    ]
