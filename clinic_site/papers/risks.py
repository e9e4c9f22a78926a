"""What could go wrong with what is held about people, and what the software does against it.

Each sentence names the claims of our ledgers (`docs/evidence`) that it rests on: tests show those of a
measure, and those of a gap are not met. A test compares them, so no paper promises what is not so.
"""

from typing import NamedTuple

from django.conf import settings

from bookings.records import retention
from clinic_site import serving_role
from procedures.models.clinic import details


class Measure(NamedTuple):
    """Something that the software does, and what is so where the settings have it off."""

    does: str
    claims: tuple[str, ...]
    is_on: bool = True
    otherwise: str = ""

    @property
    def said(self) -> str:
        """What is true of this installation."""
        return self.does if self.is_on else self.otherwise


class Gap(NamedTuple):
    """Something that the software does not do."""

    said: str
    claim: str


class Risk(NamedTuple):
    """What could happen to somebody, the measures against it, and what is left."""

    happens: str
    measures: list[Measure]
    gaps: tuple[Gap, ...] = ()


def risks() -> list[Risk]:
    """What could happen, in the order in which it would hurt most."""
    return [
        Risk("A stranger reads what a patient told the clinic", _against_strangers()),
        Risk("A colleague reads or does what is none of their work", _against_curiosity()),
        Risk("A message tells somebody at home or at work about a patient", _in_messages()),
        Risk("A record is changed and nobody notices", _against_changes(), REWRITTEN),
        Risk("Records are lost, or a copy of them gets out", _against_loss()),
        Risk("Something is kept for longer than it is needed", _against_keeping()),
        Risk("Somebody cannot get, correct or erase what is held about them", _for_rights()),
        Risk("A program floods the site, or finds a fault in it", _against_programs()),
    ]


def measures() -> list[Measure]:
    """Every measure once."""
    return list(dict.fromkeys(each for risk in risks() for each in risk.measures))


REWRITTEN = (
    Gap(
        "Somebody with the database and its keys could write a journal again. Only copies of the heads "
        "that somebody else keeps would show it.",
        "T40",
    ),
    Gap(
        "Somebody with the server could show a clinician one thing and have the passkey sign another. "
        "The clinician is told afterwards by email.",
        "T45",
    ),
)


def _against_strangers() -> list[Measure]:
    return [
        Measure(
            "Browsers use HTTPS only, and cookies are sent over nothing else.",
            ("V3.3.1", "V3.4.1"),
            not settings.DEVELOPMENT,
            "HTTPS is not required here, because this installation is for development.",
        ),
        Measure(
            "A private link or code cannot be guessed, and guessing is stopped. No log contains a link.",
            ("T01", "T02"),
        ),
        Measure("Passwords of colleagues are stored with Argon2.", ("V11.4.2",)),
        Measure(
            "Signing in asks for a passkey or a code from an app after the password, and guessing is "
            "stopped.",
            ("T12",),
            settings.SECOND_FACTOR_REQUIRED,
            "Signing in asks for no second factor, because this installation is a demonstration.",
        ),
        Measure(
            "Only passkeys are taken, which nobody can be talked into passing on.",
            ("T35",),
            settings.PASSKEYS_ONLY,
            "A code from an app can be passed on by a colleague whom somebody deceives. A passkey "
            "cannot; PASSKEYS_ONLY makes everybody use one.",
        ),
        Measure(
            f"A colleague is signed out after {settings.STAFF_IDLE_MINUTES} minutes without a request "
            f"and after {settings.STAFF_SESSION_HOURS} hours in any case. Careful steps ask for both "
            "again.",
            ("T14",),
        ),
        Measure("What somebody types never runs in a colleague’s browser.", ("T10",)),
        Measure("Logs contain no secret, no link and nothing that somebody wrote.", ("V16.2.5",)),
    ]


def _against_curiosity() -> list[Measure]:
    return [
        Measure("What a colleague may open depends on their role, by a fixed table.", ("V8.1.1",)),
        Measure(
            "Each time that a colleague opens a patient, or sees them in a list, it is recorded, and "
            "managers see what is unusual.",
            ("T16",),
        ),
        Measure(
            "Who books is kept from the answers about health, or says why before reading them.",
            ("H23.6",),
            not details().reception_reads_answers,
            "Reception reads answers about health. A manager can change that under “Clinic”.",
        ),
        Measure("Nobody can weaken what keeps patients safe without a second person.", ("T18",)),
        Measure("A manager can end the account of a colleague who leaves straight away.", ("T17",)),
    ]


def _in_messages() -> list[Measure]:
    return [
        Measure(
            "No message says anything about health. What the clinic wrote is behind the date of birth.",
            ("T04",),
        ),
        Measure(
            "Whoever has a private link takes no time away without the date of birth, and the patient "
            "can undo it for an hour.",
            ("T05",),
        ),
    ]


def _against_changes() -> list[Measure]:
    rights = serving_role.rights()
    return [
        Measure(
            "The site works with an account of the database that cannot remove what keeps journals from "
            "being changed.",
            ("V13.2.2",),
            rights is not None and not rights.beyond_rows(),
            "The site works with an account of the database that could remove what keeps journals from "
            "being changed.",
        ),
        Measure("Journals are chained by hashes, so a changed entry shows.", ("T27",)),
        Measure(
            "A signed copy of the chains’ heads shows a journal that was built again.", ("T22",)
        ),
    ]


def _against_loss() -> list[Measure]:
    return [
        Measure(
            "Backups are encrypted and each is checked. A restored copy sends nothing until it is "
            "released.",
            ("T29",),
            bool(settings.BACKUP_FOLDER),
            "No backup is set up on this installation.",
        ),
        Measure(
            "The site comes back when the disk, the database or the network has failed.", ("T30",)
        ),
    ]


def _against_keeping() -> list[Measure]:
    return [
        Measure(
            "A request that led to no visit is emptied when its time is over, once a day. A legal hold "
            "stops that, and so does what the person asks about their data.",
            ("DTAC.C2.2",),
            retention.is_done_by_worker(),
            "Nothing is emptied automatically: whoever runs the server has to start it, or turn it on.",
        ),
        Measure("Whoever was erased is erased again after a restore.", ("T33",)),
    ]


def _for_rights() -> list[Measure]:
    return [
        Measure(
            "A manager makes a copy of everything that is held about a person, with who looked at it.",
            ("DTAC.C2.1",),
        ),
        Measure(
            "Whoever hears what somebody asks about their data notes it, and managers see the last day "
            "for an answer.",
            ("DTAC.C2.8",),
        ),
        Measure(
            "A complaint about data is noted in the same place. Managers see the last day for "
            "acknowledging it, and then for how long it has been open.",
            ("DTAC.C2.9",),
        ),
        Measure(
            "A colleague corrects a name, a date of birth or contact details that are wrong, and why is "
            "recorded.",
            ("DTAC.C2.7",),
        ),
        Measure(
            "Two managers erase a person: one proposes it, and another agrees.", ("DTAC.C2.3",)
        ),
    ]


def _against_programs() -> list[Measure]:
    return [
        Measure("Whoever floods the form is stopped, and nobody else is refused.", ("T08",)),
        Measure("What a visitor can send or fill is limited.", ("T09",)),
        Measure(
            "Every night the site asks whether a library that runs here has a known weakness, and "
            "whoever runs the server is told.",
            ("T32",),
            bool(settings.WEAKNESSES_URL and settings.OPERATOR_EMAIL),
            "Nobody is told automatically of a known weakness in a library: whoever runs the server can "
            "set WEAKNESSES_URL and OPERATOR_EMAIL.",
        ),
    ]
