"""The log: one JSON object a line, without private links and without what anybody wrote."""

import json
import logging
import re
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Any

from clinic_site import request_ids

# A patient's private link, a calendar's, and the link with which a colleague chooses a password.
PRIVATE_LINK = re.compile(
    r"(/appointments/mine/link/|/appointments/calendar/|/invitation/)[^\s\"']+"
)


class WithoutLinks(logging.Filter):
    """Replaces the secret part of a private link in a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the secret from the line, and let every line through."""
        record.msg = PRIVATE_LINK.sub(r"\1…", record.getMessage())
        record.args = ()
        return True


class JsonLines(logging.Formatter):
    """A line for programs: when (UTC), how serious, who says it, what, and in which request.

    Of an error it has where each of its chain happened and its class, and never its words, which may
    repeat what a patient wrote: PostgreSQL quotes the whole row that it refuses.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON on one line, whatever its message contains."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := request_ids.current():
            line["request"] = request_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(line, ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name that Python gives
        """The frames of each error, the first error first."""
        errors: list[BaseException] = []
        error = ei[1]
        while error is not None and error not in errors:
            errors.insert(0, error)
            error = error.__cause__ or error.__context__
        return "\n".join(line for each in errors for line in _where(each))


FORMATS: dict[bool, dict[str, Any]] = {
    False: {"()": "clinic_site.logs.JsonLines"},
    True: {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
}


def to_console(loggers: dict[str, Any], *, with_words: bool = False) -> dict[str, Any]:
    """The logging configuration: one line a record on the console, without private links.

    With words, it is for a person who develops, and repeats what errors say.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_links": {"()": "clinic_site.logs.WithoutLinks"}},
        "formatters": {"line": FORMATS[with_words]},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["without_links"],
            }
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": loggers,
    }


def _where(error: BaseException) -> list[str]:
    frames = extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return [*places, f"{type(error).__module__}.{type(error).__qualname__}"]
