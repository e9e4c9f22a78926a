"""Several people press the button at the same moment: real threads and connections."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from tests import processes


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


def winners(outcomes: Sequence[Any]) -> list[Any]:
    """The results that are not exceptions."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def losses(outcomes: Sequence[Any]) -> set[type]:
    """The kinds of exception that the others met."""
    return {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)}
