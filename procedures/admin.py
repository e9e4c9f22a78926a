"""The editors', reviewers' and publishers' side of the desk."""

from procedures.desk.clinic import ClinicDetailsAdmin
from procedures.desk.limits import SharedPlaceAdmin
from procedures.desk.material import FigureAdmin, InformationPageAdmin, SourceAdmin
from procedures.desk.people import ClinicianAdmin, TranslatorAdmin
from procedures.desk.records import (
    PageEventAdmin,
    PageFeedbackAdmin,
    PlannedPublicationAdmin,
    SignOffAdmin,
)
from procedures.desk.revisions import RevisionAdmin
from procedures.desk.two_people import ProposalAdmin

__all__ = [
    "ClinicDetailsAdmin",
    "ClinicianAdmin",
    "FigureAdmin",
    "InformationPageAdmin",
    "PageEventAdmin",
    "PageFeedbackAdmin",
    "PlannedPublicationAdmin",
    "ProposalAdmin",
    "RevisionAdmin",
    "SharedPlaceAdmin",
    "SignOffAdmin",
    "SourceAdmin",
    "TranslatorAdmin",
]
