import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.lab import parse_lab
from warehouse.errors import CorpusError

EXPECTED = [(0, 250_000, "sil"), (250_000, 300_000, "aa"), (300_000, 1_000_000, "t")]


def read(text: str) -> list[tuple[int, int, str]]:
    return [each[:3] for each in parse_lab(text, "a.lab")]


def test_whole_numbers_are_htk() -> None:
    assert read('0 2500000 sil\n2500000 3000000 aa -12.5 word\n3000000 10000000 "t"\n') == EXPECTED


def test_numbers_with_a_point_are_seconds() -> None:
    assert read("0 0.25 sil\n0.250 0.3 aa\n0.3 1 t\n") == EXPECTED


def test_whole_numbers_too_small_for_htk_are_seconds() -> None:
    assert read("0 1 sil\n1 2 aa\n") == [(0, 1_000_000, "sil"), (1_000_000, 2_000_000, "aa")]


def test_a_line_of_a_hash_ends_the_header_of_xlabel() -> None:
    assert read("signal a\nnfields 1\n#\n0.25 26 sil ;\n0.3 26 aa\n1 26 t; more\n") == EXPECTED


def test_a_line_without_label_is_silence() -> None:
    assert read("0.0\t0.5\t\n0.5\t0.9\taa\n")[0] == (0, 500_000, "")
    assert read("#\n0.5 100\n0.9 100 aa\n")[0] == (0, 500_000, "")


@settings(deadline=None)
@given(st.lists(st.integers(10_001, 10**8), min_size=1, max_size=12))
def test_conventions_agree(lengths: list[int]) -> None:
    ends = [sum(lengths[: at + 1]) * 10 for at in range(len(lengths))]  # in 100 ns, whole microseconds
    rows = list(zip([0, *ends], ends, strict=False))
    expected = [(start // 10, end // 10, "x") for start, end in rows]
    assert read("".join(f"{start} {end} x\n" for start, end in rows)) == expected
    assert read("".join(f"{start / 1e7:.6f} {end / 1e7:.6f} x\n" for start, end in rows)) == expected
    assert read("#\n" + "".join(f"{end / 1e7!r} 121 x\n" for _, end in rows)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("HELLO WORLD\n", "line 1: 'HELLO' is no time; a label file has them, a transcript does not"),
        ("HELLO\n", "line 1: 'HELLO' has no start and end"),
        ("0.0 0.5 a\n0.5 x b\n", "line 2: 'x' is no time"),
        ("#\n", "has no labels"),
        ("#!MLF!#\n", "is an HTK master label file; split it"),
        ("0.0 0.5 a\n0.3 0.9 b\n", r"line 1 \('a', 0 s to 0\.5 s\) and line 2 \('b', 0\.3 s to 0\.9 s\) overlap"),
    ],
)
def test_a_wrong_line_is_named(text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=rf"a\.lab: {reason}"):
        parse_lab(text, "a.lab")
