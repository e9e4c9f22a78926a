"""Finds secrets that were committed by mistake: `python script/find_secrets.py` reads what git knows of.

It has the forms that a secret of ours, or of a service that a clinic uses, always has. A search for what
looks random would find every hash in the lock files. Exits with 1 and the places, never with the secret.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a private key of age": r"AGE-SECRET-KEY-1[0-9A-Z]{20,}",
    "a key of Amazon": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub or GitLab": r"\b(?:gh[oprsu]_|github_pat_|glpat-)\w{20,}",
    "a token of Slack": r"\bxox[abprs]-[\w-]{10,}",
    "a key of Stripe": r"\b[rs]k_live_\w{16,}",
    "a key of Google": r"\bAIza[\w-]{35}\b",
    # As `token_urlsafe(50)` makes them.
    "one of our own keys": r"""(?:SECRET|SEALING)_KEY\s*[=:]\s*["']?[\w-]{60,}["']?\s*$""",
    "a password in an address": r"\b(?:postgres(?:ql)?|smtps?(?:\+\w+)?|https?)://[\w.-]+:([^@\s/\"'<>{}$]+)@",
}
# Written where a password would be, in examples and tests.
EXAMPLES = {"password", "pw", "p", "b", "secret", "pass", "..."}


def tracked() -> Iterator[Path]:
    """The files that are, or are about to be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return (Path(name) for name in told.split("\0") if name and Path(name).is_file())


def found(paths: Iterable[Path]) -> Iterator[str]:
    """Where each secret is, and what it is."""
    for path in paths:
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            for what, pattern in SECRETS.items():
                match = re.search(pattern, line)
                if match and not (match.groups() and match[1] in EXAMPLES):
                    yield f"{path}:{number}: this looks like {what}"


if __name__ == "__main__":
    places = list(found(tracked()))
    for place in places:
        print(place, file=sys.stderr)
    sys.exit(bool(places))
