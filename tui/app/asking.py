"""Questions in threads: asked of a cursor of their own, superseded by newer ones, stopped by interrupting DuckDB.

A thread cannot be killed; a query can be interrupted. Between two queries of one question there is nothing to
interrupt, so a question that was given up is interrupted again and again until its thread ends.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.app.messages import Answered, Failed

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from queries import Connection
    from tui.app.session import Session

Work = Callable[["Connection"], Any]
Then = Callable[[Any], None]


@dataclass(eq=False)
class Question:
    """A question on its way.

    Attributes:
        serial: number of the question, from 1.
        about: what it is about; of each thing the newest question counts.
        doing: what is done meanwhile, for the status line.
        began: when it was asked, in the seconds of ``time.monotonic``.
        given_up: set once nobody waits for the answer.
        ended: set once its thread is through with it.
    """

    serial: int
    about: str
    doing: str
    began: float = field(default_factory=time.monotonic)
    given_up: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    con: "Connection | None" = None

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began

    def stop(self) -> None:
        """Give the question up."""
        self.given_up.set()
        if self.con is not None and not self.ended.is_set():
            with suppress(Exception):  # its thread closed the connection just now
                self.con.interrupt()


_RUNNING: set[Question] = set()
"""Questions whose threads have not ended, of all screens."""


def all_ended(within: float) -> bool:
    """Give every question up, and wait until no thread works for one; whether that was so in time.

    Python ends what is left of its threads when it exits itself, and one of them that is inside DuckDB then takes the
    whole process down with an abort.

    Args:
        within: seconds.
    """
    end = time.monotonic() + within
    while _RUNNING:
        for question in list(_RUNNING):
            question.stop()
            question.ended.wait(0.02)
        if time.monotonic() > end:
            return False
    return True


class Asker:
    """Runs the questions of a screen; their answers come back to it as messages."""

    def __init__(self, owner: "MessagePump", session: "Session") -> None:
        self._owner, self._session = owner, session
        self._serial = 0
        self._newest: dict[str, Question] = {}
        self._stopping: list[Question] = []

    @property
    def running(self) -> list[Question]:
        """Questions that somebody waits for, the oldest first."""
        return sorted(self._newest.values(), key=lambda question: question.serial)

    @property
    def busy(self) -> bool:
        """Whether a thread still works, also for a question that was given up."""
        return bool(self._newest or self._stopping)

    def ask(self, about: str, work: Work, then: Then, doing: str) -> None:
        """Ask in a thread; an older question about the same is given up."""
        self.stop(about)
        self._serial += 1
        question = Question(self._serial, about, doing)
        self._newest[about] = question
        _RUNNING.add(question)
        threading.Thread(target=self._run, args=(question, work, then), daemon=True).start()

    def stop(self, about: str | None = None) -> bool:
        """Give up the question about something, or all; whether there was one."""
        found = [question for question in self.running if about in (None, question.about)]
        for question in found:
            del self._newest[question.about]
            self._stopping.append(question)
            question.stop()
        return bool(found)

    def stop_again(self) -> None:
        """Interrupt once more what was given up and still runs."""
        for question in self._stopping:
            question.stop()
        self._stopping = [question for question in self._stopping if not question.ended.is_set()]

    def take(self, serial: int) -> str | None:
        """What a question is about, if its answer is still waited for; it is no longer, afterwards."""
        for about, question in self._newest.items():
            if question.serial == serial:
                del self._newest[about]
                return about
        return None

    def _run(self, question: Question, work: Work, then: Then) -> None:
        try:
            with self._session.cursor() as con:
                question.con = con
                if question.given_up.is_set():
                    return
                answer = work(con)
            self._tell(question, Answered(question.serial, then, answer))
        except BaseException as error:
            self._tell(question, Failed(question.serial, error))
        finally:
            question.ended.set()
            _RUNNING.discard(question)

    def _tell(self, question: Question, message: "Answered | Failed") -> None:
        if not question.given_up.is_set():  # nobody waits, and the app may be gone
            self._owner.post_message(message)
