"""Steps that one person proposes and a second person agrees to, because they keep patients safe.

A step is declared once, beside its verb:

    RETIRE = two_people.register(TwoPersonAct(
        name="retire a safety question", label="Stop asking a safety question",
        permission="bookings.change_screeningquestion", model="bookings.screeningquestion",
        describe=lambda question, arguments: f"Stop asking “{question.wording}”", do=retire))

A page of the desk calls `propose`, or names `proposing(RETIRE)` as the verb of a `Decision`. The
proposal then waits on Today and on Set-up until somebody else agrees, and only then the verb is
called: `do(subject, **arguments, proposed_by=…, by=…, now=…)`, in the same transaction. Whoever
proposed it cannot agree to it; the database refuses that too. A proposal ends after a week, and does
not count any more once its subject has changed.

The row is the record of what two people decided, so the database keeps it as it is. It must not name
a patient: it leads to the record, which may be emptied one day.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.crypto import salted_hmac

from procedures.ground.constraints import paired
from procedures.ground.people import shown_name

ENDS_AFTER = timedelta(days=7)


class Outcome(TextChoices):
    """What became of a proposal."""

    DONE = "done", "Agreed and done"
    REFUSED = "refused", "Not agreed to"
    TAKEN_BACK = "taken_back", "Taken back"
    REPLACED = "replaced", "Proposed again"


class ProposalState(TextChoices):
    """What a proposal nobody has decided about is good for. Computed, never stored."""

    WAITING = "waiting", "Waiting for a second person"
    CHANGED = "changed", "Out of date: the record has changed since"
    ENDED = "ended", "Ended: nobody agreed in time"


class ProposalRefused(Exception):
    """A rule or a faster colleague forbids this step. The message is a sentence for whoever tried."""


def all_columns(subject: models.Model) -> object:
    """Everything that is stored in the subject's own row."""
    return [
        [each.attname, getattr(subject, each.attname)] for each in subject._meta.concrete_fields
    ]


@dataclass(frozen=True, kw_only=True)
class TwoPersonAct:
    """A step that needs a second person."""

    # Stored with each proposal, so it never changes.
    name: str
    # What it is called on pages.
    label: str
    # Who may propose it, and who may agree to it: the same unless `agreed_with` says otherwise.
    permission: str
    # What it is done to, for example “bookings.screeningquestion”.
    model: str
    # Called with the subject and the arguments: the sentence that the second person reads.
    describe: Callable[[Any, dict[str, Any]], str]
    # Called with the subject, the arguments by name, `proposed_by`, `by` and `now`.
    do: Callable[..., object]
    agreed_with: str = ""
    # Called with the subject, `by` and `now` when a page shows a proposal: who it is about, if a row
    # that is kept must not say so. It records that they were shown.
    name_of: Callable[..., str] | None = None
    # What of the subject counts: once it is different, the proposal is out of date.
    seen: Callable[[Any], object] = all_columns
    # What `do` raises when a rule forbids the step, with a sentence.
    refusals: tuple[type[Exception], ...] = ()

    @property
    def agreeing(self) -> str:
        """The permission of the second person."""
        return self.agreed_with or self.permission


ACTS: dict[str, TwoPersonAct] = {}


def register(act: TwoPersonAct) -> TwoPersonAct:
    """Make a step known to the page on which second persons agree."""
    ACTS[act.name] = act
    return act


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Proposals by whom they concern."""

    def shown_to(self, person: User) -> "ProposalQuerySet":
        """What they may propose or agree to themselves."""
        theirs = [
            act.name
            for act in ACTS.values()
            if person.has_perm(act.permission) or person.has_perm(act.agreeing)
        ]
        return self.filter(act__in=theirs)

    def waiting_for(self, person: User, now: datetime) -> "ProposalQuerySet":
        """Those of them that nobody has decided about and that have not ended, the next to end first."""
        waiting = self.shown_to(person).filter(decided_at=None, ends__gt=now)
        return waiting.select_related("proposed_by").order_by("ends")


class Proposal(models.Model):
    """A step that waits for a second person, or what became of it."""

    act = models.CharField(max_length=60)
    about_model = models.CharField(max_length=100)
    about_number = models.PositiveBigIntegerField()
    arguments = models.JSONField(encoder=DjangoJSONEncoder)
    said = models.CharField("what", max_length=500)
    # A keyed hash of what the subject was like.
    seen = models.CharField(max_length=64)
    reason = models.CharField("why", max_length=1000)
    proposed_at = models.DateTimeField("proposed")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ends = models.DateTimeField()
    decided_at = models.DateTimeField("decided", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    answer = models.CharField(max_length=1000, blank=True)

    PERSONAL: set[str] = set()
    # What colleagues decided, and why. No patient is named in it.
    OF_STAFF = {"arguments", "said", "reason", "answer", "proposed_by", "decided_by"}
    NOT_PERSONAL = {
        "id",
        "act",
        "about_model",
        "about_number",
        "seen",
        "proposed_at",
        "ends",
        "decided_at",
        "outcome",
    }

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = "decision of two people"
        verbose_name_plural = "decisions of two people"
        permissions = [("decide_proposal", "Can be the second person")]
        constraints = [
            paired("proposed"),
            paired("decided"),
            CheckConstraint(
                condition=~Q(outcome__in=["done", "refused"]) | ~Q(decided_by=F("proposed_by")),
                name="the_second_person_is_another",
            ),
        ]

    def __str__(self) -> str:
        return self.said

    @property
    def version(self) -> int:
        """2 once it is decided: a screen that shows 1 is out of date then."""
        return 2 if self.decided_at else 1

    @property
    def known_act(self) -> TwoPersonAct | None:
        """The step as it is declared; None if a later release does not know it any more."""
        return ACTS.get(self.act)

    def subject(self) -> models.Model | None:
        """What it is about; None if that is gone."""
        return _rows(self.about_model).filter(pk=self.about_number).first()

    def state(self, now: datetime) -> Outcome | ProposalState:
        """What has become of it."""
        if self.decided_at:
            return Outcome(self.outcome)
        if self.ends <= now:
            return ProposalState.ENDED
        subject, act = self.subject(), self.known_act
        if act is None or subject is None or _digest(act, subject) != self.seen:
            return ProposalState.CHANGED
        return ProposalState.WAITING

    def may_be_agreed_by(self, person: User) -> bool:
        """Whether they can be the second person."""
        act = self.known_act
        return bool(act and person.pk != self.proposed_by_id and person.has_perm(act.agreeing))


def propose(
    act: TwoPersonAct,
    subject: models.Model,
    *,
    reason: str,
    by: User,
    now: datetime,
    arguments: dict[str, Any] | None = None,
) -> Proposal:
    """Ask for a second person. The step is not done yet.

    The arguments are stored as JSON, so `do` gets days as text and people as numbers. Raises
    ProposalRefused if the same step already waits for this subject.
    """
    if not by.has_perm(act.permission):
        raise ProposalRefused("You may not propose this.")
    with transaction.atomic():
        # One proposal about a subject at a time, so of two presses the second finds the first.
        current = _locked(act.model, subject.pk)
        if current is None:
            raise ProposalRefused("This record does not exist any more.")
        _close_earlier(act, subject.pk, by=by, now=now)
        return Proposal.objects.create(
            act=act.name,
            about_model=act.model,
            about_number=subject.pk,
            arguments=arguments or {},
            said=act.describe(current, arguments or {})[:500],
            seen=_digest(act, current),
            reason=reason,
            proposed_at=now,
            proposed_by=by,
            ends=now + ENDS_AFTER,
        )


def proposing(act: TwoPersonAct) -> Callable[..., Proposal]:
    """The verb of a `Decision` that proposes instead of doing. Its form has a `reason`."""

    def verb(record: Any, *, version: int, reason: str, by: User, now: datetime) -> Proposal:
        if record.version != version:
            raise ProposalRefused("Somebody has changed this in the meantime. Look at it again.")
        return propose(act, record, reason=reason, by=by, now=now)

    return verb


def said_waiting(proposal: Proposal) -> str:
    """What to tell whoever has just proposed something."""
    others = [shown_name(each) for each in who_may_agree(proposal)]
    if not others:
        return (
            "Not done yet: a second person has to agree, and nobody else here may. Give somebody the "
            "role for it."
        )
    return (
        f"Not done yet: a second person has to agree by "
        f"{timezone.localtime(proposal.ends):%A %-d %B}. {_one_of(others)} can do that on Today."
    )


def who_may_agree(proposal: Proposal) -> QuerySet[User]:
    """The colleagues who can be the second person."""
    act = proposal.known_act
    if act is None:
        return User.objects.none()
    found: QuerySet[User] = User.objects.with_perm(act.agreeing, include_superusers=False)
    return found.exclude(pk=proposal.proposed_by_id).order_by("first_name", "username")


def agree(proposal: Proposal, *, by: User, now: datetime, **_seen: int) -> Proposal:
    """Agree as the second person, and do it.

    Raises ProposalRefused for whoever proposed it, if a colleague was faster, and if it has ended or
    its subject has changed.
    """
    act = proposal.known_act
    if act is None:
        raise ProposalRefused("This site does not know this step any more.")
    try:
        with transaction.atomic():
            _decide(proposal, Outcome.DONE, by=by, now=now)
            subject = _locked(act.model, proposal.about_number)
            if subject is None or _digest(act, subject) != proposal.seen:
                raise ProposalRefused(
                    "The record has changed since this was proposed. Take it back, look at the record "
                    "and propose it again."
                )
            if not proposal.proposed_by.has_perm(act.permission):
                raise ProposalRefused(
                    f"{shown_name(proposal.proposed_by)} may not propose this any more."
                )
            act.do(subject, **proposal.arguments, proposed_by=proposal.proposed_by, by=by, now=now)
    except act.refusals as refusal:
        raise ProposalRefused(str(refusal)) from refusal
    return proposal


def refuse(proposal: Proposal, *, reason: str, by: User, now: datetime, **_seen: int) -> Proposal:
    """Say as the second person that it is not done, and why."""
    return _decide(proposal, Outcome.REFUSED, by=by, now=now, answer=reason)


def take_back(proposal: Proposal, *, by: User, now: datetime, **_seen: int) -> Proposal:
    """Take back what one has proposed, also when it does not count any more."""
    if by.pk != proposal.proposed_by_id:
        raise ProposalRefused("Only whoever proposed this can take it back.")
    return _close(proposal, Outcome.TAKEN_BACK, by=by, now=now)


def _decide(
    proposal: Proposal, outcome: Outcome, *, by: User, now: datetime, answer: str = ""
) -> Proposal:
    """Write down what a second person decided, once."""
    if by.pk == proposal.proposed_by_id:
        raise ProposalRefused("You have proposed this yourself. A second person has to decide.")
    if not proposal.may_be_agreed_by(by):
        raise ProposalRefused("You may not decide about this.")
    if proposal.ends <= now:
        raise ProposalRefused("This has ended. Whoever still wants it has to propose it again.")
    return _close(proposal, outcome, by=by, now=now, answer=answer)


def _close(
    proposal: Proposal, outcome: Outcome, *, by: User, now: datetime, answer: str = ""
) -> Proposal:
    closed = Proposal.objects.filter(pk=proposal.pk, decided_at=None).update(
        decided_at=now, decided_by=by, outcome=outcome, answer=answer
    )
    if not closed:
        raise ProposalRefused("Somebody was faster. Open it again to see what was decided.")
    proposal.refresh_from_db()
    return proposal


def _close_earlier(act: TwoPersonAct, number: int, *, by: User, now: datetime) -> None:
    """Make room for a proposal: an earlier one that does not count any more is closed."""
    earlier = Proposal.objects.filter(act=act.name, about_number=number, decided_at=None).first()
    if earlier is None:
        return
    if earlier.state(now) == ProposalState.WAITING:
        raise ProposalRefused(
            f"{shown_name(earlier.proposed_by)} has already proposed this, and it waits for a second "
            "person. Look on Today."
        )
    _close(earlier, Outcome.REPLACED, by=by, now=now)


def _locked(model: str, number: int) -> models.Model | None:
    """The subject as it is now, and as it stays until the end of the transaction."""
    return _rows(model).select_for_update(no_key=True).filter(pk=number).first()


def _rows(model: str) -> QuerySet[models.Model]:
    return QuerySet(apps.get_model(model))


def _digest(act: TwoPersonAct, subject: models.Model) -> str:
    # Keyed, because what is hashed may be about a person whose record is emptied later.
    seen = json.dumps(act.seen(subject), cls=DjangoJSONEncoder, sort_keys=True)
    return salted_hmac("procedures.two_people", seen, algorithm="sha256").hexdigest()


def _one_of(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
