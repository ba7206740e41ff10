"""How sure: what chance gives, how far sets move with the speakers, and how far halves of them agree."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from queries.certainty import against_twin, bootstrap_sets, permutation_null, stability
from queries.confounds import confounds
from queries.report.analyses import analysed, analysis_table
from queries.report.asking import ask, group_numbers, meanings, question, shown
from queries.report.calls import python_call
from queries.report.figures import figure
from queries.report.parts import Figure, Section, Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of

MOST_FRAMES = 2_000_000
"""Frames times layers up to which every layer is tested; of more, each property in the layer that has most of it."""

MOST_GROUPS = 4
"""Groups of a property whose sets are drawn beside chance, their halves and the twin's."""

CONFOUNDED = ("gender", "pitch")
"""Properties that may be taken for each other."""

SPLITS = 20
"""Pairs of halves of the speakers."""


def certainty(scope: Scope) -> Section:
    """How sure one may be of the sets of a model."""
    where, said = tested_layers(scope)
    text = (
        "Frames of one speaker, and of one segment, are alike: what follows moves whole speakers, utterances or "
        "segments, whichever carries the label.",
        said,
    )
    return Section("How sure", text, tuple(_sections(scope, where)))


def tested_layers(scope: Scope) -> tuple[dict[str, dict[str, Any]], str]:
    """Options by property that say which layers are tested, and a sentence on them."""
    found, _ = ask(scope, "frame_layers")
    names = list(group_numbers(scope))
    if int(found["n"].sum()) <= MOST_FRAMES or "p_where" in scope.parameters:
        return {name: {} for name in names}, "Every layer is tested."
    sizes, _ = ask(scope, "property_sizes")
    largest = sizes.sort("neurons", "layer", descending=[True, False]).unique("property", keep="first")
    layers = dict(zip(largest["property"], largest["layer"], strict=True))
    said = ", ".join(f"layer {layers[name]} of {name}" for name in names)
    return (
        {name: {"p_layer": int(layers[name])} for name in names},
        f"To save time, each property is tested in the layer that has most of its neurons: {said}. The calls below "
        "answer for other layers: change `p_layer`, or leave it out. Pictures over the layers are left out, too; "
        "`neurons plot` draws null, stability, twin, confounds and rankings.",
    )


def _sections(scope: Scope, where: Mapping[str, Mapping[str, Any]]) -> Iterator[Section]:
    yield _null(scope, where)
    yield _resampled(scope, where)
    yield _halves(scope, where)
    if scope.twin is not None:
        yield _twin(scope, scope.twin, where)
    if {*CONFOUNDED} <= where.keys():
        yield _confounds(scope, where)


def _null(scope: Scope, where: Mapping[str, Mapping[str, Any]]) -> Section:
    title, n = "What chance gives", scope.settings.permutations
    if not n:
        return Section(title, (_left_out("permutations"),))
    options: dict[str, Any] = {"permutations": n, "seed": scope.settings.seed}
    rows, source = analysed(scope, "what chance gives", permutation_null, where, **options)
    tested = rows.filter(pl.col("p_value").is_not_null())
    stand_out = tested.filter("stands_out")
    text = (
        f"Labels are permuted {n:,} times (seed {scope.settings.seed}), and the sets taken anew; no p-value is below "
        f"1/{n + 1:,}. {stand_out.height:,} of {tested.height:,} sets stand out from chance at a false-discovery rate "
        "of 0.05.",
    )
    pictures = pictures_of(scope, "null", where, source, **options)
    tables = _by_group(scope, "Sizes beside those of permuted labels", rows, source)
    return Section(title, text, (*pictures, *tables))


def _resampled(scope: Scope, where: Mapping[str, Mapping[str, Any]]) -> Section:
    title, n = "Speakers drawn anew", scope.settings.resamples
    if not n:
        return Section(title, (_left_out("resamples"),))
    options: dict[str, Any] = {"resamples": n, "seed": scope.settings.seed}
    rows, source = analysed(scope, "speakers drawn anew", bootstrap_sets, where, **options)
    text = (
        f"Speakers are drawn with replacement {n:,} times (seed {scope.settings.seed}). A draw holds fewer different "
        "speakers than the data, so an interval says how much a size moves, and need not contain it.",
    )
    return Section(title, text, tuple(_by_group(scope, "Sizes with intervals", rows, source)))


def _halves(scope: Scope, where: Mapping[str, Mapping[str, Any]]) -> Section:
    title = "Halves of the speakers"
    if scope.settings.quick:
        return Section(title, ("Left out: this is a quick report.",))
    options: dict[str, Any] = {"splits": SPLITS, "seed": scope.settings.seed}
    rows, source = analysed(scope, "halves of the speakers", stability, where, **options)
    text = (f"Speakers are halved {SPLITS} times (seed {scope.settings.seed}), and the sets of both halves compared.",)
    pictures = pictures_of(scope, "stability", where, source, **options)
    return Section(title, text, (*pictures, *_by_group(scope, "How far the sets of two halves agree", rows, source)))


def _twin(scope: Scope, twin: str, where: Mapping[str, Mapping[str, Any]]) -> Section:
    title, n = f"Beside the twin {twin}", scope.settings.resamples
    if not n:
        return Section(title, (_left_out("resamples"),))
    options: dict[str, Any] = {"resamples": n, "seed": scope.settings.seed}
    arguments = (scope.models[0], twin)
    rows, source = analysed(scope, f"{twin} beside it", against_twin, where, arguments, **options)
    compared = rows.filter(pl.col("stands_out").is_not_null())
    text = (
        "An untrained network has neurons that answer to a property, too: what a set has beyond those of the twin is "
        f"what training gave. Both models hear the same draws of speakers ({n:,}, seed {scope.settings.seed}). "
        f"{compared.filter('stands_out').height:,} of {compared.height:,} sets are larger than the twin's beyond the "
        "interval of the draws.",
    )
    pictures = pictures_of(scope, "twin", where, source, twin=twin, **options)
    return Section(title, text, (*pictures, *_by_group(scope, "Sizes beside the twin's", rows.drop("twin"), source)))


def _confounds(scope: Scope, where: Mapping[str, Mapping[str, Any]]) -> Section:
    a, b = CONFOUNDED
    title = f"Whether {b} is {a} in disguise"
    if scope.settings.quick:
        return Section(title, ("Left out: this is a quick report.",))
    scope.tell(f"{scope.models[0]}: {a} and {b} apart")
    options = scope.options(**where[b])
    rows = shown(scope, confounds(scope.con, a, b, **options))
    call = python_call("queries.confounds", "confounds", a, b, **options)
    source = Source((question(replace(scope, properties=(a, b)), "counted"),), call)
    text = (
        "Most low frames are men's: the neurons of each property are counted again where the other is held constant, "
        "within one of its groups at a time. `n_remain` of the `n` neurons are still there; by chance it would be "
        "`expected_share`.",
    )
    parts: list[Any] = []
    if not where[a] and not where[b] and all(group_numbers(scope)[name] <= MOST_GROUPS for name in (a, b)):
        parts.append(figure(scope, "confounds", sql=source.sql, properties=[a, b]))
    for caption, folded, some in (("all groups together", False, rows), ("group by group", True, rows)):
        of_all = some.filter(pl.col("group").is_null() != folded)
        kept = of_all if folded else of_all.drop("group")
        parts.append(table_of(f"What remains: {caption}.", kept, source, meanings=meanings("counted"), folded=folded))
    return Section(title, text, tuple(parts))


def pictures_of(
    scope: Scope, name: str, where: Mapping[str, Mapping[str, Any]], source: Source, **options: Any
) -> Iterator[Figure]:
    """A picture a property of few groups, where every layer is tested."""
    numbers = group_numbers(scope)
    for prop, own in where.items():
        if not own and 1 < numbers[prop] <= MOST_GROUPS:
            scope.tell(f"{scope.models[0]}: picture of {prop}, {name}")
            yield figure(scope, name, sql=source.sql, of=f": {prop}", property=prop, **options)


def _by_group(scope: Scope, caption: str, rows: pl.DataFrame, source: Any) -> Iterator[Table]:
    whole, groups = (rows.filter(pl.col("group").is_null() == one) for one in (True, False))
    yield analysis_table(scope, f"{caption}: property neurons.", whole.drop("group"), source)
    yield analysis_table(scope, f"{caption}: group neurons, group by group.", groups, source, folded=True)


def _left_out(what: str) -> str:
    return f"Left out: this report was made with 0 {what}."
