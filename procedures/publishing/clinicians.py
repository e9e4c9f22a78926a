"""Who signs: a clinician's account and registration change only if two people say so."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User

from procedures.ground.two_people import TwoPersonAct, register
from procedures.models import Clinician
from procedures.publishing import own_keys

# What says who a clinician is, as it is stored; and the check of the register, which is about these.
IDENTITY = ("login_id", "regulator", "registration_number")
CHECK = ("verified_on", "verification_evidence", "verified_until")


def change_identity(
    clinician: Clinician, *, proposed_by: User, by: User, now: datetime, **columns: Any
) -> Clinician:
    """Change the account or the registration of a clinician, with the check that belongs to it.

    The days of the check are text, as in 2026-11-29, or None.
    """
    if clinician.login:
        # Whoever signs under the new identity enrols passkeys of their own.
        own_keys.stop(clinician.login, own_keys.that_sign(clinician.login), now=now)
    for name, value in columns.items():
        is_day = name in {"verified_on", "verified_until"} and value
        setattr(clinician, name, date.fromisoformat(value) if is_day else value)
    clinician.verified_by = proposed_by if clinician.verified_on else None
    clinician.save(update_fields=[*columns, "verified_by"])
    return clinician


def identity_of(clinician: Clinician) -> dict[str, Any]:
    """Who a clinician is, and how that was checked, as `change_identity` takes it."""
    days = ("verified_on", "verified_until")
    stored = {name: getattr(clinician, name) for name in (*IDENTITY, *CHECK)}
    return {
        name: value.isoformat() if name in days and value else value
        for name, value in stored.items()
    }


def _said(clinician: Clinician, arguments: dict[str, Any]) -> str:
    names = dict(User.objects.values_list("pk", "username"))
    labels = {"login_id": "login", "regulator": "regulator", "registration_number": "number"}
    changed = [
        f"{labels[name]} {_shown(name, before, names)} → {_shown(name, arguments[name], names)}"
        for name in IDENTITY
        if (before := getattr(clinician, name)) != arguments[name]
    ]
    return f"{clinician.name}: {', '.join(changed)}"


def _shown(name: str, value: Any, logins: dict[int, str]) -> str:
    return (logins.get(value, "none") if name == "login_id" else str(value)) or "none"


CHANGE_IDENTITY = register(
    TwoPersonAct(
        name="change who a clinician is",
        label="Change a clinician’s login or registration",
        permission="procedures.change_clinician",
        agreed_with="procedures.agree_clinician",
        model="procedures.clinician",
        describe=_said,
        do=change_identity,
        seen=identity_of,
    )
)
