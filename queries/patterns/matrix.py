"""Activation patterns of a layer as one labelled binary matrix ([A] §3.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.calls import Value, call, call_part
from queries.group_order import group_order
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True, eq=False)
class Patterns:
    """The activation patterns of one layer under one property: binary vectors over S, the union of the S_k.

    Attributes:
        model: name of the model.
        layer: layer, from 1.
        property: name of the property.
        groups: (n,) group of each row; bins in their order, other groups alphabetically.
        phones: (n,) phone of each row, alphabetically within a group.
        neurons: (m,) int, the neurons of S in ascending order; empty where no neuron responds to anything.
        matrix: (n, m) bool, whether the neuron is in S_k of the row's group and phone. A phone that was counted and
            that no neuron responds to has a row of False.
        definition: SQL expression that the property is of.
    """

    model: str
    layer: int
    property: str
    groups: np.ndarray
    phones: np.ndarray
    neurons: np.ndarray
    matrix: np.ndarray
    definition: str = ""

    def table(self) -> pl.DataFrame:
        """The matrix with its labels: columns group and phone, then one of 0 and 1 per neuron, named by its number."""
        columns = zip(self.neurons.tolist(), self.matrix.T.astype(np.uint8), strict=True)
        return _labels(self.groups, self.phones).with_columns(pl.Series(str(neuron), said) for neuron, said in columns)

    def note(self) -> str | None:
        """Why there is nothing to compare; None where patterns differ."""
        if not len(self.groups):
            return (
                f"no frame that counts has a group of {self.property}: "
                f"{self.definition or 'its definition'} is NULL in all of them, or the question leaves none"
            )
        if not len(self.neurons):
            return "no neuron of the layer responds to any phone of the property, so there is no pattern"
        if len(self.groups) == 1:
            return "there is a single pattern, and nothing to compare it with"
        if (self.matrix == self.matrix[0]).all():
            return f"all {len(self.groups)} patterns are alike"
        return None


def pattern_matrices(con: "Connection", property: str, **parameters: Value) -> Iterator[Patterns]:
    """The activation patterns of a property, one matrix for every model and layer that is asked for.

    Layers are read one by one, when their turn comes, so that memory holds one.

    Args:
        con: an open warehouse.
        property: name of a property.
        **parameters: of the macro ``activation_patterns``, such as ``p_layer=9`` or ``p_frames="middle"``.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    if "p_property" in parameters:
        raise QueryError("p_property: the property is an argument of its own; leave the parameter out")
    asked = {**parameters, "p_property": property}
    con.sql(f"FROM {call_part('checked_parameters', asked)}").fetchall()
    definition, labels = con.sql(
        "SELECT definition, labels FROM properties WHERE property = $name", {"name": property}
    ).fetchall()[0]
    counted = f'SELECT model, grid, "group", phone FROM {call_part("counted_cells", asked)} ORDER BY ALL'
    cells = con.sql(counted).fetchall()
    sites = "SELECT model, layer, grid_number(hop_us, offset_us, window_us) FROM layers ORDER BY ALL"
    for model, layer, grid in con.sql(sites).fetchall():
        if parameters.get("p_model", model) == model and parameters.get("p_layer", layer) == layer:
            rows = _in_order([cell[2:] for cell in cells if cell[:2] == (model, grid)], labels or ())
            of_layer = call("activation_patterns", {**asked, "p_model": model, "p_layer": layer})
            found = con.sql(f'SELECT "group", phone, neuron FROM {of_layer}').pl()
            groups, phones = (np.array([row[i] for row in rows], dtype=object) for i in (0, 1))
            neurons, matrix = _matrix(groups, phones, found)
            yield Patterns(model, layer, property, groups, phones, neurons, matrix, definition)


def _in_order(cells: Sequence[tuple[str, str]], labels: Sequence[str]) -> list[tuple[str, str]]:
    order = group_order(labels)
    return sorted(cells, key=lambda cell: (order(cell[0]), cell[1]))


def _matrix(groups: np.ndarray, phones: np.ndarray, found: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Neurons (m,) and the matrix (n, m) of n cells, from rows of activation_patterns."""
    rows = found.join(
        _labels(groups, phones).with_row_index("row"), on=["group", "phone"], how="left", maintain_order="left"
    )["row"]
    neurons, columns = np.unique(found["neuron"].to_numpy(), return_inverse=True)
    matrix = np.zeros((len(groups), len(neurons)), dtype=bool)
    matrix[rows.to_numpy(), columns] = True
    return neurons.astype(np.int64), matrix


def _labels(groups: np.ndarray, phones: np.ndarray) -> pl.DataFrame:
    columns = {"group": groups.tolist(), "phone": phones.tolist()}
    return pl.DataFrame(columns, schema={"group": pl.String, "phone": pl.String})
