"""Puts a report together and writes it."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queries.calls import Value
from queries.report.certainty import certainty
from queries.report.definitions import definitions
from queries.report.measured import measured
from queries.report.models import side_by_side
from queries.report.neurons import layer_sizes, strongest
from queries.report.page import page
from queries.report.parts import Section
from queries.report.patterns import patterns
from queries.report.probabilities import probabilities
from queries.report.rankings import rankings
from queries.report.scope import Scope, Settings, scope
from queries.report.thresholds import thresholds
from warehouse.durable import whole_file

if TYPE_CHECKING:
    from queries.connection import Connection

PERMUTATIONS = 100
"""Permutations of the labels unless others are asked for: enough for p-values down to 1/101."""

RESAMPLES = 100
"""Draws of speakers unless others are asked for."""


def report(
    con: "Connection",
    *,
    models: Sequence[str] | None = None,
    properties: Sequence[str] | None = None,
    twin: str | None = None,
    permutations: int = PERMUTATIONS,
    resamples: int = RESAMPLES,
    quick: bool = False,
    seed: int = 0,
    tell: Callable[[str], None] = lambda text: None,
    **parameters: Value,
) -> str:
    """One page on what a warehouse holds: what was measured and how, pictures, tables that sort, the SQL behind each.

    Args:
        con: an open warehouse.
        models: names; None = all but the twin.
        properties: names; None = all that are declared.
        twin: an untrained model of the same shape that the others are compared with.
        permutations: of the labels, for what chance gives; 0 leaves that out, and the page says so.
        resamples: of the speakers, for intervals of sizes; 0 leaves them out, and the page says so.
        quick: whether to leave out everything slow: permutations, resamples, halves of the speakers, sizes against λ.
        seed: of everything that is drawn at random.
        tell: is told what is being computed.
        **parameters: of the macros, for every answer in the report, such as ``p_sigma=0.9``.

    Returns:
        HTML that needs no other file, no server and no network.

    Raises:
        QueryError: an unknown name, or a value out of range.
    """
    of_report = Settings(0 if quick else permutations, 0 if quick else resamples, quick, seed)
    asked = scope(con, models, properties, twin, of_report, parameters, tell)
    name = con.snapshot.layout.root.name
    about = f"{_counted(asked.models, 'model')}, {_counted(asked.properties, 'property', 'properties')}"
    return page(
        f"Which neurons answer to what: {name}", f"{about}; snapshot `{con.snapshot.id}`.", list(_sections(asked))
    )


def write_report(con: "Connection", path: str | os.PathLike[str], **options: Any) -> None:
    """Write a :func:`report` to a file, which appears whole or not at all.

    Args:
        con: an open warehouse.
        path: the file; one that is there is replaced.
        **options: as :func:`report` takes them.

    Raises:
        QueryError: an unknown name, or a value out of range.
        OSError: the file cannot be written.
    """
    text = report(con, **options)
    with whole_file(Path(path), "w") as file:
        file.write(text)


def _sections(asked: Scope) -> Iterator[Section]:
    yield measured(asked)
    yield definitions(asked)
    if len(asked.models) > 1 or asked.twin is not None:
        yield side_by_side(asked)
    for model in asked.models:
        of_model = asked.of_model(model)
        parts = (layer_sizes, patterns, probabilities, strongest, certainty, rankings, thresholds)
        yield Section(f"Model {model}", (), tuple(part(of_model) for part in parts))


def _counted(names: Sequence[str], one: str, more: str | None = None) -> str:
    return f"1 {one}" if len(names) == 1 else f"{len(names)} {more or one + 's'}"
