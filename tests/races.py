"""Several people press the button at the same moment: real threads and connections.

The twin of a race takes the guard away and must go wrong every time, on any machine. So its acts
meet (`having_met`) between the look and the write: whose thread was faster has no part in it.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

from django.db import connection

from tests import processes

Looks = ParamSpec("Looks")
Seen = TypeVar("Seen")


def race(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the acts at the same moment.

    Returns what each returned, or the exception that it raised.
    """
    barrier = threading.Barrier(len(acts), timeout=processes.PATIENCE)
    outcomes: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            outcomes[index] = act()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def having_met(parties: int, look: Callable[Looks, Seen]) -> Callable[Looks, Seen]:
    """As `look`, but its callers go on only when so many have looked."""
    barrier = threading.Barrier(parties, timeout=processes.PATIENCE)

    def met(*args: Looks.args, **kwargs: Looks.kwargs) -> Seen:
        seen = look(*args, **kwargs)
        barrier.wait()
        return seen

    return met


def just_before_the_update(table: str, act: Callable[[], Any]) -> AbstractContextManager[None]:
    """Let somebody be faster by a moment: the act happens just before the next update of a table.

    It needs no thread. It is part of the transaction of whoever is slower, and ends with it.
    """
    acts = [act]

    def execute_after(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if acts and sql.startswith(f'UPDATE "{table}"'):
            acts.pop()()
        return execute(sql, *rest)

    return connection.execute_wrapper(execute_after)


def winners(outcomes: Sequence[Any]) -> list[Any]:
    """The results that are not exceptions."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def losses(outcomes: Sequence[Any]) -> set[type]:
    """The kinds of exception that the others met."""
    return {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)}
