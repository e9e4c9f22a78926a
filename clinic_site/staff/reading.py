"""The account behind a request of the desk, read with what it may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import Permission, User
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat

from procedures.ground.listed import listed

# What Django calls a permission: “bookings.view_offer”.
NAME = Concat("content_type__app_label", Value("."), "codename")
# Where the row has them.
MAY = "may"
_read: ContextVar[User | None] = ContextVar("read", default=None)


def permissions_of(account: str) -> Subquery:
    """What an account may do, as a list beside its row; `account` leads to it."""
    theirs = Permission.objects.filter(Q(user=OuterRef(account)) | Q(group__user=OuterRef(account)))
    return listed(theirs, NAME)


@contextmanager
def already_read(account: User | None) -> Iterator[None]:
    """Spare Django a query: this account was read a moment ago, with its session."""
    before = _read.set(account)
    try:
        yield
    finally:
        _read.reset(before)


def account_with_permissions(number: int) -> User | None:
    """The account, with the names of its permissions as `may`; None if there is none."""
    known = _read.get()
    if known is not None and known.pk == number:
        return known
    accounts = User.objects.select_related("departure").annotate(**{MAY: permissions_of("pk")})
    return accounts.filter(pk=number).first()
