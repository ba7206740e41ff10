"""Minimal sets beside properties and rankings in the report on probes: rows are those of the questions, in percent."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from drawn_probes import DrawnProbe
from drawn_study import Study, draw

from queries import Connection, connect
from queries.probe_report.asking import ask
from queries.probe_report.chosen import choose
from queries.probe_report.placed import where
from queries.probe_report.report import FILES
from queries.report.parts import Table

DRAWN = {"model": "m", "widths": (12, 7), "views": (1, 2, None), "hidden": False}
HEADINGS = {
    "lape": "LAPE, %",
    "mean_difference": "mean difference, %",
    "mutual_information": "mutual information, %",
    "property_neurons": "margin, %",
}


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Two labels of feed-forward neurons of one model, one of block outputs, and one that no report asks for."""
    study = Study(tmp_path_factory.mktemp("overlaps") / "study.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 8))
    for name, label in (("a", "gender"), ("b", "accent"), ("c", "age")):
        DrawnProbe(name, label, ("one", "two"), **DRAWN).commit(study.layout)
    DrawnProbe("d", "gender", ("one", "two"), kind="block", **DRAWN).commit(study.layout)
    with connect(study.layout.root, comments=False) as opened:
        yield opened


def tables(con: Connection, labels: list[str]) -> tuple[Table, Table]:
    """The tables of overlaps with properties and with rankings."""
    chosen = choose(con, labels=labels)
    section = where(chosen, {name: ask(chosen, name) for name in FILES.values()})
    *_, properties, rankings = (part for part in section.parts if isinstance(part, Table))
    return properties, rankings


def rows(table: Table) -> list[dict[str, object]]:
    """Rows by their headings, with texts as the page has them."""
    return [dict(zip(table.columns, [getattr(cell, "text", cell) for cell in row], strict=True)) for row in table.rows]


def test_rankings_stand_side_by_side(con: Connection) -> None:
    said = con.sql("FROM probe_ranking_overlap() WHERE label <> 'age'").pl()
    _, table = tables(con, ["gender", "accent"])
    found = rows(table)
    assert len(found) * 4 == len(said) > 0
    for row in found:
        own = said.filter(pl.col("label") == row["label"], pl.col("property") == row["property"]).to_dicts()
        assert {one["ranking"] for one in own} == {*HEADINGS}
        for one in own:
            assert row["in the set"] == one["n"]
            assert row[HEADINGS[one["ranking"]]] == f"{100 * one['n_both'] / one['n']:.1f}"
            assert row["chance, %"] == f"{100 * one['by_chance'] / one['n']:.1f}"


def test_properties_are_those_of_all_layers(con: Connection) -> None:
    said = con.sql("FROM probe_property_overlap() WHERE layer IS NULL AND label IN ('gender', 'accent')").pl()
    properties, _ = tables(con, ["gender", "accent"])
    found = {(row["label"], row["property"], row["group"]): row for row in rows(properties)}
    assert len(found) == len(said) > 0
    for one in said.to_dicts():
        row = found[one["label"], one["property"], one["group"] or "all (P)"]
        assert (row["in the set"], row["of the property"], row["both"]) == (
            one["n_set"],
            one["n_property"],
            one["n_both"],
        )


@pytest.mark.parametrize("name", ["property_overlap", "ranking_overlap"])
def test_what_is_asked_once_a_model_is_of_the_chosen_probes(con: Connection, name: str) -> None:
    for labels, probes in ((["gender"], {"a"}), (["accent", "age"], {"b", "c"})):
        chosen = choose(con, labels=labels)
        frame = ask(chosen, name).frame
        assert set(frame["probe"]) == probes
        each = [con.sql(f"FROM probe_{name}(p_probe := '{probe}')").pl() for probe in sorted(probes)]
        assert frame.sort(pl.all()).equals(pl.concat(each).select(frame.columns).sort(pl.all()))
