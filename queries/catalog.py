"""The catalog: a DuckDB file of views and macros that lets any DuckDB client open a warehouse without us."""

import os
from pathlib import Path

import duckdb

from queries.sources import create_base_tables, fill_gaps, surface_facts
from queries.surface import create_surface
from warehouse import Layout, WarehouseError, open_layout, snapshot


def write_catalog(path: str | os.PathLike[str] | Layout) -> Path:
    """Write ``catalog.duckdb`` anew over the present state of a warehouse.

    It holds no data: its views read the warehouse's files by their absolute paths, those of one snapshot. The file is
    replaced at once, so that a client sees the old catalog or the new one; one that has the old one open keeps it.

    Returns:
        The file.

    Raises:
        WarehouseError: the folder cannot be written.
    """
    layout = path if isinstance(path, Layout) else open_layout(path)
    state = snapshot(layout)
    aside = layout.staging / f"catalog.{os.getpid()}.{os.urandom(4).hex()}.duckdb"
    try:
        layout.staging.mkdir(exist_ok=True)
        with duckdb.connect(aside) as con:
            create_base_tables(con, state)
            create_surface(con, surface_facts(state))
            fill_gaps(con, state)
        os.replace(aside, layout.catalog)
    except (OSError, duckdb.IOException) as error:
        reason = str(error).partition("\n")[0]
        raise WarehouseError(
            f"{layout.catalog}: cannot be written ({reason}); mend it and run the command again"
        ) from None
    finally:
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)
    return layout.catalog
