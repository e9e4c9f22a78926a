"""Which emails each colleague gets. Written by `clinic_site.staff.notices`; read by whoever sends one.

| email                                       | without a choice     | nobody left gets it        |
|---------------------------------------------|----------------------|----------------------------|
| an answer that cannot wait                  | the clinic's inbox   | managers, and it is urgent |
| something waits at the desk, each or daily  | the clinic's inbox   | the desk says it           |
| a patient who has waited too long           | managers             | managers, then the inbox   |
| pages that need attention                   | their owner          | managers                   |
| something was signed in their name          | whoever it names     | cannot be turned off       |
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import QuerySet, UniqueConstraint

from procedures.ground.people import MANAGERS, is_manager
from procedures.status import NoticeHow, NoticeKind

# What somebody gets who has chosen nothing.
UNCHOSEN = {
    NoticeKind.URGENT: NoticeHow.NONE,
    NoticeKind.WAITING: NoticeHow.NONE,
    NoticeKind.OVERDUE: NoticeHow.NONE,
    NoticeKind.PAGES: NoticeHow.DAILY,
    NoticeKind.OWN_NAME: NoticeHow.EACH,
}

# What a manager gets who has chosen nothing.
MANAGERS_GET = {NoticeKind.OVERDUE: NoticeHow.EACH}


class StaffNotice(models.Model):
    """How one colleague wants one kind of email. Without a row, as `UNCHOSEN` and `MANAGERS_GET` say."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    kind = models.CharField(max_length=10, choices=NoticeKind)
    how = models.CharField(max_length=10, choices=NoticeHow)
    # The last day for which they had the daily one.
    sent_for = models.DateField(null=True)

    PERSONAL: set[str] = set()
    OF_STAFF = {"account", "how"}
    NOT_PERSONAL = {"id", "kind", "sent_for"}

    class Meta:
        constraints = [
            UniqueConstraint(fields=["account", "kind"], name="one_choice_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.how}"


def reachable() -> QuerySet[User]:
    """Accounts that work and have an email address."""
    return User.objects.filter(is_active=True).exclude(email="").order_by("username")


def managers() -> list[User]:
    """The managers who can be reached: they get what must not be lost, when nobody else does."""
    return list(reachable().filter(groups__name=MANAGERS))


def who_chose(kind: NoticeKind, how: NoticeHow) -> list[User]:
    """Everybody who can be reached and has chosen to get this kind of email in this way."""
    return list(reachable().filter(notices__kind=kind, notices__how=how))


def awake(people: list[User], kind: NoticeKind) -> list[User]:
    """Those of them who have not turned this kind of email off."""
    off = StaffNotice.objects.filter(account__in=people, kind=kind, how=NoticeHow.NONE)
    silent = set(off.values_list("account", flat=True))
    return [person for person in people if person.pk not in silent]


def told_of_waits() -> list[User]:
    """Who hears of a patient who has waited too long: managers, and whoever chose it."""
    kind = NoticeKind.OVERDUE
    return list(dict.fromkeys([*awake(managers(), kind), *who_chose(kind, NoticeHow.EACH)]))


def how_of(account: User) -> dict[NoticeKind, NoticeHow]:
    """How somebody gets each kind of email."""
    rows: QuerySet[StaffNotice] = account.notices.all()
    unchosen = UNCHOSEN | MANAGERS_GET if is_manager(account) else UNCHOSEN
    return unchosen | {NoticeKind(each.kind): NoticeHow(each.how) for each in rows}
