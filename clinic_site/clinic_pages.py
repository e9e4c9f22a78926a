"""The pages about the clinic that the menu and the footer of every page link to.

By slug, each with the words of its link. A clinic has to publish all of them: a system check names
those that are missing.
"""

from django.utils.translation import gettext_lazy as _

FOR_PATIENTS = {
    "fees": _("Fees and insurers"),
    "find-us": _("Find us"),
    "opening-hours": _("Opening hours"),
    "your-visit": _("Your visit"),
    "referral": _("Do I need a referral?"),
    "children": _("Children"),
    "chaperone-and-interpreters": _("Chaperones and interpreters"),
    "complaints": _("Complaints and thanks"),
}
ABOUT_THIS_SITE = {
    "privacy": _("Privacy"),
    "cookies": _("Cookies"),
    "accessibility": _("Accessibility"),
    "terms": _("Terms and company details"),
    "safeguarding": _("Safeguarding"),
}
