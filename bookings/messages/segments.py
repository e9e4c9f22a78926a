"""How many parts a text message is sent in. A gateway charges for each.

A text that GSM 7-bit can write has 160 letters in one part and 153 in each of several; one other letter
makes it UCS-2, with 70 and 67. https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

from math import ceil

# 3GPP TS 23.038, 6.2.1: the default alphabet, and what takes two places.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("^{}\\[~]|€\f")
GSM, GSM_OF_SEVERAL = 160, 153
UCS2, UCS2_OF_SEVERAL = 70, 67


def is_gsm(text: str) -> bool:
    """Whether the text can be written with 7 bits a letter."""
    return set(text) <= BASIC | DOUBLE


def segments(text: str) -> int:
    """How many parts the text is sent in; none if it is empty."""
    if is_gsm(text):
        length, one, several = sum(1 + (letter in DOUBLE) for letter in text), GSM, GSM_OF_SEVERAL
    else:
        length, one, several = len(text.encode("utf-16-be")) // 2, UCS2, UCS2_OF_SEVERAL
    return min(length, 1) if length <= one else ceil(length / several)
