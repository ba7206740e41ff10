"""Splits into a training and a test part that share no speaker, stratified by class and drawn from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.probes.labels import Labelled
from queries.probes.settings import Settings
from warehouse.errors import QueryError, first_line

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True, eq=False)
class Split:
    """Places of rows, ascending int64.

    Attributes:
        seed: what it was drawn from.
        train: rows that weights and scales are fitted on.
        test: rows that are scored.
        unused: rows of the training part that balancing left out.
    """

    seed: int
    train: np.ndarray
    test: np.ndarray
    unused: np.ndarray


def splits(con: "Connection", rows: Labelled, settings: Settings) -> Iterator[Split]:
    """A split for every seed.

    Args:
        con: an open warehouse.
        rows: what is split; no speaker stands on both sides, unless the speakers are the classes, when no utterance
            does.
        settings: seeds, number of folds, or a split that is given; how the training part is balanced.

    Raises:
        QueryError: a class with fewer members than folds or without any in the training part, a given split that
            tears a speaker apart, or values that cannot be balanced.
    """
    given = _given(con, rows, settings.split) if settings.split is not None else None
    if given is None:
        _check_members(rows, settings.folds)
    for seed in settings.seeds:
        train, test = given if given is not None else _drawn(rows, settings.folds, seed)
        kept = _balanced(con, rows, train, settings.balance, seed) if settings.balance is not None else train
        _check_classes(rows, kept, seed, given is not None)
        yield Split(seed, kept, test, np.setdiff1d(train, kept))


def split_by(rows: Labelled) -> str:
    """What the two parts have none of in common."""
    return "utterance" if rows.is_speaker else "speaker"


def _drawn(rows: Labelled, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    group = rows.group
    nothing = np.zeros(len(group))
    if len(np.unique(group)) == len(group):  # each row by itself, in a fraction of the time
        parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(nothing, rows.target)
    else:
        parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(nothing, rows.target, group)
    # Whatever the seed, scikit-learn deals out large speakers first, and alike: each seed tests on another part.
    train, test = list(parts)[seed % folds]
    return train.astype(np.int64), test.astype(np.int64)


def _check_members(rows: Labelled, folds: int) -> None:
    pairs = np.unique(np.stack([rows.target, rows.group], 1), axis=0)
    members = np.bincount(pairs[:, 0], minlength=len(rows.classes))
    if members.min() < folds:
        few = int(members.argmin())
        unit = "utterance" if rows.is_speaker else "speaker"
        n = f"{members[few]} {unit}{'' if members[few] == 1 else 's'}"
        remedy = "merge it with another by --sql, leave it out with --without, or take fewer --folds"
        if not rows.is_speaker and np.median(members) == 1:
            remedy = "so have most; if the classes are the speakers, take the label speaker"
        if all(name.lstrip("-").isdecimal() for name in rows.classes):
            remedy = f"cut the number with --edges or --bins, or {remedy}"
        raise QueryError(
            f"label {rows.label.name}: class {rows.classes[few]} has {n}, fewer than the {folds} folds; {remedy}"
        )


def _check_classes(rows: Labelled, train: np.ndarray, seed: int, given: bool) -> None:
    present = np.bincount(rows.target[train], minlength=len(rows.classes))
    if present.min() == 0:
        raise QueryError(
            f"label {rows.label.name}: class {rows.classes[int(present.argmin())]} has no row in the training part of "
            f"{'the given split' if given else f'seed {seed}'}; "
            f"{'give it some' if given else 'take fewer folds'}, or merge the class with another"
        )


def _given(con: "Connection", rows: Labelled, sql: str) -> tuple[np.ndarray, np.ndarray]:
    import duckdb

    try:
        found = con.sql(sql).pl()
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        raise QueryError(f"split: {first_line(error)}") from None
    if not {"utterance_id", "part"} <= set(found.columns):
        raise QueryError(f"split: select utterance_id and part, not {', '.join(found.columns)}")
    if not found["utterance_id"].dtype.is_integer() or found["part"].dtype != pl.String:
        raise QueryError("split: utterance_id must be the number that the table utterances has, and part a text")
    found = found.select("utterance_id", "part").unique()
    if unknown := sorted(map(str, set(found["part"]) - {"train", "test"})):
        raise QueryError(f"split: part {unknown[0]}: every utterance is of train or of test")
    joined = rows.rows.join(found, on="utterance_id", how="left", maintain_order="left")
    of_rows = found.join(rows.rows.select("utterance_id").unique(), on="utterance_id", how="semi")
    twice = of_rows.filter(pl.col("utterance_id").is_duplicated())
    if len(twice):
        name = rows.rows.filter(pl.col("utterance_id") == twice["utterance_id"].min())["utterance"][0]
        raise QueryError(f"split: utterance {name} is of train and of test; choose one")
    missing = joined.filter(pl.col("part").is_null())
    if len(missing):
        raise QueryError(
            f"split: {len(missing)} of {len(joined)} rows have no part, the first is utterance "
            f"{missing['utterance'][0]}; give each one, or leave them out of the labels"
        )
    is_train = (joined["part"] == "train").to_numpy()
    if not rows.is_speaker:
        _check_apart(joined)
    if not is_train.any() or is_train.all():
        raise QueryError(f"split: every row is of {'train' if is_train.any() else 'test'}; a probe needs both")
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


def _check_apart(joined: pl.DataFrame) -> None:
    """Refuse a speaker on both sides: a probe would know him again, and not his class."""
    sides = joined.filter(pl.col("speaker").is_not_null()).group_by("speaker").agg(pl.col("part").n_unique())
    torn = sides.filter(pl.col("part") > 1).sort("speaker")
    if len(torn):
        speaker = torn["speaker"][0]
        of_speaker = joined.filter(pl.col("speaker") == speaker)
        shown = {part: of_speaker.filter(pl.col("part") == part)["utterance"][0] for part in ("train", "test")}
        more = f"; so are {len(torn) - 1} more" if len(torn) > 1 else ""
        raise QueryError(
            f"split: speaker {speaker} is on both sides (utterance {shown['train']} in train, {shown['test']} in test)"
            f"{more}; put each speaker on one"
        )


def _balanced(con: "Connection", rows: Labelled, train: np.ndarray, balance: str, seed: int) -> np.ndarray:
    """The training part with given shares of a column's values.

    It has as many rows whatever the shares are (those of its rarest value), so that errors compare.
    """
    column, shares = _shares(balance)
    values = column_of(con, rows, column)[train]
    names = sorted({str(value) for value in values if value is not None})
    if unknown := sorted(set(shares) - set(names)):
        raise QueryError(
            f"balance {balance}: the training part has no {column} {unknown[0]}; it has: {', '.join(names)}"
        )
    if len(names) < 2:
        raise QueryError(f"balance {balance}: the training part has one {column}, {', '.join(names) or 'none known'}")
    if set(shares) == set(names) and abs(sum(shares.values()) - 1) > 1e-9:
        raise QueryError(f"balance {balance}: the shares of all values are not 1 together")
    rest = (1 - sum(shares.values())) / max(1, len(names) - len(shares))
    total = min(sum(str(value) == name for value in values) for name in names)
    draw = np.random.default_rng((seed, 1))
    kept = []
    for name in names:
        there = train[np.array([str(value) == name for value in values])]
        kept.append(draw.choice(there, int(total * shares.get(name, rest) + 0.5), replace=False))
    return np.sort(np.concatenate(kept))


def _shares(balance: str) -> tuple[str, dict[str, float]]:
    """``gender`` or ``gender:F=0.1,M=0.9`` as a column and shares of its values."""
    column, _, listed = balance.partition(":")
    shares = {}
    for entry in filter(None, listed.split(",")):
        name, _, value = entry.rpartition("=")
        try:
            shares[name] = float(value)
        except ValueError:
            shares[name] = -1.0
        if not 0 <= shares[name] <= 1 or not name:
            raise QueryError(f"balance {balance}: {entry!r} is no share; write {column}:VALUE=0.1")
    if sum(shares.values()) > 1 + 1e-9:
        raise QueryError(f"balance {balance}: the shares are more than 1 together")
    return column, shares


def column_of(con: "Connection", rows: Labelled, column: str) -> np.ndarray:
    """A column of utterances for every row, as objects (n,).

    Raises:
        QueryError: there is no such column.
    """
    utterances = con.sql("FROM utterances").pl()
    if column not in utterances.columns:
        raise QueryError(f"utterances have no column {column}; they have: {', '.join(utterances.columns)}")
    if column in ("corpus", "utterance", "speaker"):
        return rows.rows[column].to_numpy().astype(object)
    joined = rows.rows.select("utterance_id").join(
        utterances.select("utterance_id", column), on="utterance_id", how="left", maintain_order="left"
    )
    return np.array(joined[column].to_list(), dtype=object)
