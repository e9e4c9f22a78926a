"""Ways to show two readers two logs, for somebody with the server and its keys.

Each takes the statements of a log that a witness has seen and gives what somebody else is shown instead.
"""

from collections.abc import Callable

from django.utils import timezone

from procedures.log import notes, verify, witness
from procedures.models import WatchedLog
from tests.forgeries import Statements, chained, false_statement, fetching, proof_of, served

SPLITS: dict[str, Callable[[Statements], Statements]] = {
    "another text in the newest signature": lambda log: chained([*log[:-1], _other_text(log[-1])]),
    "the same, and the log goes on": lambda log: chained(
        [*log[:-1], _other_text(log[-1]), false_statement(log)]
    ),
    "an entry in the middle is hidden": lambda log: chained([*log[:2], *log[3:]]),
    "an entry in the middle is for them alone": lambda log: chained(
        [*log[:2], false_statement(log), *log[2:]]
    ),
    "two entries in another order": lambda log: chained([log[1], log[0], *log[2:]]),
}


def verdicts(watched: WatchedLog, log: Statements, other: Statements) -> tuple[str, str, str, str]:
    """Why the second log is refused, empty if it is not: by its reader alone; by one who asks for the
    witness; by the witness, who is asked to sign it after the first; and when its reader passes the
    checkpoint on to the witness, who is still shown the first.
    """
    key, shown = notes.log_key(), served(other)
    proof = proof_of(other, len(other) - 1)
    statement = other[-1].encode()

    def why(check: Callable[[], object]) -> str:
        try:
            check()
        except verify.Refused as fault:
            return str(fault)
        return ""

    def asks_for_the_witness() -> None:
        verify.included(statement, proof, key)
        verify.witnessed(verify.read_proof(proof)[2], notes.witness_key())

    note = shown["checkpoint"].decode()
    return (
        why(lambda: verify.included(statement, proof, key)),
        why(asks_for_the_witness),
        why(lambda: witness.look(watched, fetching(shown), timezone.now())),
        why(lambda: witness.compare(watched, note, fetching(served(log)))),
    )


def _other_text(statement: str) -> str:
    text = verify.read_statement(statement)["text"]
    return statement.replace(f"text {text}", f"text {'0' * 64}")
