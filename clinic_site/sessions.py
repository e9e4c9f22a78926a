"""The sessions of patients and staff: in the database, and renamed in one statement."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.models import Session
from django.utils.crypto import get_random_string

KEY_LENGTH = 32


class SessionStore(db.SessionStore):
    """Django's own, except that a session gets its new name at the moment when it is stored.

    Django stores a copy under the new name, deletes the original and stores the copy once more. Ours
    changes the name and the content of the one row together. If that fails, the old one is still there,
    and the same press can be made again.
    """

    # The name under which it is stored, while it waits for another.
    _former: str | None = None
    # The name and the content that were stored last.
    _stored: tuple[str | None, bytes] | None = None

    def cycle_key(self) -> None:
        """Give the session a new name. Once it is stored, a copy of the old cookie opens nothing."""
        self.items()  # it can be read only under the name that it has
        if self.session_key is None:
            return
        self._former = self._former or self.session_key
        self._session_key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store it, under its new name if it was given one, and only if it has changed since.

        So whoever stores it last in a transaction stores it with the rest or not at all, and at the end
        of the answer nothing is left to store. Of two presses at the same time, the first renames the
        row, and the second gets a row of its own.
        """
        if must_create or self._stored != self._as_stored():
            self._store(must_create)
            self._stored = self._as_stored()

    def _store(self, must_create: bool) -> None:
        if self._former is None:
            super().save(must_create)
            return
        row = self.create_model_instance(dict(self.items()))
        renamed = Session.objects.filter(pk=self._former).update(
            session_key=row.session_key,
            session_data=row.session_data,
            expire_date=row.expire_date,
        )
        self._former = None
        if not renamed:
            super().save(must_create=True)

    def _as_stored(self) -> tuple[str | None, bytes]:
        return self.session_key, self.serializer().dumps(dict(self.items()))

    def delete(self, session_key: str | None = None) -> None:
        """Delete it, under the name under which it is stored."""
        super().delete(session_key or self._former)
        self._former = self._stored = None
