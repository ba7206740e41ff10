"""How the neurons of several properties overlap: the regions of a Venn diagram, figure 8 of the paper, as a table."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from queries.calls import Value, call
from warehouse.errors import QueryError

if TYPE_CHECKING:
    import polars

    from queries.connection import Connection


def overlap_regions(con: "Connection", properties: Sequence[str], **parameters: Value) -> "polars.DataFrame":
    """How many neurons are property neurons of exactly which properties, layer by layer.

    Args:
        con: an open warehouse.
        properties: names of two or more properties.
        **parameters: of the macro ``property_neurons``, such as ``p_layer=9``; p_property excepted.

    Returns:
        ``model, layer, properties, n_properties, n``: a row for each of the 2^m - 1 regions, also where n = 0;
        ``properties`` are those whose set the neurons are in, with + between, in the order of the argument.

    Raises:
        QueryError: fewer than two properties, one twice, or a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    import polars as pl

    if len(set(properties)) != len(properties) or len(properties) < 2:
        raise QueryError(f"properties: {', '.join(properties) or 'none'}; give two or more different ones")
    if "p_property" in parameters:
        raise QueryError("p_property: the properties are an argument of their own; leave the parameter out")
    members = " UNION ALL ".join(
        f"FROM {call('property_neurons', {**parameters, 'p_property': name})}" for name in properties
    )
    sql = f"SELECT model, layer, neuron, list(property) AS found FROM ({members}) GROUP BY ALL"
    counted: dict[tuple[str, int, str], int] = {}
    for model, layer, _, found in con.sql(sql).fetchall():
        key = (model, layer, "+".join(name for name in properties if name in found))
        counted[key] = counted.get(key, 0) + 1
    rows = [
        (model, layer, "+".join(region), len(region), counted.get((model, layer, "+".join(region)), 0))
        for model, layer in con.sql("SELECT model, layer FROM layers ORDER BY ALL").fetchall()
        if parameters.get("p_model", model) == model and parameters.get("p_layer", layer) == layer
        for region in _regions(properties)
    ]
    kinds = {"model": pl.String, "layer": pl.Int32, "properties": pl.String, "n_properties": pl.Int64, "n": pl.Int64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _regions(properties: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for size in range(1, len(properties) + 1):
        yield from combinations(properties, size)
