"""Probes of a warehouse: from labels and recorded means to rows of the same warehouse."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queries.probes.features import Features, probed_layers
from queries.probes.labels import Label, Labelled, labelled
from queries.probes.one_split import Measured, View, measure
from queries.probes.ranked import ranking_rows, rankings
from queries.probes.reader import Reader, chosen_models
from queries.probes.settings import Settings, settings_of
from queries.probes.splits import Split, column_of, splits
from queries.probes.store import Described, commit_probe, layer_names, new_identifier
from queries.probes.workers import Workers
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


FEW_STEPS = 60
"""Of Adam at its rate of 0.001: with fewer, weights have hardly left 0, and a ranking is mostly noise."""

MOST_GROUPS = 50
"""Values of a column that errors are told apart by."""


@dataclass(frozen=True)
class Probed:
    """A probe that is in the warehouse.

    Attributes:
        probe: its identifier, by which its rows are found in ``probe_runs``, ``probe_scores`` and ``probe_rankings``.
        model: name of the model.
        label: name of the label.
    """

    probe: str
    model: str
    label: str


def probe(
    path: str | os.PathLike[str],
    label: str | Label | Sequence[str | Label],
    *,
    model: str | Sequence[str] | None = None,
    twin: str | None = None,
    threads: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> list[Probed]:
    """Find out what the layers of a model, and its neurons, tell of a label ([B] §3).

    For every seed the rows are split, so that no speaker is on both sides, and on the training part a linear probe and
    one with a hidden layer are fitted to every layer and to all layers together; beside them stand the largest class,
    the same probes on control labels and on a twin of random weights. The linear probes rank the neurons; then it is
    measured how well the top, random and bottom neurons do, alone and trained anew. Each label and model is one commit.

    Args:
        path: the warehouse.
        label: a column of utterances, ``phone``, ``word`` or ``phone_class`` of segments, or a
            :class:`queries.probes.labels.Label` of any query; several are probed one after the other.
        model: name of a model, or several, which see the same splits; None = the only one.
        twin: name of a model of the same shape with random weights; None = none.
        threads: seeds that are worked on at a time, each of which takes its own memory; None = as many as torch has
            threads. The results do not depend on it.
        tell: is told what is being computed.
        **settings: fields of :class:`queries.probes.settings.Settings` and of
            :class:`queries.probes.settings.Fitting`, such as ``kind="ffn"``, ``seeds=5`` or ``solver="converged"``.

    Returns:
        The probes, label after label, each for every model.

    Raises:
        QueryError: an unknown name, a label that cannot be probed, a split with a leak, a mean that is no number.
        WarehouseError: the disk is full or not writable.
    """
    from queries.connection import connect

    chosen = settings_of(**settings)
    labels = [label] if isinstance(label, str | Label) else list(label)
    with connect(path, comments=False) as con:
        models = chosen_models(con, model)
        if twin is not None:
            (twin,) = chosen_models(con, twin)
        if twin is not None and set(models) == {twin}:
            raise QueryError(f"twin {twin} is the model itself; name another --model")
        # Whatever is wrong with any of them is said before the first is computed.
        asked = [
            _prepared(con, Label(one) if isinstance(one, str) else one, name, chosen)
            for one in labels
            for name in models
        ]
        reader = Reader(con, chosen)
        made: list[Probed] = []
        running: deque[_Running] = deque()
        with Workers(threads) as workers:
            for one in asked:
                running.append(_begun(con, reader, workers, one, twin, chosen, tell))
                if len(running) > 1:  # the seeds of a label begin while the last ones of the label before still run
                    made.append(_finished(con, running.popleft(), chosen))
            made += [_finished(con, one, chosen) for one in running]
        return made


@dataclass(frozen=True, eq=False)
class _Asked:
    """A label and a model, with their rows and splits."""

    model: str
    rows: Labelled
    splits: list[Split]


def _prepared(con: "Connection", label: Label, model: str, settings: Settings) -> _Asked:
    rows = labelled(con, label, model, settings)
    for column in settings.by:
        n = len(set(column_of(con, rows, column).tolist()))
        if n > MOST_GROUPS:
            raise QueryError(f"by {column}: it has {n} values, more than {MOST_GROUPS}; take a column of few groups")
    return _Asked(model, rows, list(splits(con, rows, settings)))


@dataclass(frozen=True, eq=False)
class _Running:
    """A probe whose seeds are worked on."""

    asked: _Asked
    features: Features
    views: Sequence[View]
    twin: str | None
    measured: Iterator[Measured]


def _begun(
    con: "Connection",
    reader: Reader,
    workers: Workers,
    asked: _Asked,
    twin: str | None,
    settings: Settings,
    tell: Callable[[str], None],
) -> _Running:
    rows, model, found_splits = asked.rows, asked.model, asked.splits
    layers, views = probed_layers(con, model, settings, rows.unit)
    groups = {column: column_of(con, rows, column) for column in settings.by}
    features = reader.of_model(rows, model, layers)
    of_twin = reader.of_twin(rows, model, twin, features)
    steps = settings.fitting.epochs * -(-min(len(split.train) for split in found_splits) // settings.fitting.batch)
    if settings.fitting.solver == "adam" and steps < FEW_STEPS:
        few = f"only {steps} steps of Adam, so rankings say little; give more --epochs, or --solver converged"
        tell(f"{rows.label.name}, {model}: {few}")

    def of_seed(split: Split) -> Measured:
        found = measure(features, of_twin, rows, split, views, settings, groups)
        tell(f"{rows.label.name}, {model}: seed {split.seed} is done, one of {len(found_splits)}")
        return found

    used_twin = twin if of_twin is not None else None
    return _Running(asked, features, views, used_twin, workers.start(of_seed, found_splits))


def _finished(con: "Connection", running: _Running, settings: Settings) -> Probed:
    rows, model, features = running.asked.rows, running.asked.model, running.features
    found_splits = running.asked.splits
    measured = {split.seed: found for split, found in zip(found_splits, running.measured, strict=True)}
    described = Described(
        new_identifier(),
        "classification",
        model,
        running.twin,
        tuple(layer_names(running.views)),
        features.n,
        con.snapshot.id,
    )
    ranked = rankings(measured, features, running.views, rows.classes, settings.class_depth)
    commit_probe(
        con.snapshot.layout,
        described,
        rows,
        settings,
        found_splits,
        [score for found in measured.values() for score in found.scores],
        (ranking_rows(described.probe, of_view, features) for of_view in ranked),
    )
    return Probed(described.probe, model, rows.label.name)
