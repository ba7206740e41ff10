"""What commands that probe have in common: the answer of a view for the probes that were made."""

from collections.abc import Sequence
from pathlib import Path

from tui.reporting import say

FINISHED = "probes that were finished stay in the warehouse"
"""What to say when somebody interrupts."""


def write_probed(
    warehouse: Path, probes: Sequence[str], view: str, kind: str, output: Path | None, quiet: bool
) -> None:
    """Write what a view says of some probes, and tell their identifiers.

    Args:
        warehouse: where they are.
        probes: identifiers.
        view: name of the view.
        kind: format of the answer.
        output: file; None = stdout.
        quiet: whether to tell nothing.
    """
    from queries import connect, write_catalog
    from tui.answers import write_answer
    from warehouse.properties import sql_list

    write_catalog(warehouse)
    with connect(warehouse, comments=False) as con:
        write_answer(
            con, f"FROM {view} WHERE list_contains({sql_list(probes)}, probe) ORDER BY ALL", kind, output, None
        )
    if not quiet:
        say(f"in the warehouse as {', '.join(probes)}: FROM {view}(p_probe := '{probes[0]}')")
