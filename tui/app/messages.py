"""What happened, as messages between threads, widgets and screens."""

from collections.abc import Callable
from typing import Any

from textual.message import Message


class Answered(Message):
    """A question that a screen asked was answered."""

    def __init__(self, serial: int, then: Callable[[Any], None], answer: Any) -> None:
        super().__init__()
        self.serial, self.then, self.answer = serial, then, answer


class Failed(Message):
    """A question that a screen asked could not be answered."""

    def __init__(self, serial: int, error: BaseException) -> None:
        super().__init__()
        self.serial, self.error = serial, error


class SnapshotTaken(Message):
    """The warehouse has a newer snapshot."""


class WarehouseLost(Message):
    """The warehouse cannot be read at present."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class WarehouseFound(Message):
    """The warehouse can be read again."""


class LayerPicked(Message):
    """A layer was chosen in a widget."""

    def __init__(self, layer: int) -> None:
        super().__init__()
        self.layer = layer


class PropertyPicked(Message):
    """A property was chosen in a widget."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class NeuronPicked(Message):
    """A neuron was chosen in a widget, to open its card."""

    def __init__(self, neuron: int, layer: int | None = None, model: str | None = None) -> None:
        super().__init__()
        self.neuron, self.layer, self.model = neuron, layer, model
