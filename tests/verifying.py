"""What the command that checks all pages prints."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_pages", *arguments, stdout=out)
    return out.getvalue()


def faults(*arguments: str) -> str:
    with pytest.raises(CommandError) as failed:
        verify(*arguments)
    return str(failed.value)
