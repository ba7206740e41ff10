"""Ctrl-C during a query: DuckDB does not look for signals while it works, so somebody else must."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tui.reporting import INTERRUPTED, say

if TYPE_CHECKING:
    from queries import Connection

Result = TypeVar("Result")

PATIENCE = 50
"""Tenths of a second that an interrupted query is waited for."""


def interruptible(con: "Connection", work: Callable[[], Result]) -> Result:
    """Do something with a connection in a thread, so that Ctrl-C stops the query that it runs.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the query has been stopped.
    """
    results: list[Result] = []
    errors: list[BaseException] = []
    done = threading.Event()  # and not Thread.join: interrupted once, it takes the thread for ended
    given_up = threading.Event()

    def run() -> None:
        try:
            if not given_up.is_set():
                results.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
        while not done.wait(0.1):  # not one long wait: once Polars has worked, a signal does not end that
            pass
    except KeyboardInterrupt:
        given_up.set()  # a thread that has not begun its work leaves it
        for _ in range(PATIENCE):  # between two fetches there is nothing to interrupt: again
            con.interrupt()
            if done.wait(0.1) or not thread.is_alive():
                raise
        say("interrupted: the query does not stop, so the process does")
        os._exit(INTERRUPTED)
    if errors:
        raise errors[0]
    return results[0]
