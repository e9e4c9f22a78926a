"""Why a step is not possible, in a sentence for whoever tried."""


class TriageRefused(Exception):
    """A step that the table, a flag, a taken time or a colleague's faster hand forbids.

    The message is a sentence for the person who tried.
    """


class Overtaken(TriageRefused):
    """Somebody else, or the clock, was faster. The message names them, and is for staff alone."""


class TimeTaken(TriageRefused):
    """Somebody else holds the time, or an offer no longer does."""
