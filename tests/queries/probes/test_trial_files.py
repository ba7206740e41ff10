"""Trial lists: what is written is read again, other people's forms and names, and what is wrong by file and line."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.probes.verification import Trials, read_trials, write_trials
from warehouse.errors import QueryError

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda text: text.split() == [text])
NAMES = WORDS | st.sampled_from(["target", "nontarget", "1", "0", "a.wav", "a", "b/a", "\ufeffa"])


@st.composite
def lists(draw: st.DrawFn) -> tuple[Trials, list[str]]:
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    places = st.integers(0, len(names) - 1)
    pairs = draw(st.lists(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=10))
    said = {frozenset(pair): draw(st.booleans()) for pair in pairs}  # a pair twice is said to be the same twice
    first, second = np.array(pairs).T
    return Trials(first, second, np.array([said[frozenset(pair)] for pair in pairs])), names


@given(lists())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path: Path, drawn: tuple[Trials, list[str]]) -> None:
    trials, names = drawn
    path = tmp_path / "trials.txt"
    write_trials(path, trials, names)
    found = read_trials(path, names)
    assert found.first.tolist() == trials.first.tolist()
    assert found.second.tolist() == trials.second.tolist()
    assert found.is_target.tolist() == trials.is_target.tolist()


def read(tmp_path: Path, text: str | bytes, names: list[str]) -> list[tuple[int, int, bool]]:
    path = tmp_path / "trials.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    trials = read_trials(path, names)
    return list(zip(trials.first.tolist(), trials.second.tolist(), trials.is_target.tolist(), strict=True))


def refused(tmp_path: Path, text: str | bytes, names: list[str]) -> str:
    with pytest.raises(QueryError) as error:
        read(tmp_path, text, names)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{tmp_path / 'trials.txt'}: ")
    return message.removeprefix(f"{tmp_path / 'trials.txt'}: ")


def test_both_forms(tmp_path: Path) -> None:
    names = ["a", "b", "c"]
    assert read(tmp_path, "1 a b\n0 a c\n", names) == [(0, 1, True), (0, 2, False)]
    assert read(tmp_path, "a b target\na c nontarget\n", names) == [(0, 1, True), (0, 2, False)]
    # As editors and other systems leave files; a list that has a trial twice keeps it, and one of an utterance itself.
    assert read(tmp_path, "\ufeff1 a  b\r\n\r\n1\tb a\r\n1 c c", names) == [(0, 1, True), (1, 0, True), (2, 2, True)]


def test_a_form_is_that_of_all_lines(tmp_path: Path) -> None:
    numbered = ["0", "1", "2"]
    assert read(tmp_path, "1 2 target\n0 1 nontarget\n", numbered) == [(1, 2, True), (0, 1, False)]
    assert read(tmp_path, "1 2 target\n2 0 nontarget\n", numbered) == [(1, 2, True), (2, 0, False)]
    assert read(tmp_path, "1 2 target\n", [*numbered, "target"]) == [(2, 3, True)]
    assert read(tmp_path, "1 2 target\n0 2 1\n", [*numbered, "target"]) == [(2, 3, True), (2, 1, False)]
    assert refused(tmp_path, "a b target\n1 a b\n", ["a", "b"]).startswith("line 2: '1 a b' is no trial; let all lines")
    assert refused(tmp_path, "1 a b\na b target\n", ["a", "b"]).startswith("line 2: 'a b target' is no trial")


VOXCELEB = ["id1/x/00001", "id1/y/00001", "id2/x/00001"]


@pytest.mark.parametrize(
    ("name", "names", "position"),
    [
        ("84-1.flac", ["83-1", "84-1"], 1),
        ("84/84-1.WAV", ["83-1", "84-1"], 1),
        ("a\\84-1.wav", ["84-1"], 0),
        ("./84-1", ["84-1"], 0),
        ("id1/y/00001.wav", VOXCELEB, 1),
        ("wav/id1/y/00001.wav", VOXCELEB, 1),
        ("y/00001.wav", VOXCELEB, 1),
        ("a.wav", ["a", "a.wav"], 1),  # as it stands
        ("b/1.wav", ["1", "b/1", "c/b/1"], 1),  # but for its suffix
        ("a.1", ["a", "a.1"], 1),  # no suffix of audio
        ("x/.wav", [".wav"], 0),
    ],
)
def test_names_as_others_write_them(tmp_path: Path, name: str, names: list[str], position: int) -> None:
    names = [*names, "zz"]
    assert read(tmp_path, f"0 {name} zz\n", names) == [(position, len(names) - 1, False)]


@pytest.mark.parametrize(
    ("name", "names", "message"),
    [
        ("b", ["a"], "line 1: there is no utterance 'b'; take it out of the list, or name it as table utterances does"),
        ("id3/z/00001.wav", VOXCELEB, "line 1: there is no utterance 'id3/z/00001.wav'; "),
        ("a.b", ["a"], "line 1: there is no utterance 'a.b'; "),
        ("00001.wav", VOXCELEB, "line 1: '00001.wav' may be utterance 'id1/x/00001' or 'id1/y/00001'; name it as"),
        ("s/a.wav", ["a", "a.wav"], "line 1: 's/a.wav' may be utterance 'a' or 'a.wav'; "),
        ("a/b/1", ["1", "b/1"], "line 1: 'a/b/1' may be utterance 'b/1' or '1'; "),
        ("a", ["a", "b", "a"], "line 1: 2 utterances are called 'a'; give the trials of one corpus at a time"),
    ],
)
def test_names_of_none_or_several(tmp_path: Path, name: str, names: list[str], message: str) -> None:
    assert refused(tmp_path, f"0 zz {name}\n", [*names, "zz"]).startswith(message)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    names = ["a", "b"]
    assert refused(tmp_path, "1 a b\n\n2 a b\n", names).startswith("line 3: '2 a b' is no trial; let all lines be '1")
    assert refused(tmp_path, "1 a b\n0 a\n", names).startswith("line 2: '0 a' is no trial")
    assert refused(tmp_path, "1 a b 0.3\n", names).startswith("line 1: '1 a b 0.3' is no trial")
    assert refused(tmp_path, "\n", names).startswith("has no trial; write a line for each")
    assert refused(tmp_path, b"1 a b\n0 a \xff\n", names) == "line 2: not UTF-8; save the file as UTF-8"
    assert refused(tmp_path, "1 b b\n0 a a\n", names).startswith("line 2: 'a' is compared with itself as with another")
    assert refused(tmp_path, "1 a\n", []).startswith("line 1: '1 a' is no trial")
    assert refused(tmp_path, "1 a b\n", []).startswith("line 1: there is no utterance 'a'; take it out")


def test_contradictions_are_named_with_both_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, "0 a c\n1 a b\n\n1 a b\n0 s/b.wav a\n1 c a\n", ["a", "b", "c"])
    assert said == "line 5: 'b' and 'a' are of two speakers here and of one in line 4; keep one of the two"
    said = refused(tmp_path, "0 a c\n1 c a\n", ["a", "b", "c"])
    assert said == "line 2: 'c' and 'a' are of one speaker here and of two in line 1; keep one of the two"


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"missing.txt: cannot be read \(No such file or directory\); check the path"):
        read_trials(tmp_path / "missing.txt", ["a"])
    with pytest.raises(QueryError, match=r"cannot be read \(Is a directory\)"):
        read_trials(tmp_path, ["a"])
    trials = Trials(np.array([0]), np.array([1]), np.array([True]))
    with pytest.raises(QueryError, match=r"no/trials.txt: cannot be written \(No such file or directory\)"):
        write_trials(tmp_path / "no" / "trials.txt", trials, ["a", "b"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a b", "c"], "cannot name utterance 'a b'"),
        (["c", ""], "cannot name utterance ''"),
        (["c", "a\u2028"], "cannot name utterance 'a"),
        (["c", "\ud800"], "cannot name utterance "),
        (["a", "a"], "two utterances are called 'a'"),
        (["a"], "trial 0: there is no utterance 1; there are 1"),
    ],
)
def test_what_would_not_be_read_again_is_not_written(tmp_path: Path, names: list[str], message: str) -> None:
    path = tmp_path / "trials.txt"
    path.write_text("as it was")
    with pytest.raises(QueryError, match=message):
        write_trials(path, Trials(np.array([0]), np.array([1]), np.array([True])), names)
    with pytest.raises(QueryError, match="there is no trial to write"):
        write_trials(path, Trials(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool)), names)
    assert path.read_text() == "as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["trials.txt"]
