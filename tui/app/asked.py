"""What the screens look at together: a model, a property, a layer, a neuron, and the parameters of the macros."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | int | float
NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """The choice that the screens share; a change on one screen is seen on all.

    Attributes:
        model: name of a model; None = the warehouse has none yet.
        property: name of a property; None = none is declared.
        layer: layer of the model.
        neuron: neuron of the layer; None = none was chosen yet.
        parameters: of the macros, those that differ from the defaults, such as ``{"p_sigma": 0.9}``; never p_model,
            p_property, p_layer or p_neuron.
    """

    model: str | None = None
    property: str | None = None
    layer: int = 1
    neuron: int | None = None
    parameters: Mapping[str, Value] = field(default_factory=lambda: NOTHING)

    def call(self, macro: str, **others: Value) -> str:
        """SQL text of a macro's call about this model and property under these parameters.

        Args:
            macro: name of an answer, such as ``group_neurons``.
            **others: further parameters, such as ``p_layer=3``, or others instead of these.
        """
        from queries.calls import call

        chosen = {"p_model": self.model, "p_property": self.property, **self.parameters, **others}
        return call(macro, {name: value for name, value in chosen.items() if value is not None})
