"""How many neurons respond to each group of a property, layer by layer: figure 7 of the paper, as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value, call
from queries.group_order import group_order
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class NeuronsPerLayer:
    """Sizes of the sets of one model and property.

    Attributes:
        model: name of the model.
        property: name of the property.
        layers: all recorded layers, from 1.
        groups: all bins in their order, otherwise the groups that frames have, alphabetically.
        group_neurons: (layer, group) -> size of G_i; a pair without neurons is absent.
        property_neurons: layer -> size of P; a layer without is absent.
    """

    model: str
    property: str
    layers: tuple[int, ...]
    groups: tuple[str, ...]
    group_neurons: dict[tuple[int, str], int]
    property_neurons: dict[int, int]


def neurons_per_layer(
    con: "Connection", properties: Sequence[str] | None = None, **parameters: Value
) -> Iterator[NeuronsPerLayer]:
    """Sizes of group neurons and property neurons ([A] eq. 4, 5) for every model and property.

    Args:
        con: an open warehouse.
        properties: names; None = all that are declared.
        **parameters: of the macro ``group_neurons``, such as ``p_sigma=0.9``; p_property excepted.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    labels = dict(con.sql("SELECT property, labels FROM properties").fetchall())
    layers: dict[str, list[int]] = {}
    for model, layer in con.sql("SELECT model, layer FROM layers ORDER BY ALL").fetchall():
        layers.setdefault(model, []).append(layer)
    for name in labels if properties is None else properties:
        asked = call("group_neurons", {**parameters, "p_property": name})
        counted = con.sql(f'SELECT model, layer, "group", count(*) FROM {asked} GROUP BY ALL').fetchall()
        seen = con.sql(f'SELECT DISTINCT model, "group" FROM frame_counts WHERE property = {quote(name)}').fetchall()
        for model in sorted({model for model, _ in seen} | {model for model, *_ in counted}):
            if parameters.get("p_model", model) == model:
                yield _of_model(model, name, layers[model], labels.get(name), seen, counted)


def _of_model(
    model: str,
    name: str,
    layers: Sequence[int],
    labels: Sequence[str] | None,
    seen: Sequence[tuple[str, str]],
    counted: Sequence[tuple[str, int, str, int]],
) -> NeuronsPerLayer:
    sizes = {(layer, group): size for of_model, layer, group, size in counted if of_model == model}
    total: dict[int, int] = {}
    for (layer, _), size in sizes.items():  # the G_i of a property share no neuron, so P is as large as their sum
        total[layer] = total.get(layer, 0) + size
    found = {group for of_model, group in seen if of_model == model} | {group for _, group in sizes}
    found.update(labels or () if found else ())
    groups = tuple(sorted(found, key=group_order(labels)))
    return NeuronsPerLayer(model, name, tuple(layers), groups, sizes, total)
