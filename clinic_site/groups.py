"""Who may do what: the one table of staff groups and their permissions.

Granted after every `migrate`, so that a permission added by a release reaches its groups without a
hand-written migration. Only these permissions are managed; a clinic may add groups of its own.
"""

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

READ_PAGES = {
    "view_clinician",
    "view_figure",
    "view_informationpage",
    "view_pageevent",
    "view_pagefeedback",
    "view_plannedpublication",
    "view_revision",
    "view_signoff",
    "view_source",
    "view_translator",
}
READ_REQUESTS = {
    "view_appointmentrequest",
    "view_appointmenttype",
    "view_clinicsession",
    "view_closedday",
    "view_closure",
    "view_location",
    "view_machinekind",
    "view_person",
    "view_questiongroup",
    "view_resource",
    "view_roomkind",
    "view_screeningquestion",
    "view_sessionchange",
    "view_topic",
    "view_treatment",
}
# What keeps patients safe is changed by a manager, and a clinician can be the second person.
SECOND_PERSON = {"view_proposal", "decide_proposal", "agree_screeningquestion", "agree_clinician"}
# Somebody who falls ill in the morning cannot wait for the manager.
CLOSE = {"add_closure", "change_closure", "delete_closure"}
ANSWER_REQUESTS = {
    "review_appointmentrequest",
    "ask_appointmentrequest",
    "offer_appointmentrequest",
    "book_appointmentrequest",
    "defer_appointmentrequest",
    "decline_appointmentrequest",
    "phone_appointmentrequest",
    "hand_over_appointmentrequest",
    "note_person",
    "join_person",
}
# Clinicians read answers about health; others say why, if the clinic wants that.
OPEN_ANSWERS = {"open_answers_appointmentrequest"}
WRITE_PAGES = {"add_informationpage", "change_informationpage", "add_revision", "change_revision"}

# What a manager reads when choosing a role.
ROLES = {
    "Reception": "Answers requests, books and moves appointments, and keeps the diary.",
    "Clinician": "Does what reception does, decides about flags, and signs pages.",
    "Editor": "Writes pages and sends them to review.",
    "Translator": "Writes pages in another language, and signs that they say what the English says.",
    "Publisher": "Publishes signed pages, and suspends or withdraws them.",
    "Manager": "Does what reception does, sets up the clinic, approves the pages about it and looks "
    "after the accounts of staff.",
}

GROUPS = {
    "Reception": READ_PAGES | READ_REQUESTS | ANSWER_REQUESTS | CLOSE | OPEN_ANSWERS,
    "Clinician": READ_PAGES
    | READ_REQUESTS
    | ANSWER_REQUESTS
    | SECOND_PERSON
    | {
        "read_answers_appointmentrequest",
        "resolve_redflag",
        "view_calendarfeed",
        "sign_revision",
        "revoke_signoff",
        "suspend_revision",
    },
    "Editor": READ_PAGES
    | WRITE_PAGES
    | {"add_figure", "add_source", "change_source", "submit_revision"},
    "Translator": READ_PAGES | {"submit_revision", "translate_revision"},
    "Publisher": READ_PAGES | {"publish_revision", "withdraw_revision", "suspend_revision"},
    "Manager": READ_PAGES
    | READ_REQUESTS
    | ANSWER_REQUESTS
    | SECOND_PERSON
    | CLOSE
    | {
        f"{may}_{model}"
        for may in ("add", "change", "view")
        for model in (
            "clinicsession",
            "location",
            "machinekind",
            "openinghours",
            "questiongroup",
            "resource",
            "roomkind",
            "sessionchange",
            "sharedplace",
            "topic",
            "treatment",
        )
    }
    | {
        "add_clinicdetails",
        "view_clinicdetails",
        "add_clinician",
        "add_translator",
        "change_translator",
        "change_clinician",
        "add_appointmenttype",
        "change_appointmenttype",
        "add_closedday",
        "add_accesstoken",
        "add_webhook",
        "change_webhook",
        "view_webhook",
        "change_accesstoken",
        "view_accesstoken",
        "add_calendarfeed",
        "change_calendarfeed",
        "view_calendarfeed",
        "change_closedday",
        "delete_closedday",
        "delete_sharedplace",
        "add_screeningquestion",
        "change_screeningquestion",
        "approve_revision",
        "erase_person",
        "export_person",
        "hold_person",
        "import_visits",
        "withdraw_revision",
        "suspend_revision",
        "revoke_signoff",
        "manage_staffaccount",
        "view_accountevent",
        "view_look",
        "view_numbers",
        "view_signin",
        "view_staffaccount",
        "view_visitanswer",
    },
}


def grant(app_config: AppConfig, **kwargs: object) -> None:
    """Give the groups exactly the permissions of the table. Runs once, after our last app."""
    if app_config.label != "bookings":
        return
    for app in ("procedures", "bookings"):
        create_permissions(apps.get_app_config(app), verbosity=0)
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        permissions = Permission.objects.filter(
            codename__in=codenames, content_type__app_label__in=["procedures", "bookings"]
        )
        group.permissions.set(permissions)
