"""Tables that Python computes: one call for each property, one table of all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from queries.report.asking import meanings, question, shown
from queries.report.calls import call_for_each
from queries.report.parts import Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of

Analysis = Callable[..., pl.DataFrame]


def analysed(
    scope: Scope,
    what: str,
    analysis: Analysis,
    of: Mapping[str, Mapping[str, Any]],
    arguments: Sequence[str] = (),
    **options: Any,
) -> tuple[pl.DataFrame, Source]:
    """An analysis of some properties, and where it is from.

    Args:
        scope: what the report is about.
        what: is computed, in words.
        analysis: takes a connection, a property and options.
        of: options of each property by its name.
        arguments: that stand behind the property, models among them; the model of the scope where there are none.
        **options: of all of them.
    """
    common = {**options, **scope.parameters} if arguments else scope.options(**options)
    frames, calls = [], []
    for name, own in of.items():
        scope.tell(f"{scope.models[0]}: {what} of {name}")
        frames.append(analysis(scope.con, name, *arguments, **common, **own))
    module = ".".join(analysis.__module__.split(".")[:2])
    for own, names in _alike(of):
        calls.append(call_for_each(module, analysis.__name__, names, *arguments, **common, **own))
    source = Source((question(scope, "counted"),), "\n\n".join(calls))
    return pl.concat(frames) if frames else pl.DataFrame(), source


def analysis_table(scope: Scope, caption: str, rows: pl.DataFrame, source: Source, **options: Any) -> Table:
    """Rows of an analysis, without what is the same in all of them and stands in the text."""
    said = {"seed", "permutations", "resamples", "level"}
    kept = shown(scope, rows).select(pl.exclude(said & set(rows.columns)))
    return table_of(caption, kept, source, meanings=meanings("counted"), **options)


def _alike(of: Mapping[str, Mapping[str, Any]]) -> Sequence[tuple[Mapping[str, Any], list[str]]]:
    """Properties by their options, those with the same together."""
    found: list[tuple[Mapping[str, Any], list[str]]] = []
    for name, own in of.items():
        for options, names in found:
            if options == own:
                names.append(name)
                break
        else:
            found.append((own, [name]))
    return found
