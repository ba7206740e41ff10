"""What happened to the basket, for the screens that show something of it."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from queries.basket import Plan


class BasketChanged(Message):
    """A set was made, changed or removed."""


class PlanChanged(Message):
    """Something else is to become of the set."""

    def __init__(self, plan: "Plan") -> None:
        super().__init__()
        self.plan = plan
