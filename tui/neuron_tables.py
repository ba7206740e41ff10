"""Neurons per layer and group as a table: a column a group, or a row a group where there are many."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tui.table import table_lines

if TYPE_CHECKING:
    from queries.neurons_per_layer import NeuronsPerLayer

MOST_COLUMNS = 8
"""More groups than this go down instead of across."""


def neuron_table(found: "NeuronsPerLayer") -> Iterator[str]:
    """Lines of the table of one model and property, with a title and an empty line after it."""
    yield f"{found.property}: neurons of {found.model}"
    if not found.groups:
        yield "no frame has a group"
    elif len(found.groups) <= MOST_COLUMNS:
        yield from _layer_by_layer(found)
    else:
        yield from _group_by_group(found)
    yield ""


def _layer_by_layer(found: "NeuronsPerLayer") -> Iterator[str]:
    rows: list[list[Any]] = [
        [
            str(layer),
            *(found.group_neurons.get((layer, group), 0) for group in found.groups),
            found.property_neurons.get(layer, 0),
        ]
        for layer in found.layers
    ]
    totals = [sum(row[column] for row in rows) for column in range(1, len(found.groups) + 2)]
    columns = ["layer", *found.groups, "property neurons"]
    yield from table_lines(columns, ["INTEGER"] * len(columns), [*rows, ["all", *totals]])


def _group_by_group(found: "NeuronsPerLayer") -> Iterator[str]:
    rows: list[list[Any]] = [
        [group, *(found.group_neurons.get((layer, group), 0) for layer in found.layers)] for group in found.groups
    ]
    rows = [[*row, sum(row[1:])] for row in rows]
    totals = [found.property_neurons.get(layer, 0) for layer in found.layers]
    columns = ["layer", *map(str, found.layers), "all"]
    kinds = ["VARCHAR", *["INTEGER"] * (len(columns) - 1)]
    yield from table_lines(columns, kinds, [*rows, ["property neurons", *totals, sum(totals)]])
