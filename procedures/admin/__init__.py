"""The editors', reviewers' and publishers' side of the desk."""

from procedures.admin.limits import SharedPlaceAdmin
from procedures.admin.material import FigureAdmin, InformationPageAdmin, SourceAdmin
from procedures.admin.people import ClinicianAdmin
from procedures.admin.records import PageEventAdmin, PageFeedbackAdmin, SignOffAdmin
from procedures.admin.revisions import RevisionAdmin

__all__ = [
    "ClinicianAdmin",
    "FigureAdmin",
    "InformationPageAdmin",
    "PageEventAdmin",
    "PageFeedbackAdmin",
    "RevisionAdmin",
    "SharedPlaceAdmin",
    "SignOffAdmin",
    "SourceAdmin",
]
