"""Why a step is not possible, in a sentence for the person who tried."""


class TriageRefused(Exception):
    """The table, a flag, a taken time or a faster colleague forbids this step.

    The message is a sentence for the person who tried.
    """


class Overtaken(TriageRefused):
    """Somebody else, or the clock, was faster. The message names them and is for staff only."""


class TimeTaken(TriageRefused):
    """Somebody else has the time, or an offer no longer holds it."""
