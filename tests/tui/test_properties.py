"""``neurons properties``: counts per layer and group, and declarations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queries import connect
from queries.neurons_per_layer import NeuronsPerLayer
from tui.neuron_tables import MOST_COLUMNS, neuron_table

Neurons = Callable[..., Any]


def tables(out: str) -> dict[str, list[list[str]]]:
    """Title -> rows of cells, the header first, of what the command printed."""
    found = {}
    for block in out.strip().split("\n\n"):
        title, header, _, *rows = block.splitlines()
        found[title.partition(":")[0]] = [line.split() for line in (header, *rows)]
    return found


def test_the_numbers_are_those_of_the_views(neurons: Neurons, recorded: Path) -> None:
    done = neurons("properties", recorded)
    assert (done.code, done.err) == (0, "")
    printed = tables(done.out)
    with connect(recorded) as con:
        assert set(printed) == {name for (name,) in con.sql("SELECT property FROM properties").fetchall()}
        sizes = con.sql(
            "SELECT layer, \"group\", count(*) FROM group_neurons(p_property := 'gender') GROUP BY ALL"
        ).fetchall()
        totals = con.sql("SELECT layer, count(*) FROM property_neurons(p_property := 'gender') GROUP BY ALL").fetchall()
    header, *rows = printed["gender"]
    assert header == ["layer", "F", "M", "property", "neurons"]
    by_layer = {row[0]: dict(zip(["F", "M", "all"], map(int, row[1:]), strict=True)) for row in rows}
    assert set(by_layer) == {"1", "2", "all"}
    for layer, group, size in sizes:
        assert by_layer[str(layer)][group] == size
    for layer, size in totals:
        assert by_layer[str(layer)]["all"] == size
    assert by_layer["all"]["all"] == sum(size for _, size in totals)


def test_groups_keep_the_order_of_their_bins(neurons: Neurons, recorded: Path) -> None:
    header = tables(neurons("properties", recorded, "-p", "pitch").out)["pitch"][0]
    assert header[1:4] == ["low", "middle", "high"]


def test_many_groups_go_down() -> None:
    groups = tuple(f"g{i:02d}" for i in range(MOST_COLUMNS + 1))
    sizes = {(1, "g00"): 3, (2, "g03"): 4}
    lines = list(neuron_table(NeuronsPerLayer("m", "phone", (1, 2), groups, sizes, {1: 3, 2: 4})))
    assert lines[1].split() == ["layer", "1", "2", "all"]
    assert lines[3].split() == ["g00", "3", "0", "3"]
    assert lines[-2].split() == ["property", "neurons", "3", "4", "7"]


def test_a_property_without_groups_says_so() -> None:
    lines = list(neuron_table(NeuronsPerLayer("m", "pitch", (1,), (), {}, {})))
    assert lines == ["pitch: neurons of m", "no frame has a group", ""]


def test_show_is_what_is_meant_without_a_command(neurons: Neurons, recorded: Path) -> None:
    assert neurons("properties", "show", recorded).out == neurons("properties", recorded).out
    assert neurons("properties", "-p", "gender", recorded).out == neurons("properties", recorded, "-p", "gender").out


def test_every_parameter_reaches_the_macro(neurons: Neurons, recorded: Path) -> None:
    given = {
        "--model": ("p_model", "tiny"),
        "--corpus": ("p_corpus", "hummed"),
        "--frames": ("p_frames", "middle"),
        "--lambda": ("p_lambda", 1.0),
        "--sigma": ("p_sigma", 0.3),
        "--baseline": ("p_baseline", 0.05),
        "--z": ("p_z", 1.5),
        "--min-frames": ("p_min_frames", 2),
        "--where": ("p_where", "age < 22 AND speaker <> 'x'"),
    }
    options = [text for option, (_, value) in given.items() for text in (option, value)]
    *_, last = tables(neurons("properties", recorded, "-p", "gender", *options).out)["gender"]
    quoted = {name: f"'{v.replace(chr(39), chr(39) * 2)}'" if isinstance(v, str) else v for name, v in given.values()}
    macro = ", ".join(f"{name} := {value}" for name, value in quoted.items())
    with connect(recorded) as con:
        expected = con.sql(f"SELECT count(*) FROM property_neurons(p_property := 'gender', {macro})").fetchall()[0][0]
    assert int(last[-1]) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-p", "colour"], "colour"),
        (["--model", "other"], "other"),
        (["--corpus", "other"], "other"),
        (["--frames", "some"], "some"),
        (["--lambda", "50"], "50"),
        (["--where", "colour = 1"], "colour"),
    ],
)
def test_what_does_not_exist_is_named(neurons: Neurons, recorded: Path, options: list[str], message: str) -> None:
    done = neurons("properties", recorded, *options)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("neurons: ")
    assert message in done.err


def test_a_column_becomes_a_property_everywhere(neurons: Neurons, warehouse: Path) -> None:
    done = neurons("properties", "add", warehouse, "accent", "--column", "accent")
    assert (done.code, done.out) == (0, "")
    assert "accent = accent: north (" in done.err
    assert f"next: neurons properties {warehouse} --property accent" in done.err
    assert tables(neurons("properties", warehouse, "-p", "accent").out)["accent"][0][1:3] == ["north", "south"]
    query = "SELECT definition, made FROM properties WHERE property = 'accent'"
    assert json.loads(neurons("sql", warehouse, query, "--format", "json").out) == [
        {"definition": "accent", "made": "--column accent"}
    ]


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        (["--sql", "utterances.age < 21"], {"true", "false"}),
        (["--column", "age", "--bins", "2"], {"low", "high"}),
        (["--column", "age", "--bins", "0.33,0.66", "--labels", "a,b,c"], {"a", "b", "c"}),
        (["--column", "f0_hz", "--edges", "129.03,179.78", "--phones", "voiced"], {"low", "middle", "high"}),
        (["--column", "segment_s", "--bins", "3", "--over", "segments"], {"low", "middle", "high"}),
    ],
)
def test_expressions_and_bins(neurons: Neurons, warehouse: Path, options: list[str], groups: set[str]) -> None:
    assert neurons("properties", "add", warehouse, "mine", *options, "--quiet").err == ""
    done = neurons(
        "sql", warehouse, "SELECT DISTINCT \"group\" FROM frame_groups WHERE property = 'mine'", "--format", "json"
    )
    assert {row["group"] for row in json.loads(done.out)} <= groups
    assert json.loads(done.out)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--column", "acent"], 1, "frames have no column 'acent'; did you mean accent? there are frame_id"),
        (["--sql", "lower(acent)"], 1, "there are frame_id"),
        (["--sql", "count(*)"], 1, "looks at many frames"),
        (["--column", "age", "--bins", "a few"], 2, "--bins 'a few': give numbers"),
        (["--column", "age", "--edges", "1;2"], 2, "--edges '1;2': give numbers"),
        ([], 1, "by a column or by an SQL expression"),
    ],
)
def test_a_wrong_declaration_gets_one_line(
    neurons: Neurons, recorded: Path, options: list[str], code: int, message: str
) -> None:
    done = neurons("properties", "add", recorded, "x", *options)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_pitch_around_the_speakers_median(neurons: Neurons, warehouse: Path) -> None:
    done = neurons("properties", "add", warehouse, "semitones", "--speaker-pitch")
    assert done.code == 0, done.err
    assert "semitones = " in done.err
    with connect(warehouse) as con:
        sql = """SELECT DISTINCT "group" FROM frame_counts WHERE property = 'semitones'"""
        assert {("high",), ("low",)} <= set(con.sql(sql).fetchall()) <= {("high",), ("low",), ("middle",)}
    refused = neurons("properties", "add", warehouse, "x", "--speaker-pitch", "--bins", "3")
    assert (refused.code, "leave out the other options" in refused.err) == (2, True)
