"""Models side by side as text: a table of the models of a property, and one of what changes between two of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Drawer = Callable[[Sequence[str], Sequence[str], Sequence[Sequence[Any]]], "Iterator[str] | list[str]"]
"""Lines of a table from the names of its columns, DuckDB's names of their types, and its rows."""

Column = tuple[str, str, Callable[[dict[str, Any]], Any]]
"""Title, type, and what it shows of a row."""


def models_table(rows: "pl.DataFrame", draw: Drawer, silhouettes: bool) -> Iterator[str]:
    """Lines of the models of one property, of all layers together or a row a layer.

    Args:
        rows: of ``models_over_layers`` or ``models_by_layer``, of one property.
        draw: makes the table.
        silhouettes: whether they were computed.
    """
    columns: list[Column] = [("model", "VARCHAR", lambda row: row["model"])]
    if "layer" in rows.columns:
        columns.append(("layer", "INTEGER", lambda row: row["layer"]))
    columns += [
        ("property neurons", "INTEGER", lambda row: row["n"]),
        ("% of layer" if "layer" in rows.columns else "% of all", "DOUBLE", lambda row: round(100 * row["share"], 1)),
    ]
    if "most_layer" in rows.columns:
        columns += [
            ("most in layer", "INTEGER", lambda row: row["most_layer"]),
            ("there", "INTEGER", lambda row: row["n_most"]),
        ]
        if silhouettes:
            columns.append(("best layer", "INTEGER", lambda row: row["best_layer"]))
    if silhouettes:
        columns.append(("silhouette", "DOUBLE", lambda row: _rounded(row["silhouette"])))
    yield from _drawn(rows, columns, draw)
    yield from _notes(rows, "model")


def pairs_table(rows: "pl.DataFrame", draw: Drawer) -> Iterator[str]:
    """Lines of what changes between two models under one property; below them, what cannot be compared.

    Args:
        rows: of ``pairs_over_layers`` or ``pairs_by_layer``, of one property.
        draw: makes the table.
    """
    columns: list[Column] = [
        ("from", "VARCHAR", lambda row: row["model"]),
        ("to", "VARCHAR", lambda row: row["other"]),
    ]
    if "layer" in rows.columns:
        columns.append(("layer", "INTEGER", lambda row: row["layer"]))
    for name in ("joined", "left", "moved", "stayed"):
        columns.append((name, "INTEGER", lambda row, name=name: row[name]))  # type: ignore[misc]
    columns += [
        ("Jaccard", "DOUBLE", lambda row: _rounded(row["jaccard"])),
        ("by chance", "DOUBLE", lambda row: _rounded(row["jaccard_by_chance"])),
    ]
    compared = rows.filter(rows["n_neurons"].is_not_null())
    if len(compared):
        yield from _drawn(compared, columns, draw)
    yield from _notes(rows, "model", "other")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _drawn(rows: "pl.DataFrame", columns: Sequence[Column], draw: Drawer) -> Iterator[str]:
    cells = [[show(row) for _, _, show in columns] for row in rows.iter_rows(named=True)]
    yield from draw([title for title, *_ in columns], [kind for _, kind, _ in columns], cells)


def _notes(rows: "pl.DataFrame", *names: str) -> Iterator[str]:
    """What the notes say, once for each model or pair, with the layers where only some have it."""
    said: dict[tuple[str, ...], list[int]] = {}
    for row in rows.iter_rows(named=True):
        if row["note"] is not None:
            where = said.setdefault((" and ".join(row[name] for name in names), row["note"]), [])
            where += [row["layer"]] if "layer" in row else []
    for (whose, note), layers in said.items():
        at = f", layer {', '.join(map(str, layers))}" if layers else ""
        yield f"{whose}{at}: {note}"
