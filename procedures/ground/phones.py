"""Phone numbers: how they are shown, which look doubtful, and which can receive a text message."""

import phonenumbers
from django.conf import settings
from phonenumber_field.phonenumber import PhoneNumber, to_python
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

# Certain not to receive text messages. A type that the tables do not know may be a mobile.
WITHOUT_TEXTS = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}

# Ofcom keeps these beginnings for books, films and examples: nobody ever has such a number.
FICTITIOUS = (
    "442079460",
    "441632960",
    "447700900",
    "442920180",
    "448081570",
    "443069990",
    *(f"4411{city}4960" for city in range(3, 9)),
    *(f"441{city}14960" for city in (2, 3, 4, 5, 6)),
    "441914980",
)


def parsed(typed: str | PhoneNumber) -> PhoneNumber | None:
    """The number, or None if it cannot be dialled from anywhere in the country.

    Ranges that the library's tables do not know yet count as numbers.
    """
    number = to_python(typed)
    if not number or number.country_code is None:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible else None


def shown(number: str | PhoneNumber) -> str:
    """The number as people here dial it.

    A foreign one has its code, so that it does not look local.
    """
    known = parsed(number)
    if known is None:
        return str(number)
    ours = phonenumbers.country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION)
    return str(known.as_national if known.country_code == ours else known.as_international)


def identity(number: str | PhoneNumber) -> str:
    """What all spellings of a number share; empty if there is none. Quick: it asks no tables."""
    if not isinstance(number, PhoneNumber) or number.country_code is None:
        return str(number)
    return f"+{number.country_code} {number.national_number} {number.extension or ''}"


def is_doubtful(number: str | PhoneNumber) -> bool:
    """Whether the tables do not know the number: it is mistyped, or its range is new."""
    return bool(number) and not to_python(number).is_valid()


def is_fictitious(number: str | PhoneNumber) -> bool:
    """Whether the number is one that is kept for books, films and examples."""
    return any(each.startswith(FICTITIOUS) for each in spellings(number))


def takes_no_texts(number: str | PhoneNumber) -> bool:
    """Whether the number is certainly not a mobile."""
    known = parsed(number)
    return known is None or phonenumbers.number_type(known) in WITHOUT_TEXTS


def as_stored(number: str) -> set[str]:
    """How a number may be stored. One that the tables do not know stays as somebody typed it."""
    known = parsed(number)
    if known is None:
        return {number}
    national = known.as_national
    return {number, known.as_international, national, national.replace(" ", "")}


def spellings(number: str | PhoneNumber) -> list[str]:
    """The digits with the country code and as dialled within the country, without an extension."""
    known = parsed(number)
    if known is None:
        return []
    bare = phonenumbers.PhoneNumber()
    bare.merge_from(known)
    bare.extension = None
    written = (
        phonenumbers.format_number(bare, form)
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL)
    )
    return ["".join(filter(str.isdigit, each)) for each in written]
