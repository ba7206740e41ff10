import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.ctm import parse_ctm
from warehouse.errors import CorpusError


def test_lines_are_sorted_into_utterances() -> None:
    text = ";; made by hand\nu1 1 0.00 0.20 SIL\nu2 1 0.00 0.10 AA 0.98\n\nu1 1 0.20 0.18 AH1\n"
    found = parse_ctm(text, "p.ctm")
    assert found == {
        "u1": [(0, 200_000, "SIL", 2, None), (200_000, 380_000, "AH1", 5, None)],
        "u2": [(0, 100_000, "AA", 3, None)],
    }


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=20))
def test_times_keep_every_microsecond(times: list[tuple[int, int]]) -> None:
    text = "".join(f"u 1 {start / 1e6!r} {length / 1e6:.6f} x\n" for start, length in times)
    assert [each[:2] for each in parse_ctm(text, "p.ctm")["u"]] == [(start, start + length) for start, length in times]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("u1 1 0.0 0.2", "4 columns instead of"),
        ("u1 1 zero 0.2 AA", "'zero' is no time"),
        ("u1 1 0.0 0.2 AA 1.0 more", "7 columns instead of"),
    ],
)
def test_a_wrong_line_spoils_its_utterance_only(line: str, reason: str) -> None:
    found = parse_ctm(f"u1 1 0 1 AA\n{line}\nu1 1 1 1 AA\nu2 1 0 1 AA\n", "p.ctm")
    assert isinstance(found["u1"], CorpusError)
    assert str(found["u1"]).startswith(f"p.ctm: line 2: utterance 'u1': {reason}")
    assert len(found["u2"]) == 1


def test_positions_in_the_word_are_dropped_when_all_phones_have_one() -> None:
    found = parse_ctm("u 1 0 1 SIL\nu 1 1 1 HH_B\nu 1 2 1 AY1_E\nu 1 3 1 spn_S\n", "p.ctm")
    assert [each.label for each in found["u"]] == ["SIL", "HH", "AY1", "spn"]


def test_a_set_that_happens_to_use_such_names_keeps_them() -> None:
    found = parse_ctm("u 1 0 1 t_B\nu 1 1 1 a\n", "p.ctm")
    assert [each.label for each in found["u"]] == ["t_B", "a"]
