"""Puts a report on probes together and writes it: a page, and the answers as CSV files."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from queries.probe_report.asking import ask
from queries.probe_report.chosen import Chosen, choose
from queries.probe_report.placed import where
from queries.probe_report.probed import probed
from queries.probe_report.sections import (
    accuracies,
    efficacy,
    groups,
    minimal_sets,
    redundancy,
    top_neurons,
    verification,
)
from queries.report.page import page
from warehouse.durable import whole_file

if TYPE_CHECKING:
    import polars

    from queries.connection import Connection

PAGE = "probes.html"

FILES = {
    "table_1": "probes",
    "table_1_classes": "classes",
    "table_2": "accuracies",
    "table_3": "efficacy",
    "table_4": "minimal_sets",
    "table_5": "redundant",
    "table_5_criteria": "redundancy",
    "table_6": "localisation",
    "table_6_labels": "label_overlap",
    "table_6_several_labels": "several_labels",
    "table_6_properties": "property_overlap",
    "table_6_rankings": "ranking_overlap",
    "table_7": "verification",
    "table_8_groups": "group_errors",
    "table_9_neurons": "top_neurons",
    "figure_retrained": "retrained",
}
"""CSV files and the questions that they answer; the other figures draw tables 2, 6 and 7."""

_SECTIONS = (probed, accuracies, efficacy, minimal_sets, redundancy, where, verification, groups, top_neurons)


def write_probe_report(
    con: "Connection",
    folder: str | os.PathLike[str],
    *,
    probes: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write what probes found as the tables and figures of [B]: ``probes.html``, and a CSV file of each table.

    The page needs no other file, no server and no network, and has the SQL behind each number; in the CSV files lists
    are joined by ``;``, shares are from 0 to 1, and nothing is cut.

    Args:
        con: an open warehouse.
        folder: where the files go; it is made where it is not there, and files of these names are replaced.
        probes: identifiers; None = all.
        labels: names; None = all.
        models: names; None = all.
        tell: is told what is being computed.

    Returns:
        The page.

    Raises:
        QueryError: there is no probe, an unknown name, or no probe with all that is asked.
        OSError: a file cannot be written.
    """
    chosen = choose(con, probes, labels, models)
    answers = {}
    for name in FILES.values():
        tell(name.replace("_", " "))
        answers[name] = ask(chosen, name)
    tell("page")
    name = con.snapshot.layout.root.name
    sections = [section(chosen, answers) for section in _SECTIONS]
    text = page(f"What layers and neurons tell: {name}", f"{_about(chosen)}; snapshot `{con.snapshot.id}`.", sections)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for file_name, question in FILES.items():
        frame = answers[question].frame
        with whole_file(place / f"{file_name}.csv", "w") as file:
            file.write(_flat(frame).write_csv())
    with whole_file(place / PAGE, "w") as file:
        file.write(text)
    return place / PAGE


def _about(chosen: Chosen) -> str:
    counts = {what: len({getattr(one, what) for one in chosen.probes}) for what in ("probe", "label", "model")}
    return ", ".join(f"{n} {what}{'s' * (n != 1)}" for what, n in counts.items())


def _flat(frame: "polars.DataFrame") -> "polars.DataFrame":
    """Lists as text: a field of a CSV file holds one value."""
    import polars

    lists = [name for name, kind in frame.schema.items() if isinstance(kind, polars.List)]
    return frame.with_columns(polars.col(name).cast(polars.List(polars.String)).list.join(";") for name in lists)
