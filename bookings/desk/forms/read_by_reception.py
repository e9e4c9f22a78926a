"""What a colleague is told beside a box whose words reception reads, where answers are kept from it."""

from django import forms

from procedures.models.clinic import details

SENTENCE = "Reception reads this too, so leave out what is about health."
SENTENCE_OF_QUESTION = "Reception reads the question and the reply."


def word_beside(sentence: str = SENTENCE) -> str:
    """That sentence, if the clinic keeps answers about health from reception; otherwise nothing."""
    return "" if details().reception_reads_answers else sentence


def say_beside(field: forms.Field, sentence: str = SENTENCE) -> None:
    """Add it to what the field says below its label."""
    field.help_text = f"{field.help_text} {word_beside(sentence)}".strip()
