"""What the figures show is what SQL says, in every format; where nothing can be drawn they say why."""

import json
import re
import struct
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import numpy as np
import polars as pl
import pytest

from queries import Connection, plot
from queries.certainty import bootstrap_probabilities, permutation_null, stability, stability_by_amount
from queries.confounds import confounds
from queries.patterns import pattern_points, separation
from queries.rankings import ranking_overlap
from warehouse.errors import QueryError

FIGURES = list(plot.FIGURES)
QUICK: dict[str, dict[str, Any]] = {
    "null": {"permutations": 12},
    "stability": {"splits": 3},
    "twin": {"twin": "m", "resamples": 8},
}
"""Options with which slow figures are drawn here."""


CHARTS: dict[str, Any] = {}
"""What was drawn already: a chart is a value, and many tests look at the same."""


def drawn(opened: Any, name: str, **options: Any) -> Any:
    key = repr((opened.study.layout.root, plot.find(name).name, sorted(options.items())))
    if key not in CHARTS:
        CHARTS[key] = plot.chart(opened.con, name, **QUICK.get(name, {}), **options)
    return CHARTS[key]


@cache
def separated(con: Connection, name: str) -> pl.DataFrame:
    """The analysis, which has both silhouettes."""
    return separation(con, name)


def text_of(svg: Path) -> str:
    """All text of a picture in the order it is drawn, lines joined."""
    pieces = (found.strip() for found in ElementTree.parse(svg).getroot().itertext())
    return " ".join(piece for piece in pieces if piece).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_saved_in_every_format(ordinary: Any, tmp_path: Path, name: str) -> None:
    chart = drawn(ordinary, name, p_sigma=0.5)
    assert isinstance(chart, alt.TopLevelMixin)
    for suffix in plot.SUFFIXES:
        plot.save(chart, tmp_path / f"it{suffix}", ppi=72)
    png = (tmp_path / "it.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert 200 < width < 900
    assert 100 < height < 1200
    svg = ElementTree.parse(tmp_path / "it.svg").getroot()
    assert abs(float(svg.attrib["width"]) - width) <= 1
    assert (tmp_path / "it.pdf").read_bytes().startswith(b"%PDF-")
    page = (tmp_path / "it.html").read_text()
    assert "vegaEmbed" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)\s*=\s*['\"]?(https?:)?//", page)
    assert not re.search(r"@import|url\(\s*['\"]?https?:", page)
    assert json.loads((tmp_path / "it.json").read_text()) == chart.to_dict()  # which is valid, or raises
    words = text_of(tmp_path / "it.svg")
    assert "λ = 16.6667 %" in words
    assert re.search(r"\bm\b", words)


def test_twice_the_resolution_is_twice_the_size(ordinary: Any, tmp_path: Path) -> None:
    chart = drawn(ordinary, "neurons_per_layer", p_sigma=0.5)
    sizes = []
    for ppi in (72, 144):
        plot.save(chart, tmp_path / "it.png", ppi=ppi)
        sizes.append(struct.unpack(">II", (tmp_path / "it.png").read_bytes()[16:24]))
    assert np.allclose(np.array(sizes[1]) / np.array(sizes[0]), 2, atol=0.01)


def test_probabilities_are_sorted_and_those_of_sql(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, "fig2", phone="S", p_frames="middle"), "rank")
    sql = (
        "SELECT neuron, p FROM activation_probabilities(p_property := 'phone', p_frames := 'middle') WHERE phone = 'S'"
    )
    for layer in (1, 2):
        ours = sorted((r for r in rows if r["layer"] == layer and r["neuron"] is not None), key=lambda r: r["rank"])
        assert dict(ordinary.con.sql(f"{sql} AND layer = {layer}").fetchall()) == {r["neuron"]: r["p"] for r in ours}
        assert [r["p"] for r in ours] == sorted((r["p"] for r in ours), reverse=True)
    (chance,) = {row["at"] for row in drawn_rows(drawn(ordinary, 2, phone="S"), "at")}
    assert chance == pytest.approx(4 / 24)
    assert {row["at"] for row in drawn_rows(drawn(ordinary, 2, p_baseline=0.3, p_lambda=10), "at")} == {0.3}


def test_the_phone_is_ah_unless_another_is_asked_for(ordinary: Any, odd: Any, tmp_path: Path) -> None:
    plot.save(drawn(ordinary, "probabilities", p_sigma=0.5), tmp_path / "a.svg")
    plot.save(drawn(odd, "probabilities"), tmp_path / "b.svg")
    assert "given AH" in text_of(tmp_path / "a.svg")
    assert "given AA" in text_of(tmp_path / "b.svg")  # the only vowel


def test_neurons_per_layer_are_the_group_neurons(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, 7, p_sigma=0.5, properties=["gender", "phone_class"]), "group")
    sql = "FROM group_neurons(p_property := '{}', p_sigma := 0.5) SELECT layer, \"group\", count(*) GROUP BY ALL"
    wanted = Counter()
    for name in ("gender", "phone_class"):
        wanted.update({(layer, group): n for layer, group, n in ordinary.con.sql(sql.format(name)).fetchall()})
    assert {(r["layer"], r["group"]): r["n"] for r in rows if r["n"]} == dict(wanted)


def test_the_venn_diagram_has_the_seven_counts(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, 8, layer=1, p_sigma=0.5), "n_properties")
    assert len(rows) == 7
    sql = "SELECT property_a, property_b, n_both FROM property_overlap(p_layer := 1, p_sigma := 0.5)"
    for a, b, n_both in ordinary.con.sql(sql).fetchall():
        if {a, b} <= {"phone_class", "gender", "pitch"}:
            assert sum(r["n"] for r in rows if {a, b} <= set(r["properties"].split("+"))) == n_both
    # A number stands inside the circles of its own properties and outside the others.
    circles = drawn_rows(drawn(ordinary, 8, layer=1), "property")
    for row in rows:
        for circle in circles:
            inside = (row["x"] - circle["x"]) ** 2 + (row["y"] - circle["y"]) ** 2 < 1
            assert inside == (circle["property"] in row["properties"].split("+"))


@pytest.mark.parametrize("names", [["gender"], ["gender", "pitch", "phone", "speaker"]])
def test_a_venn_diagram_of_one_or_four_is_refused(ordinary: Any, names: list[str]) -> None:
    with pytest.raises(QueryError, match="two or three"):
        drawn(ordinary, "overlap", properties=names)


@pytest.mark.parametrize("name", ["phone_class", "gender"])
def test_the_heatmap_has_every_group_neuron_and_its_probabilities(ordinary: Any, drawn_rows: Any, name: str) -> None:
    rows = drawn_rows(drawn(ordinary, "heatmap", property=name, layer=2, p_sigma=0.4), "p")
    sql = f"SELECT \"group\", neuron FROM group_neurons(p_property := '{name}', p_layer := 2, p_sigma := 0.4)"
    assert {(r["group"], r["neuron"]) for r in rows} == set(ordinary.con.sql(sql).fetchall())
    of = "phone" if name == "phone_class" else "gender"
    sql = f"FROM activation_probabilities(p_property := '{of}', p_layer := 2) SELECT \"group\", phone, neuron, p"
    known = {tuple(key): p for *key, p in ordinary.con.sql(sql).fetchall()}
    for r in rows:
        assert r["p"] == known.get((r["frames_of"] or r["phone"], r["phone"], r["neuron"]), 0)


def test_the_heatmap_keeps_the_strongest_of_each_group(ordinary: Any, drawn_rows: Any) -> None:
    def kept(**options: Any) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for row in drawn_rows(drawn(ordinary, "heatmap", layer=1, p_sigma=0.3, **options), "frames_of"):
            found.setdefault(row["group"], set()).add(row["neuron"])
        return found

    everything, few = kept(), kept(most=2)
    found = "activation_probabilities(p_property := 'phone_class', p_layer := 1)"
    sql = f'SELECT "group", neuron, avg(p) FROM {found} GROUP BY ALL'
    strength = {(group, neuron): p for group, neuron, p in ordinary.con.sql(sql).fetchall()}
    assert sum(map(len, few.values())) < sum(map(len, everything.values()))
    for group, neurons in few.items():
        least = min(strength[group, j] for j in neurons)
        assert all(strength[group, j] <= least + 1e-12 for j in everything[group] - neurons)


def test_a_neuron_has_every_phone_with_its_wilson_interval(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, "neuron", layer=1, neuron=3, property="gender", p_z=1.5), "p_low")
    frames = Counter()
    active = Counter()
    groups = ordinary.study.groups()["gender"]
    for frame in ordinary.study.frames.values():
        if groups[frame.frame_id] and frame.phone not in ("", "spn"):
            cell = (groups[frame.frame_id], frame.phone)
            frames[cell] += 1
            active[cell] += 3 in frame.neurons[1]
    assert {(r["group"], r["phone"]): (r["n_active"], r["n_frames"]) for r in rows} == {
        cell: (active[cell], n) for cell, n in frames.items()
    }
    for r in rows:  # Wilson's bounds are the roots of (p - x)^2 = z^2 x (1 - x) / n
        for x in (r["p_low"], r["p_high"]):
            assert (r["p"] - x) ** 2 == pytest.approx(1.5**2 * x * (1 - x) / r["n_frames"], abs=1e-9)


def test_a_neuron_has_intervals_of_resampled_speakers_when_asked(ordinary: Any, drawn_rows: Any) -> None:
    asked = {"layer": 1, "neuron": 3, "property": "phone_class", "resamples": 30, "seed": 4}
    rows = drawn_rows(drawn(ordinary, "neuron", **asked), "boot_low")
    known = bootstrap_probabilities(ordinary.con, "phone_class", neurons=[3], p_layer=1, resamples=30, seed=4)
    ours = {(r["phone"], r["boot_low"], r["boot_high"]) for r in rows if r["boot_low"] is not None}
    assert ours == set(known.select("phone", "boot_low", "boot_high").iter_rows())
    assert len(rows) == len({r["phone"] for r in rows}) >= len(known)


def test_the_neuron_is_a_group_neuron_unless_another_is_asked_for(ordinary: Any, drawn_rows: Any) -> None:
    chart = drawn(ordinary, "neuron", property="gender", layer=1, p_sigma=0.5)
    number = int(re.findall(r"Neuron (\d+)", chart.to_json())[0])
    sql = "SELECT neuron FROM property_neurons(p_property := 'gender', p_layer := 1, p_sigma := 0.5)"
    assert number in {j for (j,) in ordinary.con.sql(sql).fetchall()}


def test_patterns_lie_where_mds_places_them(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, 3, property="gender", seed=2), "x_name")
    known = pattern_points(ordinary.con, "gender", seed=2)
    assert len(rows) == len(known)
    ours = {(round(r["x"], 9), round(r["y"], 9), r["group"], r["phone"]) for r in rows}
    assert ours == {
        (round(x, 9), round(y, 9), g, p) for g, p, x, y in known.select("group", "phone", "x", "y").iter_rows()
    }


@pytest.mark.parametrize(("of", "column"), [("points", "silhouette_2d"), ("patterns", "silhouette_patterns")])
def test_silhouettes_are_those_of_the_analysis(ordinary: Any, drawn_rows: Any, of: str, column: str) -> None:
    rows = drawn_rows(drawn(ordinary, 4, of=of), "silhouette")
    best = drawn_rows(drawn(ordinary, 5, of=of), "silhouette")
    for name in ("phone_class", "gender", "pitch"):
        known = separated(ordinary.con, name)
        ours = {r["layer"]: r["silhouette"] for r in rows if r["property"] == name}
        assert ours == dict(known.select("layer", column).iter_rows())
    assert sorted(r["silhouette"] for r in best) == pytest.approx(
        sorted(max(r["silhouette"] for r in rows if r["property"] == name) for name in {r["property"] for r in rows})
    )


def test_the_null_is_that_of_the_analysis(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, "null", p_sigma=0.5), "null_high")
    known = permutation_null(ordinary.con, "phone_class", permutations=12, p_sigma=0.5)
    columns = ("layer", "group", "n", "null_low", "null_high", "stands_out")
    assert {tuple(r[c] for c in columns) for r in rows} == set(known.select(columns).iter_rows())


def test_stability_is_that_of_the_analysis(ordinary: Any, drawn_rows: Any) -> None:
    known = stability(ordinary.con, "phone_class", splits=3, p_sigma=0.5)
    rows = drawn_rows(drawn(ordinary, "stability", p_sigma=0.5), "jaccard_mean")
    assert {r["jaccard_mean"] for r in rows} == set(known["jaccard_mean"].drop_nulls())
    amount = stability_by_amount(ordinary.con, "phone_class", draws=3).filter(pl.col("group").is_null())
    rows = drawn_rows(drawn(ordinary, "stability", against="amount"), "hours")
    assert {(r["hours"], r["layer"]) for r in rows} == set(amount.select("hours", "layer").iter_rows())


def test_a_twin_of_itself_differs_in_nothing(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, "twin", property="gender"), "difference")
    assert len(rows) == 6
    assert {r["difference"] for r in rows} == {0}
    with pytest.raises(QueryError, match="twin: there is none; name a model"):
        plot.chart(ordinary.con, "twin")


@pytest.mark.parametrize("asked", [{"p_sigma": 0.5}, {"p_sigma": 0.3, "persistence": 0.9, "property": "gender"}])
def test_rankings_agree_as_far_as_the_analysis_says(ordinary: Any, drawn_rows: Any, asked: dict[str, Any]) -> None:
    chart = drawn(ordinary, "rankings", **asked)
    known = ranking_overlap(ordinary.con, **{"property": "phone_class", **asked}).filter(
        pl.col("ranking_b") == "property_neurons"
    )
    assert known["n"].min() > 0
    wanted = {(r["layer"], r["ranking_a"].replace("_", " ")): r for r in known.to_dicts()}
    rows = drawn_rows(chart, "rbo")
    assert {(r["layer"], r["ranking"]) for r in rows} == wanted.keys()
    for r in rows:
        its = wanted[r["layer"], r["ranking"]]
        assert (r["rbo"], r["n_both"], r["n"]) == (its["rbo"], its["n_both"], its["n"])
        assert r["share"] == pytest.approx(its["n_both"] / its["n"])
        assert r["share_by_chance"] == pytest.approx(its["n"] / 24)  # of D neurons a lot draws n / D


def test_confounds_are_the_two_way_table(ordinary: Any, drawn_rows: Any) -> None:
    rows = drawn_rows(drawn(ordinary, "confounds", p_sigma=0.5), "expected_share")
    known = confounds(ordinary.con, p_sigma=0.5).filter(
        pl.col("group").is_null() & (pl.col("within_group") != "all") & pl.col("share").is_not_null()
    )
    columns = ("layer", "property", "within_property", "within_group", "n", "n_remain", "share", "expected_share")
    assert {tuple(r[c] for c in columns) for r in rows} == set(known.select(columns).iter_rows())
    assert {r["property"] for r in rows} == {"gender", "pitch"}
    assert {"F", "M", "low", "middle", "high", "balanced"} <= {r["within_group"] for r in rows}


@pytest.mark.parametrize("name", [name for name in FIGURES if {"layer", "layers"} & {*plot.FIGURES[name].options}])
def test_a_figure_of_one_layer_says_which(ordinary: Any, tmp_path: Path, name: str) -> None:
    plot.save(drawn(ordinary, name, layer=2, p_sigma=0.5), tmp_path / "it.svg")
    words = text_of(tmp_path / "it.svg")
    assert "layer 2" in words
    assert "layer 1" not in words


@pytest.mark.parametrize("name", ["gender", "pitch", "phone_class", "phone"])
def test_every_row_of_the_heatmap_has_its_name(ordinary: Any, drawn_rows: Any, tmp_path: Path, name: str) -> None:
    chart = drawn(ordinary, "heatmap", property=name, layer=1, p_sigma=0.3)
    plot.save(chart, tmp_path / "it.svg")
    rows = {(r["frames_of"], r["phone"]) for r in drawn_rows(chart, "frames_of")}
    assert len({of for of, _ in rows}) == {"gender": 2, "pitch": 3}.get(name, 1)
    pieces = Counter(piece.strip() for piece in ElementTree.parse(tmp_path / "it.svg").getroot().itertext())
    legend = Counter(group for (group,) in ordinary.con.sql(NAMES.format(name)).fetchall())
    for phone, n in Counter(phone for _, phone in rows).items():
        assert n <= pieces[phone] <= n + legend[phone]
    assert pieces["group neurons of layer 1, by group, the strongest first"] == 1


NAMES = "SELECT DISTINCT \"group\" FROM group_neurons(p_property := '{}', p_layer := 1, p_sigma := 0.3)"


def test_a_heatmap_of_too_many_rows_has_one_a_phone(
    ordinary: Any, drawn_rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queries.plot.figures.heatmap.MOST_ROWS", 5)
    chart = plot.chart(ordinary.con, "heatmap", property="gender", layer=1, p_sigma=0.3)
    assert {r["frames_of"] for r in drawn_rows(chart, "frames_of")} == {None}
    plot.save(chart, tmp_path / "it.svg")
    assert "a row a phone, of the frames of all 2 groups" in text_of(tmp_path / "it.svg")


SENTENCES = {
    ("probabilities", None): None,
    ("patterns", "gender"): "no frame that counts has a group of gender",
    ("patterns", "pitch"): "f0_hz is NULL in all of them",
    ("patterns", "speaker"): None,
    ("silhouettes", "pitch"): "f0_hz is NULL in all of them",
    ("silhouettes", "speaker"): "1 group: telling apart takes two",
    ("best_silhouettes", "gender"): "no frame that counts has a group of gender",
    ("neurons_per_layer", "pitch"): "f0_hz is NULL in all of them",
    ("overlap", ("gender", "pitch")): "no frame that counts has a group of gender",
    ("heatmap", "gender"): "no frame that counts has a group of gender",
    ("neuron", "pitch"): "f0_hz is NULL in all of them",
    ("lambda", "gender"): "no frame that counts has a group of gender",
    ("sigma", "pitch"): "f0_hz is NULL in all of them",
    ("null", "pitch"): "no frame that counts has a group of pitch",
    ("stability", "gender"): "no frame",
    ("twin", "gender"): "no frame",
    ("rankings", "pitch"): "no frame that counts has a group of pitch",
    ("rankings", "speaker"): "speaker has one group, so nothing ranks neurons",
    ("confounds", ("gender", "pitch")): "no frame that counts has a group of gender",
    ("confounds", ("speaker", "phone_class")): "within unvoiced of phone_class there is one group of speaker",
}


@pytest.mark.parametrize(("name", "property"), SENTENCES, ids=str)
def test_what_cannot_be_drawn_is_said_in_the_picture(odd: Any, tmp_path: Path, name: str, property: Any) -> None:
    said = SENTENCES[name, property]
    plot.save(drawn(odd, name, property=property), tmp_path / "it.svg")
    assert said is None or said in text_of(tmp_path / "it.svg")


@pytest.mark.parametrize("name", FIGURES)
def test_a_layer_without_a_pattern_is_drawn_or_explained(ordinary: Any, tmp_path: Path, name: str) -> None:
    plot.save(drawn(ordinary, name, p_baseline=0.99, p_sigma=1.0), tmp_path / "it.svg")
    if name in ("patterns", "silhouettes", "best_silhouettes"):
        assert "no neuron of the layer responds to any phone" in text_of(tmp_path / "it.svg")
    if name in ("lambda", "sigma"):
        assert "no neuron responds to one group alone" in text_of(tmp_path / "it.svg")
    if name == "heatmap":
        assert "responds to one group of phone_class alone" in text_of(tmp_path / "it.svg")


@pytest.mark.parametrize(
    ("figure", "options", "said"),
    [
        ("nonsense", {}, "there is no figure nonsense; there are, with their numbers in the paper: probabilities (2)"),
        (6, {}, "there is no figure 6"),
        (3, {"property": "x"}, "property: there is no x; there are: phone_class"),
        (3, {"layers": [1, 9]}, "layer: there is no 9; there are: 1, 2"),
        (3, {"model": "x"}, "p_model: there is no x; there are: m"),
        (3, {"corpus": "x"}, "p_corpus: there is no x; there are: c"),
        (3, {"nonsense": 1}, "nonsense: the figure patterns takes no such option; it takes: property, layers"),
        (3, {"property": ["gender", "pitch"]}, "property: the figure patterns shows one property"),
        (3, {"seed": "x"}, "seed: 'x' is no whole number"),
        (2, {"phone": "QQ"}, "phone: there is no QQ; there are: "),
        ("neuron", {"layer": 1, "neuron": 24}, "neuron: there is no 24 in layer 1; there are: 0 to 23"),
        ("heatmap", {"most": 0}, "most: 0 neurons make no map"),
        (4, {"of": "x"}, "of: there is no x; there are: points, patterns"),
        ("lambda", {"p_lambda": 1}, "p_lambda: λ is what"),
        ("lambda", {"lambdas": 99}, "p_lambda: 99.0 percent cannot be counted"),
        ("sigma", {"sigma": ["x"]}, "are no numbers"),
        ("rankings", {"persistence": 1}, "persistence 1: give more than 0 and less than 1"),
        ("rankings", {"persistence": "x"}, "persistence: 'x' is no number"),
        ("rankings", {"layer": 9}, "layer: there is no 9; there are: 1, 2"),
        ("confounds", {"properties": ["gender"]}, "properties: confounds are between two, not 1"),
        ("confounds", {"properties": ["gender", "x"]}, "property: there is no x; there are: phone_class"),
        ("sigma", {"p_sigma": 2}, "p_sigma: 2 is no share"),
        (7, {"p_where": "nonsense = 1"}, 'column "nonsense" not found'),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(ordinary: Any, figure: Any, options: Any, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        plot.chart(ordinary.con, figure, **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("path", "said"), [("it.jpg", "one of .png, .svg, .pdf, .html, .json"), ("it", "the suffix")])
def test_an_unknown_suffix_names_the_good_ones(ordinary: Any, tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        plot.save(drawn(ordinary, 7, p_sigma=0.5), tmp_path / path)
    with pytest.raises(QueryError, match="ppi: 5 pixels"):
        plot.save(drawn(ordinary, 7, p_sigma=0.5), tmp_path / "it.png", ppi=5)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("asked", ["patterns", "Patterns", "3", 3, "fig3", "fig. 3", "figure_3", "Figure 3"])
def test_a_figure_is_found_by_name_and_by_number(asked: Any) -> None:
    assert plot.find(asked) is plot.FIGURES["patterns"]


def test_a_chart_can_be_changed(ordinary: Any, tmp_path: Path) -> None:
    chart = drawn(ordinary, "probabilities", p_sigma=0.5).properties(title="My own title").configure_axis(grid=False)
    plot.save(chart, tmp_path / "it.svg")
    assert "My own title" in text_of(tmp_path / "it.svg")
