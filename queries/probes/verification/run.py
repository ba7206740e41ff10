"""Verification of a warehouse's speakers by chosen neurons, whose ranking saw none of these speakers ([B] §3)."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from queries.probes.features import Features, probed_layers
from queries.probes.labels import Label, Labelled, labelled
from queries.probes.linear import fit_linear
from queries.probes.one_split import View, orders, slices_of
from queries.probes.ranked import Ranked, furthest, ranking_rows
from queries.probes.ranking import ranking
from queries.probes.reader import Reader, chosen_models
from queries.probes.run import Probed
from queries.probes.scores import Score, Scored, score
from queries.probes.settings import Settings, n_kept, settings_of
from queries.probes.splits import Split
from queries.probes.standard import standardised
from queries.probes.store import Described, commit_probe, layer_names, new_identifier
from queries.probes.verification.cosine import cosine_scores
from queries.probes.verification.eer import equal_error_rate
from queries.probes.verification.trial_files import read_trials, write_trials
from queries.probes.verification.trials import Trials, made_trials
from queries.probes.workers import Workers
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

MOST_TRIALS = 10_000
"""Trials of one speaker, and trials of two, that are drawn unless others are asked for."""

NOT_ASKED = (
    "folds",
    "split",
    "balance",
    "by",
    "shares",
    "hidden",
    "without",
    "rows",
    "class_depth",
    "leave_out_missing",
)
"""Settings of probes that verification has no use for."""


@dataclass(frozen=True)
class Lists:
    """Where trials come from, and where they go.

    Attributes:
        read: a trial list; None = trials are drawn among the speakers that the ranking did not see.
        most: trials of one speaker, and trials of two, that are drawn at most.
        write: file that the trials of the first seed are written to; None = nowhere.
    """

    read: Path | None = None
    most: int = MOST_TRIALS
    write: Path | None = None


def verify(
    path: str | os.PathLike[str],
    *,
    model: str | Sequence[str] | None = None,
    twin: str | None = None,
    trials: str | os.PathLike[str] | None = None,
    most_trials: int = MOST_TRIALS,
    write: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> list[Probed]:
    """Tell speakers apart by the cosine between means of chosen neurons, and say how often that is wrong ([B] §3).

    For each seed half of the speakers is drawn: a linear probe that tells them apart ranks the neurons, and their
    utterances say around which means cosines are taken. The trials are of the other half. With a list, all speakers
    that are in no trial rank the neurons, for every seed. Equal error rates are of all neurons, and of the top, random
    and bottom ones.

    Args:
        path: the warehouse.
        model: name of a model, or several; None = the only one.
        twin: name of a model of the same shape with random weights; None = none.
        trials: a list in VoxCeleb's or Kaldi's form; None = trials are drawn.
        most_trials: of one speaker, and of two, that are drawn at most.
        write: file for the trials of the first seed, in VoxCeleb's form.
        threads: seeds that are worked on at a time; None = as many as torch has threads.
        tell: is told what is being computed.
        **settings: as of :func:`queries.probes.run.probe`, but those that are about other labels and splits.

    Returns:
        The probes, of task ``verification``.

    Raises:
        QueryError: an unknown name, a list that cannot be read or leaves no speaker for the ranking, or a row without
            a direction.
        WarehouseError: the disk is full or not writable.
    """
    from queries.connection import connect

    if misplaced := sorted(set(settings) & set(NOT_ASKED)):
        raise QueryError(
            f"verification has no setting {misplaced[0]}: it splits by speakers, and fits one linear probe"
        )
    chosen = settings_of(**{**settings, "folds": 2, "shares": (), "hidden": 0, "leave_out_missing": True})
    lists = Lists(Path(trials) if trials is not None else None, most_trials, Path(write) if write is not None else None)
    with connect(path, comments=False) as con:
        models = chosen_models(con, model)
        if twin is not None:
            (twin,) = chosen_models(con, twin)
        return [_verified(con, name, twin, lists, chosen, threads, tell) for name in models]


@dataclass(frozen=True, eq=False)
class _Halves:
    """A seed's split, and its trials over the rows of the test part."""

    split: Split
    trials: Trials


def _verified(
    con: "Connection",
    model: str,
    twin: str | None,
    lists: Lists,
    settings: Settings,
    threads: int | None,
    tell: Callable[[str], None],
) -> Probed:
    rows = labelled(con, Label("speaker"), model, settings)
    layers, views = probed_layers(con, model, settings)
    reader = Reader(con, settings)
    features = reader.of_model(rows, model, layers)
    of_twin = reader.of_twin(rows, model, twin, features)
    halves = list(_halves(rows, lists, settings))
    scores: list[Score] = []
    ranked: list[Ranked] = []

    def of_seed(half: _Halves) -> tuple[list[Ranked], list[Score]]:
        found = list(_ranked(features, rows, half.split, views, settings))
        by_view = {one.of_layer: order for one, order in found}
        rates = list(_rates(features, half, views, settings, "model", by_view))
        if of_twin is not None:
            rates += _rates(of_twin, half, views, settings, "twin", {})
        tell(f"verification, {model}: seed {half.split.seed} is done, one of {len(halves)}")
        return [one for one, _ in found], rates

    with Workers(threads) as workers:
        for of_ranking, rates in workers.start(of_seed, halves):
            ranked += of_ranking
            scores += rates
    described = Described(
        new_identifier(),
        "verification",
        model,
        twin if of_twin is not None else None,
        tuple(layer_names(views)),
        features.n,
        con.snapshot.id,
        (("trials", str(lists.read) if lists.read else None), ("most_trials", lists.most)),
    )
    commit_probe(
        con.snapshot.layout,
        described,
        rows,
        settings,
        [half.split for half in halves],
        scores,
        [ranking_rows(described.probe, ranked, features)],
    )
    if lists.write is not None:
        names = rows.rows["utterance"].to_list()
        write_trials(lists.write, halves[0].trials, [names[row] for row in halves[0].split.test])
    return Probed(described.probe, model, rows.label.name)


def _halves(rows: Labelled, lists: Lists, settings: Settings) -> Iterator[_Halves]:
    speakers = rows.rows["speaker"].to_numpy()
    if lists.read is not None:
        trials = read_trials(lists.read, rows.rows["utterance"].to_list())
        _check_targets(rows, trials, lists.read)
        tried = np.unique(speakers[np.concatenate([trials.first, trials.second])].astype(str))
    for seed in settings.seeds:
        if lists.read is None:
            names = np.array(rows.classes)
            tried = np.random.default_rng((seed, 5)).permutation(names)[: len(names) // 2]
        in_trials = np.isin(speakers.astype(str), tried)
        train, test = np.flatnonzero(~in_trials), np.flatnonzero(in_trials)
        if len(np.unique(speakers[train].astype(str))) < 2:
            where = f"{lists.read}: its trials" if lists.read else "the trials"
            raise QueryError(
                f"{where} leave {len(np.unique(speakers[train].astype(str)))} speakers that are in none, and a ranking "
                "needs two that no trial hears; take a shorter list, or ingest more speakers"
            )
        if lists.read is None:
            made = made_trials(speakers[test].tolist(), seed, lists.most)
        else:
            made = Trials(np.searchsorted(test, trials.first), np.searchsorted(test, trials.second), trials.is_target)
        yield _Halves(Split(seed, train, test, np.empty(0, np.int64)), made)


def _check_targets(rows: Labelled, trials: Trials, path: Path) -> None:
    """Refuse a list that says other than the warehouse who speaks."""
    speakers = rows.rows["speaker"].to_numpy()
    same = speakers[trials.first] == speakers[trials.second]
    wrong = np.flatnonzero(same != trials.is_target)
    if len(wrong):
        at = int(wrong[0])
        a, b = (rows.rows["utterance"][int(side[at])] for side in (trials.first, trials.second))
        said = "one speaker says" if trials.is_target[at] else "two speakers say"
        raise QueryError(
            f"{path}: trial {at + 1} says that {said} {a} and {b}, the warehouse that it is "
            f"{speakers[trials.first[at]]} and {speakers[trials.second[at]]}; mend the list or the metadata"
        )


def _ranked(
    features: Features, rows: Labelled, split: Split, views: Sequence[View], settings: Settings
) -> Iterator[tuple[Ranked, np.ndarray]]:
    """Of each view its ranking by the speakers of the training part, also as the order of the view's features."""
    import torch

    x, _ = standardised(features.values, split)
    _, targets = np.unique(rows.target[split.train], return_inverse=True)
    slices = slices_of(features, views)
    wanted = torch.from_numpy(targets.astype(np.int64)[:, None])
    linear = fit_linear(x, slices, wanted, int(targets.max()) + 1, settings.fitting, split.seed)
    for view, columns, weights in zip(views, slices, linear.weights, strict=True):
        theta = weights[:, 0].numpy()
        order, mass = ranking(theta)
        yield Ranked(view, None, split.seed, columns.start + order, furthest(theta)[order], mass), order


def _rates(
    features: Features,
    half: _Halves,
    views: Sequence[View],
    settings: Settings,
    source: str,
    ranked: dict[View, np.ndarray],
) -> Iterator[Score]:
    """Equal error rates of all features, and of some where they are ranked."""
    tested = features.values[half.split.test]
    mean = features.values[half.split.train].mean(0, dtype=np.float64)
    seed = half.split.seed
    for view, columns in zip(views, slices_of(features, views), strict=True):
        n = columns.stop - columns.start
        kept = n_kept(settings.share, n)
        sets = {"all": np.arange(n)}
        if view in ranked:
            sets |= {name: order[:kept] for name, order in orders(ranked[view], view, seed).items()}
        for neurons, chosen in sets.items():
            rate = _rate(tested, half.trials, columns.start + chosen, mean, needed=neurons == "all")
            scored = Scored(source, view, "cosine", seed, len(chosen))
            if neurons != "all":
                scored = Scored(
                    source, view, "cosine", seed, kept, neurons=neurons, treatment="zeroed", share=settings.share
                )
            yield score(scored, "eer", rate, len(half.trials))


def _rate(features: np.ndarray, trials: Trials, chosen: np.ndarray, mean: np.ndarray, needed: bool) -> float | None:
    """The equal error rate over some features; None where an utterance is 0 in all of them, as of dead neurons."""
    try:
        cosines = cosine_scores(features, trials, chosen, mean=mean)
    except QueryError:
        if needed:
            raise
        return None
    return equal_error_rate(cosines, trials.is_target).eer
