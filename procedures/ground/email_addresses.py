"""Email addresses in the one form in which they are stored, compared and sent to.

The domain is in ASCII, as mail servers know it: IDNA 2008, mapped by UTS 46 without its
transitional rules, because straße.example is not strasse.example. Capitals become small letters,
which mail servers treat as the same.
"""

import re

import idna

PLAIN = re.compile("[a-z0-9.-]*")
LONGEST = 254  # RFC 5321, as everybody reads it


class CannotBeSent(ValueError):
    """No mail server of ours can send to the address. The message says which part is wrong."""


def canonical(address: str) -> str:
    """The address as it is stored and sent to. Raises CannotBeSent with a sentence for its owner."""
    local, at, domain = address.rpartition("@")
    if not at:
        raise CannotBeSent("Enter an email address like name@example.org.")
    if not local.isascii():
        raise CannotBeSent(
            "We cannot send to an address with letters such as é or ß before the @. Enter "
            "another email address, or phone us."
        )
    try:
        written = f"{local.lower()}@{_ascii(domain)}" if len(address) <= LONGEST else address
    except UnicodeError:
        raise CannotBeSent(
            "We cannot send to this address. Check the part after the @, or enter another "
            "email address."
        ) from None
    if len(written) > LONGEST:
        raise CannotBeSent(f"Enter an email address with {LONGEST} characters or fewer.")
    return written


def readable(address: str) -> str:
    """The address as its owner writes it, for screens."""
    local, _, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    try:
        return f"{local}@{idna.decode(domain)}"
    except UnicodeError:
        return address


def _ascii(domain: str) -> str:
    plain = domain.lower()
    if PLAIN.fullmatch(plain) and "xn--" not in plain:
        return plain  # with the hyphens that IDNA reserves, and old domains have
    return idna.encode(domain, uts46=True, transitional=False).decode()
