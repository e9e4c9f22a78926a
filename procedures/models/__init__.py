"""People, texts, signatures and what happened to them, with one module for each subject."""

from procedures.ground.places import SharedPlace
from procedures.ground.rate_limits import RateLimit
from procedures.ground.two_people import Proposal
from procedures.models.clinic import ClinicDetails
from procedures.models.log import (
    Checkpoint,
    Cosignature,
    LogEntry,
    NameNotice,
    PasskeySignature,
    TimeStamp,
    WatchedLog,
)
from procedures.models.material import MEDIA_TYPES, UNDATED, YEAR, Figure, Source, SourceEvent
from procedures.models.notices import StaffNotice
from procedures.models.pages import (
    CHECKLIST,
    DUE_SOON_DAYS,
    TRANSLATORS_CHECKLIST,
    InformationPage,
    Revision,
    SignOff,
    sha256,
)
from procedures.models.people import Clinician, Translator
from procedures.models.records import (
    DueNotice,
    PageEvent,
    PageFeedback,
    PlannedPublication,
    UnsavedText,
    Verdict,
)
from procedures.models.restored import RestoredCopy
from procedures.models.staff import (
    AccountEvent,
    Departure,
    DeskChoice,
    Invitation,
    Passkey,
    RecoveryCode,
    SignIn,
    StaffAccount,
    StaffSession,
)

__all__ = [
    "CHECKLIST",
    "DUE_SOON_DAYS",
    "MEDIA_TYPES",
    "TRANSLATORS_CHECKLIST",
    "UNDATED",
    "YEAR",
    "AccountEvent",
    "Checkpoint",
    "ClinicDetails",
    "Clinician",
    "Cosignature",
    "Departure",
    "DeskChoice",
    "DueNotice",
    "Figure",
    "InformationPage",
    "Invitation",
    "LogEntry",
    "NameNotice",
    "PageEvent",
    "PageFeedback",
    "Passkey",
    "PasskeySignature",
    "PlannedPublication",
    "Proposal",
    "RateLimit",
    "RecoveryCode",
    "RestoredCopy",
    "Revision",
    "SharedPlace",
    "SignIn",
    "SignOff",
    "Source",
    "SourceEvent",
    "StaffAccount",
    "StaffNotice",
    "StaffSession",
    "TimeStamp",
    "Translator",
    "UnsavedText",
    "Verdict",
    "WatchedLog",
    "sha256",
]
