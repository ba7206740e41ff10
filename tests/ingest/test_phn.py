from pathlib import Path

import pytest

from ingest.corpora.intervals import Interval
from ingest.corpora.phn import parse_phn, read_phn, with_whole_stops
from warehouse.errors import CorpusError

PHN = "0 3200 h#\n3200 4000 tcl\n4000 4800 ch\n4800 6401 iy\n6401 8000 pau\n"


def test_samples_become_microseconds() -> None:
    found = parse_phn(PHN, "a.PHN", 16_000)
    assert found[0] == Interval(0, 200_000, "h#", 1)
    assert found[3][:3] == (300_000, 400_063, "iy")
    assert parse_phn("0 441 aa", "a", 44_100)[0].end_us == 10_000


@pytest.mark.parametrize("suffix", ["WRD", "wrd"])
def test_words_come_from_the_file_beside_it(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "SA1.PHN").write_text(PHN)
    assert [each.word for each in read_phn(tmp_path / "SA1.PHN", 16_000)] == [None] * 5
    (tmp_path / f"SA1.{suffix}").write_text("3200 6500 chea\n6400 6600 x\n")  # TIMIT's words may overlap
    assert [each.word for each in read_phn(tmp_path / "SA1.PHN", 16_000)] == [None, "chea", "chea", "chea", None]


def test_closures_join_the_release_that_follows() -> None:
    rows = "0 1 dcl\n1 2 d\n2 3 dcl\n3 4 jh\n4 5 tcl\n5 6 ch\n6 7 tcl\n7 8 t\n8 9 tcl\n9 10 k\n10 11 kcl\n12 13 k"
    found = with_whole_stops(parse_phn(rows, "a", 1))
    seconds = [(each.start_us // 10**6, each.end_us // 10**6, each.label) for each in found]
    assert seconds == [
        (0, 2, "d"),
        (2, 4, "jh"),
        (4, 6, "ch"),
        (6, 8, "t"),
        (8, 9, "tcl"),
        (9, 10, "k"),
        (10, 11, "kcl"),
        (12, 13, "k"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 10 aa\n0.5 1.0 b", r"line 2: '0\.5 1\.0 b' is not start, end and label in samples"),
        ("0 10", "line 1: '0 10' is not start"),
        ("0 10 aa b", "line 1: "),
        ("\n", "has no labels"),
    ],
)
def test_a_wrong_line_is_named(text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=rf"a\.PHN: {reason}"):
        parse_phn(text, "a.PHN", 16_000)
