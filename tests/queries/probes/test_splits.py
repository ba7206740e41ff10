"""Splits share no speaker, have every class on both sides, and come back from the same seed."""

from pathlib import Path

import numpy as np
import pytest
from drawn_means import Means, warehouse_of
from hypothesis import given, settings
from hypothesis import strategies as st

from queries import Connection, connect
from queries.probes.labels import Label, Labelled, labelled
from queries.probes.settings import Settings
from queries.probes.splits import splits
from warehouse.errors import QueryError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 utterances of 24 speakers, two unknown ones, half of them women."""
    draw = np.random.default_rng(0)
    speakers = [f"s{i % 24:02d}" for i in range(240)]
    columns = {
        "speaker": [None if name == "s23" else name for name in speakers],
        "gender": ["F" if int(name[1:]) < 12 else "M" for name in speakers],
        "rare": ["yes" if name in ("s00", "s12") else "no" for name in speakers],
        "band": [("young", "middle", "old")[int(name[1:]) % 3] for name in speakers],
        "as_name": [f"Mr {name}" for name in speakers],
    }
    return warehouse_of(tmp_path_factory.mktemp("splits") / "w", Means({1: draw.normal(size=(240, 3))}, columns))


@pytest.fixture
def con(path: Path) -> "Connection":
    with connect(path) as con:
        yield con


def _rows(con: Connection, label: str, asked: Settings) -> Labelled:
    return labelled(con, Label(label), "m", asked)


@given(seed=st.integers(0, 2**31 - 1), folds=st.integers(2, 7))
@settings(max_examples=12, deadline=None)
def test_no_speaker_is_on_both_sides(path: Path, seed: int, folds: int) -> None:
    with connect(path, comments=False) as con:
        asked = Settings(seeds=(seed,), folds=folds)
        rows = _rows(con, "band", asked)
        (split,) = splits(con, rows, asked)
        (again,) = splits(con, rows, asked)
    assert np.array_equal(split.train, again.train)
    assert sorted([*split.train, *split.test]) == list(range(240))
    names = rows.rows["speaker"].to_list()
    sides = [{names[i] or i for i in part} for part in (split.train, split.test)]
    assert not sides[0] & sides[1]
    assert 0.4 / folds < len(split.test) / 240 < 2 / folds
    assert set(rows.target[split.train]) == {0, 1, 2}


def test_each_seed_tests_on_other_speakers_also_where_they_say_unequally_much(tmp_path: Path) -> None:
    sizes = [1 + 3 * i for i in range(20)]
    speakers = [f"s{i:02d}" for i, size in enumerate(sizes) for _ in range(size)]
    columns = {"speaker": speakers, "side": [int(name[1:]) % 2 for name in speakers]}
    path = warehouse_of(tmp_path / "w", Means({1: np.zeros((len(speakers), 2))}, columns))
    with connect(path, comments=False) as con:
        asked = Settings()
        tested = [{speakers[i] for i in split.test} for split in splits(con, _rows(con, "side", asked), asked)]
    shared = [len(a & b) / len(a | b) for i, a in enumerate(tested) for b in tested[:i]]
    assert np.mean(shared) < 0.25
    assert len(set.union(*tested)) > 12


def test_speakers_are_split_by_utterance(con: Connection) -> None:
    asked = Settings(leave_out_missing=True)
    rows = _rows(con, "speaker", asked)
    for split in splits(con, rows, asked):
        assert set(rows.target[split.train]) == set(rows.target[split.test]) == set(range(23))


def test_classes_that_are_speakers_under_another_name_are_a_leak(con: Connection) -> None:
    asked = Settings()
    with pytest.raises(
        QueryError, match=r"label as_name: class Mr s00 has 1 speaker, fewer than the 5 folds; .*speaker"
    ):
        list(splits(con, _rows(con, "as_name", asked), asked))


def test_a_class_with_fewer_members_than_folds(con: Connection) -> None:
    asked = Settings()
    with pytest.raises(QueryError, match="label rare: class yes has 2 speakers, fewer than the 5 folds"):
        list(splits(con, _rows(con, "rare", asked), asked))


def test_a_given_split_is_taken_as_it_is(con: Connection) -> None:
    part = "CASE WHEN utterance_id % 24 IN (0, 1, 12, 13) THEN 'test' ELSE 'train' END AS part"
    sql = f"SELECT utterance_id, {part} FROM utterances"
    asked = Settings(split=sql, seeds=(0, 1))
    found = list(splits(con, _rows(con, "gender", asked), asked))
    assert all(np.array_equal(split.test % 24, np.tile([0, 1, 12, 13], 10)) for split in found)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "CASE WHEN utterance_id < 120 THEN 'test' ELSE 'train' END",
            "speaker s00 is on both sides .*u0120 in train, u0000 in test.*22 more",
        ),
        ("CASE WHEN utterance_id > 0 THEN 'train' END", "is of train or of test|part None"),
        ("'train'", "every row is of train"),
        ("'dev'", "part dev"),
    ],
)
def test_a_given_split_with_a_leak_or_a_hole_is_refused(con: Connection, sql: str, said: str) -> None:
    asked = Settings(split=f"SELECT utterance_id, {sql} AS part FROM utterances")
    with pytest.raises(QueryError, match=said):
        list(splits(con, _rows(con, "gender", asked), asked))


def test_an_utterance_on_both_sides_is_refused(con: Connection) -> None:
    sql = "SELECT utterance_id, unnest(['train', 'test']) AS part FROM utterances WHERE utterance_id = 7"
    asked = Settings(split=sql)
    with pytest.raises(QueryError, match="utterance u0007 is of train and of test"):
        list(splits(con, _rows(con, "gender", asked), asked))


@pytest.mark.parametrize(("balance", "women"), [("gender", 0.5), ("gender:F=0.1", 0.1), ("gender:F=0.9,M=0.1", 0.9)])
def test_balanced_training_parts_are_equally_large(con: Connection, balance: str, women: float) -> None:
    sizes = {}
    for chosen in (None, balance):
        asked = Settings(seeds=(0, 1), balance=chosen)
        rows = _rows(con, "band", asked)
        gender = np.array([int(name[1:]) < 12 if name else False for name in rows.rows["speaker"]])
        for split in splits(con, rows, asked):
            if chosen:
                assert len(split.train) == pytest.approx(sizes[split.seed], abs=1)
                assert gender[split.train].mean() == pytest.approx(women, abs=0.03)
                assert not set(split.unused) & (set(split.train) | set(split.test))
            else:
                n_women = int(gender[split.train].sum())
                sizes[split.seed] = min(n_women, len(split.train) - n_women)


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        ("nothing", "utterances have no column nothing"),
        ("gender:X=0.1", "has no gender X; it has: F, M"),
        ("gender:F=2", "'F=2' is no share"),
        ("gender:F=0.8,M=0.8", "more than 1 together"),
        ("gender:F=0.1,M=0.1", "the shares of all values are not 1 together"),
        ("corpus", "has one corpus, c"),
    ],
)
def test_what_cannot_be_balanced_is_said(con: Connection, balance: str, said: str) -> None:
    asked = Settings(balance=balance)
    with pytest.raises(QueryError, match=said):
        list(splits(con, _rows(con, "band", asked), asked))
