"""``neurons compact``: merge what many runs and shards left, so that answers come faster."""

from typing import Annotated

import typer

from tui.arguments import Quiet, Warehouse
from tui.registering import add
from tui.reporting import KEPT, reported, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, compact)


@reported(KEPT)
def compact(
    warehouse: Warehouse,
    keep_hours: Annotated[
        float, typer.Option(metavar="H", min=0, help="Keep merged files this long, for readers that still use them.")
    ] = 24.0,
    quiet: Quiet = False,
) -> None:
    """Merge small files and count what is not counted yet.

    What was merged long enough ago is removed. Answers stay the same. Readers and a running ingest are not disturbed.

    Example:
      neurons compact study.warehouse
      neurons compact study.warehouse --keep-hours 0
    """
    from queries import write_catalog
    from warehouse import open_layout, snapshot
    from warehouse.compact import compact as merge

    layout = open_layout(warehouse)
    before = len(snapshot(layout).manifests)
    merge(layout, keep_hours * 3600, (lambda text: None) if quiet else say)
    write_catalog(layout.root)
    if not quiet:
        after = snapshot(layout)
        say(f"{before} commits are now {len(after.manifests)}; wrote {layout.catalog}")
