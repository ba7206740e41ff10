"""``neurons info``: what a warehouse holds."""

from collections.abc import Sequence
from typing import Any

import typer

from tui.arguments import Warehouse
from tui.registering import add
from tui.reporting import UNCHANGED, reported


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, info)


@reported(UNCHANGED)
def info(warehouse: Warehouse) -> None:
    """Print models, corpora, properties, sizes and runs.

    Example:
      neurons info study.warehouse
    """
    from queries.contents import contents
    from tui.sizes import size_text
    from warehouse import snapshot

    state = snapshot(warehouse)
    found = contents(state)
    total = sum(size for *_, size in found.tables)
    typer.echo(f"{state.layout.root}: {size_text(total)}, {len(state.manifests)} commits, snapshot {state.id}")
    models = "model family source layers neurons lambda_pct hop_ms values means"
    _section("models", models, found.models, "nothing was ingested yet")
    _section("corpora", "corpus utterances hours labels phone_set", found.corpora)
    _section("recordings", "model corpus utterances of frames shards", found.recordings)
    _section("properties", "property definition bins made not_counted", found.properties)
    tables = [(name, rows, files, size_text(size)) for name, rows, files, size in found.tables]
    _section("tables", "table rows files size", tables)
    runs = [(_when(start), _when(end), *rest) for start, end, *rest in found.runs]
    _section("runs", "started finished model corpus threads rejected", runs)


def _section(title: str, columns: str, rows: Sequence[Sequence[Any]], none: str | None = None) -> None:
    from tui.output import terminal_width
    from tui.table import draw_table

    if not rows and none is None:
        return
    typer.echo(f"\n{title}")
    if not rows:
        typer.echo(f"  {none}")
        return
    kinds = [_kind([row[i] for row in rows]) for i in range(len(rows[0]))]
    width = terminal_width()
    for line in draw_table(columns.split(), kinds, rows, width and width - 2).lines:
        typer.echo(f"  {line}")


def _kind(values: Sequence[Any]) -> str:
    """DuckDB's name of a column's type, as the table needs it to align and round."""
    known = [value for value in values if value is not None and not isinstance(value, bool)]
    if known and all(isinstance(value, (int, float)) for value in known):
        return "DOUBLE" if any(isinstance(value, float) for value in known) else "BIGINT"
    return "VARCHAR"


def _when(time: Any) -> str:
    return "not finished" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
