"""Figures of a report: what ``neurons plot`` draws, with the numbers and where they are from."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from queries import plot
from queries.report.asking import shown
from queries.report.calls import python_call
from queries.report.charts import packed
from queries.report.parts import Figure, Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of


def figure(
    scope: Scope,
    name: str,
    *,
    sql: tuple[str, ...] = (),
    table: Table | None = None,
    data: bool = False,
    of: str = "",
    **options: Any,
) -> Figure:
    """A figure of one model, or of all models of the report.

    Args:
        scope: what the report is about; the figure is of its model where that is a single one.
        name: of the figure in ``plot.FIGURES``.
        sql: questions, as text, whose answers it shows.
        table: the numbers, where they stand in no table of the same section.
        data: whether the rows that are drawn are that table.
        of: what the caption adds to what the figure shows.
        **options: of the figure.
    """
    asked = {**scope.parameters, **options}
    if len(scope.models) == 1:
        asked["model"] = scope.models[0]
    chart = plot.chart(scope.con, name, **asked).to_dict(validate=False)
    source = Source(sql, python_call("queries.plot", "chart", name, **asked))
    if data:
        table = table_of("The numbers of this picture.", shown(scope, drawn(chart)), source, folded=True)
    found = plot.FIGURES[name]
    numbered = f" Figure {found.number} of [A]." if found.number else ""
    return Figure(f"{found.title}{of}. {found.shows}{numbered}", packed(chart), source, table)


def drawn(chart: Mapping[str, Any]) -> pl.DataFrame:
    """The rows that a chart draws; where its panels have different columns, those of which there are most."""
    sets: dict[tuple[str, ...], list[Any]] = {}
    for rows in chart.get("datasets", {}).values():
        if rows:
            sets.setdefault(tuple(rows[0]), []).extend(rows)
    most = max(sets.values(), key=len, default=[])
    return pl.DataFrame(most, infer_schema_length=None)
