"""The page without a browser: what it holds, that what it says can be asked again, and that nothing breaks out."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from queries import Connection, connect
from queries.plot import FIGURES
from queries.report import report, write_report
from warehouse.errors import QueryError

VOID = {"meta", "img", "br", "hr", "input", "link"}

pytestmark = pytest.mark.slow  # a page of everything takes its time


class Parsed(HTMLParser):
    """Elements of a page, its text outside scripts, and whether every element that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)


@pytest.fixture(scope="module")
def text(written: Path) -> str:
    return written.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


def code(text: str, language: str) -> list[str]:
    return [
        unescape(found) for found in re.findall(rf'<code class="language-{language}">(.*?)</code>', text, re.DOTALL)
    ]


def test_every_element_is_closed_and_no_name_became_one(parsed: Parsed) -> None:
    assert parsed.unbalanced == []
    assert parsed.open == []
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"img", "iframe", "object", "embed", "link", "form", "b"} - {"b"}
    assert [attributes for tag, attributes in parsed.elements if tag == "b"] == [{}] * sum(
        tag == "figure" for tag, _ in parsed.elements
    )
    scripts = [attributes.get("type") for tag, attributes in parsed.elements if tag == "script"]
    assert scripts.count(None) == 2
    assert set(scripts) == {None, "application/json"}


def test_nothing_is_loaded_from_anywhere(parsed: Parsed) -> None:
    for tag, attributes in parsed.elements:
        assert not {"src", "srcset", "action", "onerror", "onclick", "style"} & attributes.keys(), (tag, attributes)
        assert not (attributes.get("href") or "#").startswith(("http", "//", "data", "javascript")), attributes
    policy = next(a["content"] for tag, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_names_stand_in_the_text_as_they_are(parsed: Parsed, hostile: tuple[str, str]) -> None:
    said = "\n".join(parsed.texts)
    for name in hostile:
        assert name in said


def test_the_contents_lead_to_the_sections(parsed: Parsed) -> None:
    wanted = [a["href"] for tag, a in parsed.elements if tag == "a"]
    there = [f"#{a['id']}" for tag, a in parsed.elements if tag in {"h2", "h3"} and "id" in a]
    assert wanted == there  # in order, and none twice
    assert len(there) > 5


def test_every_question_on_the_page_has_an_answer(text: str, con: Connection) -> None:
    questions = list(dict.fromkeys(code(text, "sql")))
    assert len(questions) > 10
    for question in questions:
        assert con.sql(question).columns, question


@pytest.mark.slow
def test_every_kind_of_call_on_the_page_works(text: str, con: Connection) -> None:
    calls = [call for call in code(text, "python") if "write_report" not in call]
    kinds = {re.sub(r"\[.*|=.*", "", call.replace("\n", " ")): call for call in calls}
    assert len(kinds) > 10
    for call in kinds.values():
        exec(call, {"con": con})


def test_every_figure_that_there_is_is_on_the_page(text: str) -> None:
    drawn = {name for call in code(text, "python") for name in re.findall(r"chart\(con, '(\w+)'", call)}
    assert drawn == set(FIGURES)


def test_the_report_says_how_it_is_made_again(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(study) as con:
        text = report(con, models=["tiny"], properties=["gender"], quick=True, p_sigma=0.7, p_frames="middle")
    (call,) = (call for call in code(text, "python") if "write_report" in call)
    monkeypatch.chdir(study.parent)
    again = tmp_path / "again.html"
    exec(call.replace('"report.html"', repr(str(again))))
    assert _without_the_time(again.read_text(encoding="utf-8")) == _without_the_time(text)
    assert "Sizes against λ are left out: this is a quick report." in text
    assert ">0: left out<" in text


def _without_the_time(text: str) -> str:
    return re.sub(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC", "", text)


def test_every_table_and_figure_says_what_it_is_and_where_it_is_from(parsed: Parsed) -> None:
    kinds = [a.get("class") for tag, a in parsed.elements]
    assert kinds.count("caption") >= kinds.count("chart")
    assert kinds.count("source") >= kinds.count("chart")


def test_it_is_no_larger_than_it_must_be(written: Path) -> None:
    assert written.stat().st_size < 6e6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ["nobody"]}, "there is no model 'nobody'; there are: tiny, twin"),
        ({"properties": ["nothing"]}, "there is no property 'nothing'; there are: "),
        ({"models": ["tiny"], "twin": "tiny"}, "tiny cannot be its own twin"),
        ({"p_model": "tiny"}, "p_model cannot be given to a report"),
        ({"p_nothing": 1}, "there is no parameter p_nothing"),
        ({"p_sigma": 2}, "p_sigma: 2"),
        ({"permutations": -1}, "permutations -1"),
    ],
)
def test_a_mistake_is_one_line(con: Connection, tmp_path: Path, options: dict, message: str) -> None:
    path = tmp_path / "report.html"
    with pytest.raises(QueryError, match=re.escape(message)):
        write_report(con, path, **options)
    assert list(tmp_path.iterdir()) == []


def test_names_without_groups_are_explained(con: Connection) -> None:
    said = report(con, models=["tiny"], properties=["pitch"], quick=True, p_where="speaker = 'nobody'")
    assert list(_notes(said))


def _notes(text: str) -> Iterator[str]:
    yield from re.findall(r'<p class="note">(.*?)</p>', text)
