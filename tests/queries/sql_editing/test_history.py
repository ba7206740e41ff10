"""The history: each query once, the newest first, whatever happens to its file."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.sql_editing import history as history_module
from queries.sql_editing.history import AskedQuery, History


def ask(history: History, *queries: str) -> None:
    for query in queries:
        history.add(AskedQuery(query, "2024-01-01T00:00:00+00:00"))


def texts(history: History, words: str = "") -> list[str]:
    return [asked.query for asked in history.queries(words)]


@given(st.lists(st.text(min_size=1, max_size=8).filter(str.strip), max_size=8))
def test_queries_come_back_the_newest_first_and_each_once(
    tmp_path_factory: pytest.TempPathFactory, queries: list[str]
) -> None:
    path = tmp_path_factory.mktemp("history") / "deep" / "history.jsonl"
    ask(History(path), *queries)
    newest = {query.strip(): query for query in queries}
    order = list(dict.fromkeys(query.strip() for query in reversed(queries)))
    assert texts(History(path)) == [newest[query] for query in order]


def test_words_are_looked_for_in_any_order_and_case(tmp_path: Path) -> None:
    history = History(tmp_path / "h.jsonl")
    ask(history, "SELECT 1", "FROM Models", "SELECT * FROM models")
    assert texts(history, "models select") == ["SELECT * FROM models"]
    assert texts(history, "MODELS") == ["SELECT * FROM models", "FROM Models"]
    assert texts(history, "nothing") == []


def test_the_file_is_for_the_user_alone(tmp_path: Path) -> None:
    history = History(tmp_path / "state" / "h.jsonl")
    ask(history, "SELECT 1")
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.path.parent.stat().st_mode) == 0o700


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    history = History(tmp_path / "h.jsonl")
    ask(history, "SELECT 1", "SELECT 2")
    whole = history.path.read_bytes()
    for length in range(len(whole)):
        history.path.write_bytes(whole[:length])
        ask(History(history.path), "SELECT 3")
        found = texts(History(history.path))
        assert found[0] == "SELECT 3"
        assert set(found[1:]) <= {"SELECT 1", "SELECT 2"}
        assert len(found) >= 1 + whole[:length].count(b"\n")


def test_lines_of_another_program_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(
        '[]\n3\n{"query": 3, "at": "x"}\n\x00\n{"query": "SELECT 1", "at": "x", "later": true}\n{"at": "x"}\n'
    )
    assert texts(History(path)) == ["SELECT 1"]


def test_a_long_file_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MOST_BYTES", 4_000)
    history = History(tmp_path / "h.jsonl")
    ask(history, *(f"SELECT {number}" for number in range(100)))
    assert history.path.stat().st_size < 4_500
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    found = texts(history)
    assert found == [f"SELECT {number}" for number in range(99, 99 - len(found), -1)]
    assert len(found) > 10


def test_a_folder_that_cannot_be_written_ends_with_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = History(tmp_path / "file" / "h.jsonl")
    ask(history, "SELECT 1", "SELECT 2")
    assert texts(history) == ["SELECT 2", "SELECT 1"]
    assert history.trouble is not None
    assert "ends with this session" in history.trouble
    os.unlink(tmp_path / "file")
    ask(history, "SELECT 3")
    assert history.trouble is None
    assert texts(History(history.path)) == ["SELECT 3", "SELECT 2", "SELECT 1"]


def test_several_programs_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    wanted = {f"SELECT {who}, {number}" for who in range(4) for number in range(25)}
    threads = [
        threading.Thread(target=ask, args=(History(path), *(q for q in wanted if q.startswith(f"SELECT {who},"))))
        for who in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(texts(History(path))) == wanted
    assert all(json.loads(line) for line in path.read_text().splitlines())
