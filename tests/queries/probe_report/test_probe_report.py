"""The report on probes: CSV files are what the views say, the page has each table, and mistakes are one line."""

import re
from html import escape, unescape
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import polars as pl
import pytest

from queries import Connection
from queries.probe_report import write_probe_report
from queries.probe_report.report import FILES
from warehouse.errors import QueryError

CAPTIONS = (
    "Table 1. What was probed: models, labels, rows and settings.",
    "Table 2. Accuracies of probes of each layer and of all layers together, beside what they are to be compared with.",
    "Table 3. Efficacy of the rankings: accuracy of the trained probe where all features but the top, random or bottom "
    "ones are zeroed.",
    "Table 4. Minimal sets: the share of the features that suffices when probes are trained on it alone. Beside each "
    "is the accuracy of probes that were trained on as many random and bottom features.",
    "Table 5. Redundancy: which layers alone are as good as all, and from which share on the rest of the features adds "
    "nothing.",
    "Table 6. Localisation: percent of the minimal set in each layer (columns).",
    "Table 7. Speaker verification: equal error rates of cosines between utterances' means of all, top, random and "
    "bottom features.",
    "Table 8. Errors by group: how often linear probes are wrong for some rows and for others.",
    "Table 9. The first five neurons in the ranking of all classes, and in that of each; the CSV file has ten.",
)

VIEWS = {
    "table_2": "probe_accuracies",
    "table_3": "probe_efficacy",
    "table_5_criteria": "probe_redundancy",
    "table_6": "probe_localisation",
    "table_6_labels": "probe_label_overlap",
    "table_7": "verification_errors",
    "table_8_groups": "probe_group_errors",
}


@pytest.fixture(scope="module")
def text(written: Path) -> str:
    return (written / "probes.html").read_text(encoding="utf-8")


def rows_of(text: str, caption: str) -> list[list[str]]:
    """Texts of the cells of the table below a caption."""
    (body,) = re.findall(rf"{re.escape(escape(caption))}</p>.*?<tbody>(.*?)</tbody>", text, re.DOTALL)
    rows = body.split("</tr>")[:-1]
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def read(written: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(written / f"{name}.csv", infer_schema_length=None)


@pytest.mark.parametrize(("name", "view"), VIEWS.items())
def test_a_file_holds_what_its_view_says(written: Path, con: Connection, name: str, view: str) -> None:
    said = con.sql(f"FROM {view}").pl()
    found = read(written, name).select(said.columns)
    assert len(found) == len(said) > 0
    numbers = [name for name, kind in said.schema.items() if kind.is_numeric()]
    texts = [name for name in said.columns if name not in numbers]
    keys = [*texts, *(name for name in ("layer", "of_layer", "share", "n_both") if name in numbers)]
    found, said = (frame.with_columns(pl.col(texts).cast(pl.String)).sort(keys) for frame in (found, said))
    for column in texts:
        assert found[column].to_list() == said[column].to_list()
    for column in numbers:
        assert found[column].to_list() == pytest.approx(said[column].to_list(), nan_ok=True)


def test_there_is_a_file_of_every_question_and_no_other(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == {"probes.html", *(f"{name}.csv" for name in FILES)}
    assert [name for name in FILES if read(written, name).is_empty()] == ["table_6_properties", "table_6_rankings"]


def test_the_page_has_every_table_and_says_what_it_is(text: str) -> None:
    said = [unescape(found) for found in re.findall(r'<p class="caption">(Table .*?)</p>', text)]
    assert said == list(CAPTIONS)


def scores(con: Connection, **wanted: Any) -> list[float]:
    """Values of the seeds, from the rows of the table."""
    frame = con.sql("FROM probe_scores JOIN probe_runs USING (probe)").pl()
    for name, value in {"by_column": None, "source": "model", "labels": "true", **wanted}.items():
        frame = frame.filter(pl.col(name).is_null() if value is None else pl.col(name) == value)
    return list(frame.sort("seed")["value"])


def written_as(values: list[float]) -> str:
    return f"{100 * mean(values):.1f} ± {100 * stdev(values):.1f}"


def numbers(text: str) -> list[float]:
    """Those of a cell, such as a mean and its deviation."""
    return [float(part) for part in text.split("±")]


def test_table_2_is_mean_and_deviation_in_percent(text: str, con: Connection) -> None:
    rows = rows_of(text, CAPTIONS[1])
    asked: dict[str, Any] = {"label": "side", "model": "m", "measure": "accuracy", "layer": None, "neurons": "all"}
    linear = {**asked, "architecture": "linear", "treatment": "trained"}
    found = scores(con, **linear)
    control, twin = scores(con, **linear, **{"labels": "control"}), scores(con, **linear, **{"source": "twin"})
    largest = scores(con, **asked, architecture="majority")
    balanced = scores(con, **{**linear, "measure": "balanced_accuracy"})
    names = ["side", "m", "ffn", "all", "linear"]
    (row,) = (row for row in rows if row[:5] == names)
    selective = [a - b for a, b in zip(found, control, strict=True)]
    wanted = [written_as(values) for values in (found, selective, control, twin)]
    wanted += [f"{100 * mean(largest):.1f}", f"{100 * mean(balanced):.1f}"]
    assert len(row) == 5 + len(wanted)
    for shown, expected in zip(row[5:], wanted, strict=True):
        assert numbers(shown) == pytest.approx(numbers(expected), abs=0.11)  # halves are rounded either way
    (alone,) = (row for row in rows if row[:5] == ["side", "other", "ffn", "all", "linear"])
    assert alone[8] == "–"
    assert "±" not in alone[5]  # of one seed there is no deviation


def test_table_4_has_sets_of_the_same_size_beside(written: Path, con: Connection) -> None:
    table = read(written, "table_4")
    assert len(table) == 2 * 3
    for row in table.to_dicts():
        asked = {"label": row["label"], "model": row["model"], "measure": "accuracy", "layer": None}
        asked |= {"architecture": "linear", "share": row["share"]}
        if row["share"] == 100:
            assert row["random"] is None
            assert row["accuracy"] == pytest.approx(row["oracle"])
            continue
        for column, neurons in (("accuracy", "top"), ("random", "random"), ("bottom", "bottom")):
            found = scores(con, **asked, treatment="retrained", neurons=neurons)
            assert row[column] == pytest.approx(mean(found))
            assert row[f"{column}_sd"] == (pytest.approx(stdev(found)) if len(found) > 1 else None)


def test_table_5_counts_what_its_criteria_say(written: Path) -> None:
    criteria = read(written, "table_5_criteria").to_dicts()
    for row in read(written, "table_5").to_dicts():
        own = [one for one in criteria if one["probe"] == row["probe"] and one["redundant"]]
        layers = [one["layer"] for one in own if one["what"] == "layer"]
        assert str(row["layers"] or "") == ";".join(map(str, sorted(layers)))
        assert (row["n_layers"], row["of_layers"]) == (len(layers), 2)
        for column, what in (("rest_from", "rest"), ("random_from", "random")):
            assert row[column] == min((one["share"] for one in own if one["what"] == what), default=None)


def test_table_7_has_the_twin_beside(text: str, con: Connection) -> None:
    asked: dict[str, Any] = {"measure": "eer", "layer": 2}
    wanted = [written_as(scores(con, **asked, neurons=name)) for name in ("all", "top", "random", "bottom")]
    wanted.append(written_as(scores(con, **{**asked, "source": "twin"}, neurons="all")))
    (row,) = (row for row in rows_of(text, CAPTIONS[6]) if row[3] == "2")
    assert row[4:9] == wanted


def test_rows_of_localisation_add_up_to_100(text: str) -> None:
    rows = rows_of(text, CAPTIONS[5])
    assert len(rows) == 2 * 3
    for row in rows:
        assert sum(map(float, row[5:])) == pytest.approx(100, abs=0.11)


def test_neurons_of_several_labels_are_in_both_sets(written: Path, con: Connection) -> None:
    sets: dict[tuple[str, int, int], set[str]] = {}
    chosen = "choice = 'smallest' AND of_layer IS NULL"
    for row in con.sql(f"FROM minimal_set_neurons WHERE {chosen}").pl().to_dicts():
        sets.setdefault((row["model"], row["layer"], row["neuron"]), set()).add(row["label"])
    wanted = {key: ";".join(sorted(labels)) for key, labels in sets.items() if len(labels) > 1}
    found = read(written, "table_6_several_labels").to_dicts()
    assert {(row["model"], row["layer"], row["neuron"]): row["labels"] for row in found} == wanted
    assert wanted


def test_the_page_says_what_a_reader_must_know(text: str) -> None:
    said = unescape(re.sub(r"<[^>]+>", "", text))
    for words in (
        "Selectivity is the accuracy less the accuracy on control labels",
        "side: 120 utterances of 12 speakers, 2 seeds; no speaker is in both parts.",
        "side: 120 utterances of 12 speakers, 1 seed; no speaker is in both parts; with one seed there is no standard",
        "Verification: 120 utterances of 12 speakers, 2 seeds; the ranking and the trials have no speaker in common.",
        "Without a twin: side: other, ffn. How accurate random weights would be is not known",
    ):
        assert words in said


def test_every_question_on_the_page_has_an_answer(text: str, con: Connection) -> None:
    questions = {unescape(found) for found in re.findall(r'<code class="language-sql">(.*?)</code>', text, re.DOTALL)}
    assert len(questions) == len(FILES)
    for question in questions:
        assert con.sql(question).columns, question


def test_names_of_the_warehouse_are_no_html(text: str) -> None:
    page = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_report_of_some_probes_has_no_others(con: Connection, tmp_path: Path) -> None:
    ids = [name for (name,) in con.sql("SELECT probe FROM probe_runs WHERE label = 'loud'").fetchall()]
    page = write_probe_report(con, tmp_path, probes=ids, labels=["loud"], models=["m"])
    text = page.read_text(encoding="utf-8")
    assert "1 probe, 1 label, 1 model" in text
    assert "No speakers were verified; <code>neurons verify</code> does it." in text
    for name in FILES:
        found = read(tmp_path, name)
        assert "probe" not in found.columns or set(found["probe"]) <= set(ids)
    assert read(tmp_path, "table_6_labels").is_empty()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["age"]}, "there is no probe of label 'age'; there are: loud, side, speaker"),
        ({"models": ["nobody"]}, "there is no probe of model 'nobody'; there are: m, other"),
        ({"probes": ["ffff"]}, "there is no probe 'ffff'; there are: "),
        ({"labels": ["loud"], "models": ["other"]}, "no probe has all that is asked; there are: "),
    ],
)
def test_a_mistake_is_one_line_and_no_file(con: Connection, tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)) as caught:
        write_probe_report(con, tmp_path / "new", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_every_chart_is_drawn_in_a_browser(chromium: Any, written: Path) -> None:
    page, said = chromium.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((written / "probes.html").as_uri())
    page.wait_for_selector("html[data-charts=drawn]", timeout=60_000)
    states = page.eval_on_selector_all(".chart", "all => all.map(place => place.dataset.state)")
    assert states == ["drawn"] * 6  # two labels by layer, two by share, where sets are, verification
    assert said == []
