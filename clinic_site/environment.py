"""Reads the settings from environment variables and collects everything that is wrong with them.

For a setting that cannot be used it notes a sentence and uses the default, so that the rest can be
read too. `refuse_faults` then raises one error with every sentence. Secrets are never repeated.
"""

import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = {"true", "yes", "on", "1"}
FALSE = {"false", "no", "off", "0", ""}
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MIDNIGHT_AT_THE_END = "24:00"
AGE_KEY = re.compile(r"age1[0-9a-z]{58}")
SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"


class Environment(environ.Env):  # type: ignore[misc]  # it has no types
    """Environment variables, each checked as it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def insist(self, is_right: bool, sentence: str) -> bool:
        """Note the sentence unless the condition is true, and return the condition."""
        if not is_right:
            self.faults.append(sentence)
        return is_right

    def required(self, name: str, hint: str) -> str:
        """A text that has no safe default."""
        value = str(self.str(name, default=""))
        self.insist(value != "", f"Set the environment variable {name}. {hint}")
        return value

    def flag(self, name: str) -> bool:
        """A switch, which is off by default."""
        value = str(self.str(name, default="")).lower()
        self.insist(value in TRUE | FALSE, f"{name} is “{value}”. Set it to true or false.")
        return value in TRUE

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        written = str(self.str(name, default=str(default)))
        if self.insist(
            re.fullmatch(r"-?[0-9]{1,9}", written) is not None and least <= int(written) <= most,
            f"{name} is “{written}”. Set it to a whole number from {least} to {most}.",
        ):
            return int(written)
        return default

    def numbers(self, name: str, *, default: list[int], least: int, most: int) -> list[int]:
        """Different whole numbers from `least` to `most`, separated by commas; at least one."""
        example = ",".join(map(str, default))
        written = str(self.str(name, default=example))
        found = [number.strip() for number in written.split(",")]
        if self.insist(
            all(re.fullmatch(r"[0-9]{1,9}", each) and least <= int(each) <= most for each in found)
            and len({*map(int, found)}) == len(found),
            f"{name} is “{written}”. List different whole numbers from {least} to {most}, separated "
            f"by commas, for example {example}.",
        ):
            return [int(each) for each in found]
        return default

    def words(self, name: str, *, default: list[str]) -> list[str]:
        """Words separated by commas, with or without blanks."""
        return [word.strip() for word in self.list(name, default=default) if word.strip()]

    def weekdays(self, name: str, *, default: list[int]) -> list[int]:
        """Days of the week separated by commas; 0 is Monday."""
        written = str(self.str(name, default=",".join(map(str, default))))
        days = [day.strip() for day in written.split(",")]
        if self.insist(
            all(day in {*"0123456"} for day in days),
            f"{name} is “{written}”. List at least one day from 0 (Monday) to 6 (Sunday), "
            "separated by commas, for example 0,1,2,3,4.",
        ):
            return [int(day) for day in days]
        return default

    def time_of_day(self, name: str, *, default: str, is_an_end: bool = False) -> str:
        """A local time as HH:MM. The end of a day may be 24:00."""
        written = str(self.str(name, default=default))
        allowed = TIME_OF_DAY.fullmatch(written) or (is_an_end and written == MIDNIGHT_AT_THE_END)
        hint = " Midnight at the end of a day is 24:00." if is_an_end else ""
        if self.insist(
            bool(allowed), f"{name} is “{written}”. Set it to a time from 00:00 to 23:59.{hint}"
        ):
            return written
        return default

    def site_address(self, name: str, *, https: bool) -> str:
        """The scheme and host of the site, and nothing after them."""
        hint = "For example https://clinic.example, with no slash or path at the end."
        value = self.required(name, hint)
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            is_bare = value == f"{parts.scheme}://{parts.netloc}" and parts.port != 0
            is_named = parts.scheme in {"http", "https"} and bool(parts.hostname)
            is_right = is_bare and is_named and "@" not in value
        except ValueError:  # the port, or an IPv6 address, is nonsense
            is_right = False
        if self.insist(is_right, f"{name} is “{value}”. Set it to the address of the site. {hint}"):
            self.insist(
                parts.scheme == "https" or not https,
                f"{name} is “{value}”. It must begin with https://, because private links are "
                "made from it.",
            )
        return value

    def zone(self, name: str, *, default: str) -> str:
        """The name of a time zone."""
        written = str(self.str(name, default=default))
        try:
            ZoneInfo(written)
        except (KeyError, ValueError, OSError):
            self.insist(
                False,
                f"{name} is “{written}”. Set it to the name of a time zone, for example {default}.",
            )
            return default
        return written

    def one_of(self, name: str, choices: Iterable[str], *, default: str) -> str:
        """One of a few words."""
        written = str(self.str(name, default=default))
        named = ", ".join(choice or "nothing" for choice in choices)
        if self.insist(
            written in choices, f"{name} is “{written}”. Set it to one of these: {named}."
        ):
            return written
        return default

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's settings of a PostgreSQL or SQLite database, from its address."""
        example = "postgres://user:password@host/name or sqlite:////path/to/file"
        try:
            with warnings.catch_warnings(action="ignore"):  # the sentence below says it
                found = dict(self.db_url(name, default=default))
        except (KeyError, ValueError, ImproperlyConfigured):
            found = {}
        file = found.get("ENGINE") == SQLITE and Path(found["NAME"]).is_absolute()
        server = found.get("ENGINE") == POSTGRESQL and found["NAME"] != ""
        if self.insist(
            bool(server or (file and not found["HOST"])),
            f"{name} does not name a database. Set it to something like {example}.",
        ):
            return found
        return dict(self.db_url_config(default))

    def absolute(self, name: str) -> str:
        """The absolute path of a folder or a file; empty if there is none."""
        written = str(self.str(name, default=""))
        if self.insist(
            not written or Path(written).is_absolute(),
            f"{name} is “{written}”. Set it to a path that begins with a slash.",
        ):
            return written
        return ""

    def mail_server(self, name: str, *, default: str) -> dict[str, Any]:
        """Django's settings of a mail server, from its address."""
        try:
            return dict(self.email_url(name, default=default))
        except (KeyError, ValueError, ImproperlyConfigured):
            example = "smtp+tls://user:password@host:587"
            self.insist(
                False, f"{name} does not name a mail server. Set it to something like {example}."
            )
            return {}

    def refuse_faults(self) -> None:
        """Raise ImproperlyConfigured with everything that is wrong, if anything is."""
        if self.faults:
            listed = "\n".join(f"- {fault}" for fault in self.faults)
            raise ImproperlyConfigured(
                f"Nothing was started, because these settings are wrong:\n{listed}\n"
                "docs/operations.md explains every variable. For a demonstration on your own machine, "
                "run script/server once: manage.py then uses its settings."
            )
