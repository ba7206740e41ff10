"""Answers as tables to read: percent with one decimal, mean ± standard deviation over the seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from queries.probe_report.asking import Answer
from queries.probe_report.chosen import Chosen
from queries.report.parts import Table, Written
from queries.report.tables import MOST_ROWS

Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row], Any], str]
"""Heading, value of a row, and what it holds."""

ALL = "all"
"""What all layers together are called among layers."""

_LAYERS_FIRST = 10_000


@dataclass
class _Group:
    """Rows of an answer that become one row."""

    first: Row
    by: dict[Any, Row] = field(default_factory=dict)


def table(
    chosen: Chosen,
    number: str,
    answer: Answer,
    columns: Sequence[Column],
    *,
    rows: Iterable[Row] | None = None,
    caption: str | None = None,
    empty: str = "There is nothing to list.",
    notes: Sequence[str] = (),
    folded: bool = False,
    named: bool = True,
) -> Table:
    """A table of an answer: what names the probe, then some columns.

    Args:
        chosen: the probes of the report.
        number: what the caption begins with, such as ``Table 2``; may be empty.
        answer: where the numbers are from.
        columns: beside the names of the probe.
        rows: what they are taken from; None = the rows of the answer.
        caption: what the rows are; None = the title of the answer.
        empty: what to say where there is no row.
        notes: what else a reader must know.
        folded: whether the table is folded up until somebody opens it.
        named: whether rows are of one probe each.
    """
    wanted = [*(names(chosen) if named else ()), *columns]
    found = [tuple(value(row) for _, value, _ in wanted) for row in (answer.frame.to_dicts() if rows is None else rows)]
    text = f"{number}. {caption or answer.title}" if number else (caption or answer.title)
    return Table(
        text,
        tuple(name for name, _, _ in wanted),
        tuple(found[:MOST_ROWS]),
        len(found),
        {name: meaning for name, _, meaning in wanted if meaning},
        answer.source,
        tuple(notes) if found else (*notes, empty),
        folded,
    )


def names(chosen: Chosen) -> list[Column]:
    """Columns that say which probe a row is of."""
    wanted = ["label", "model", "kind", *(["probe"] if chosen.alike else [])]
    return [plain(name, _NAMES[name]) for name in wanted]


_NAMES = {
    "label": "what is told",
    "model": "model whose neurons tell it",
    "kind": "block: outputs of blocks; ffn: feed-forward neurons",
    "probe": "identifier",
}


def plain(name: str, meaning: str = "", heading: str | None = None) -> Column:
    """A column as it is."""
    return heading or name, lambda row: row[name], meaning


def percent(name: str, meaning: str = "", heading: str | None = None) -> Column:
    """A share as percent, with its standard deviation where the answer has one."""
    return heading or name, lambda row: percents(row[name], row.get(f"{name}_sd")), meaning


def layer_of(name: str = "layer") -> Column:
    """A layer; all layers together come after the last."""
    return "layer", lambda row: layer(row[name]), "layer that was probed; all = the layers concatenated"


def layer(number: int | None) -> Written:
    """A layer by its number, or all of them."""
    return Written(_LAYERS_FIRST, ALL) if number is None else Written(number, str(number))


def percents(value: float | None, sd: float | None = None) -> Written | None:
    """A share as percent with one decimal."""
    if value is None:
        return None
    spread = "" if sd is None else f" ± {100 * sd:.1f}"
    return Written(100 * value, f"{100 * value + 0.0:.1f}{spread}")  # + 0.0: no minus before a zero


def of(key: Any, name: str, meaning: str = "", heading: str | None = None) -> Column:
    """A share of the row that stands under a key in a row of :func:`gathered`."""

    def value(row: Row) -> Written | None:
        inner = row["by"].get(key)
        return None if inner is None else percents(inner[name], inner.get(f"{name}_sd"))

    return heading or str(key), value, meaning


def gathered(rows: Iterable[Row], by: Sequence[str], key: str) -> list[Row]:
    """Rows that differ in ``key`` alone as one, which has them in ``by``; they stay in their order."""
    groups: dict[tuple[Any, ...], _Group] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), _Group(row)).by[row[key]] = row
    return [{**group.first, "by": group.by} for group in groups.values()]


def by_layer(answer: Answer) -> bool:
    """Whether an answer has rankings of single layers."""
    return bool(answer.frame["of_layer"].is_not_null().any())
