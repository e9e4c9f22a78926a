"""The pages about the clinic that the menu and the footer of every page link to.

By slug, each with the words of its link. A clinic has to publish all of them: a system check names
those that are missing.
"""

FOR_PATIENTS = {
    "fees": "Fees and insurers",
    "find-us": "Find us",
    "opening-hours": "Opening hours",
    "your-visit": "Your visit",
    "referral": "Do I need a referral?",
    "children": "Children",
    "chaperone-and-interpreters": "Chaperones and interpreters",
    "complaints": "Complaints and thanks",
}
ABOUT_THIS_SITE = {
    "privacy": "Privacy",
    "cookies": "Cookies",
    "accessibility": "Accessibility",
    "terms": "Terms and company details",
    "safeguarding": "Safeguarding",
}
