"""What people type. The forms validate; they never write."""

from procedures.forms.figures import FigureForm
from procedures.forms.people import ClinicianForm
from procedures.forms.readers import FeedbackForm
from procedures.forms.texts import InformationPageForm, RevisionForm, SignForm, SubmitForm

__all__ = [
    "ClinicianForm",
    "FeedbackForm",
    "FigureForm",
    "InformationPageForm",
    "RevisionForm",
    "SignForm",
    "SubmitForm",
]
