"""Keeps patients' private links, and what they wrote, out of the log."""

import logging
import re
from traceback import extract_tb
from typing import Any

PRIVATE_LINK = re.compile(r"(/appointments/mine/link/)[^\s\"']+")


class WithoutLinks(logging.Filter):
    """Replaces the secret part of a private link in a log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the secret from the line, and let every line through."""
        record.msg = PRIVATE_LINK.sub(r"\1…", record.getMessage())
        record.args = ()
        return True


class WithoutWords(logging.Formatter):
    """Logs where each error of a chain happened and its class, and never its words.

    The words may repeat what a patient wrote: PostgreSQL quotes the whole row that it refuses.
    """

    def __init__(self, format: str, style: Any = "%"):  # noqa: A002 -- the names that Django gives
        super().__init__(format, style=style)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name that Python gives
        """The frames of each error, the first error first."""
        errors: list[BaseException] = []
        error = ei[1]
        while error is not None and error not in errors:
            errors.insert(0, error)
            error = error.__cause__ or error.__context__
        return "\n".join(line for each in errors for line in _where(each))


def to_console(formatter: str, loggers: dict[str, Any]) -> dict[str, Any]:
    """The logging configuration: one line a record on the console, without private links."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_links": {"()": "clinic_site.logs.WithoutLinks"}},
        "formatters": {
            "line": {
                "()": formatter,
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            }
        },
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
