"""A query from the key that asks it to its first page."""

import threading

from queries.pages import Answer


class InHand:
    """A query on its way, which can be stopped also before its connection is open.

    Attributes:
        answer: its result, once there is a connection to ask it of.
    """

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self._given_up = threading.Event()

    def begin(self, answer: Answer) -> None:
        """The connection is there."""
        self.answer = answer
        if self._given_up.is_set():
            answer.stop()

    def stop(self) -> None:
        """Stop it."""
        self._given_up.set()
        if self.answer is not None:
            self.answer.stop()
