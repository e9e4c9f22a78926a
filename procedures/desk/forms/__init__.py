"""What staff type. Forms validate; they never write."""

from procedures.desk.forms.figures import FigureForm
from procedures.desk.forms.people import ClinicianForm
from procedures.desk.forms.texts import (
    InformationPageForm,
    PlanForm,
    RevisionForm,
    SignForm,
    StartPageForm,
    StartVersionForm,
    SubmitForm,
)

__all__ = [
    "ClinicianForm",
    "FigureForm",
    "InformationPageForm",
    "PlanForm",
    "RevisionForm",
    "SignForm",
    "StartPageForm",
    "StartVersionForm",
    "SubmitForm",
]
