"""What was measured and how: models, corpora, properties, settings, versions, and what was left out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

import polars as pl

from queries.report.asking import asked_table
from queries.report.calls import report_call
from queries.report.parts import Section, Source, Table
from queries.report.scope import Scope, parameter_rows
from queries.report.tables import table_of


def measured(scope: Scope) -> Section:
    """The section on where the numbers come from."""
    scope.tell("what was measured")
    parts = (
        Section("Settings of this report", (), (_settings(scope), _parameters(scope))),
        Section(
            "Models",
            (),
            (
                asked_table(scope, "models"),
                asked_table(scope, "layers", folded=True),
                asked_table(
                    scope, "runs", folded=True, empty="No run is recorded: the data was written by other means."
                ),
            ),
        ),
        Section(
            "Corpora",
            (),
            (
                asked_table(scope, "corpora"),
                asked_table(scope, "recordings", empty="No model has heard anything yet."),
                asked_table(scope, "frames"),
                asked_table(scope, "rejected", empty="None was left out."),
            ),
        ),
        Section(
            "Properties",
            (),
            (
                asked_table(scope, "properties", empty="No property is declared; see `neurons properties add`."),
                asked_table(scope, "edges", empty="No property of this report is cut at quantiles."),
                asked_table(scope, "groups", empty="No frame has a group of any property of this report."),
            ),
        ),
    )
    return Section("What was measured, and how", (), parts)


def _settings(scope: Scope) -> Table:
    found = pl.DataFrame(list(_setting_rows(scope)), schema={"setting": pl.String, "value": pl.String}, orient="row")
    return table_of("What this report is of.", found, Source(python=report_call(scope)))


def _setting_rows(scope: Scope) -> Iterator[tuple[str, str]]:
    state = scope.con.snapshot
    yield "warehouse", state.layout.root.name
    yield "snapshot", f"{state.id} ({len(state.manifests)} commits)"
    yield "made", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, by neuron-warehouse {version('neuron-warehouse')}"
    yield "models", ", ".join(scope.models)
    yield "untrained twin", scope.twin or "none is named"
    yield "properties", ", ".join(scope.properties)
    settings, left_out = scope.settings, "0: left out"
    yield "permutations of the labels", f"{settings.permutations:,}" if settings.permutations else left_out
    yield "resamples of the speakers", f"{settings.resamples:,}" if settings.resamples else left_out
    yield "sizes against λ, halves of the speakers", "left out (quick)" if settings.quick else "computed"
    yield "seed of everything random", str(settings.seed)


def _parameters(scope: Scope) -> Table:
    columns = ("parameter", "value", "default", "meaning")
    found = pl.DataFrame(list(parameter_rows(scope)), schema=dict.fromkeys(columns, pl.String), orient="row")
    return table_of("Parameters of every answer in this report.", found, Source())
