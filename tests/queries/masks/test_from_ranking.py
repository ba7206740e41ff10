"""Masks of the first of a ranking, against the same cut made of the rows in plain Python."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from math import floor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from queries import Connection, connect
from queries.masks import Mask, mask_from_ranking
from warehouse import Commit, Layout
from warehouse.errors import MaskError, QueryError
from warehouse.schema import table

WIDTH = 64
Neuron = tuple[int, int]
Row = dict[str, Any]


def ranking_rows(probe: str, random: Random, together: bool, statistics: int, depth: int) -> Iterator[Row]:
    """Drawn rankings of all classes, of two classes cut at a depth, and of a seed; of ALL and of both layers."""
    for of_layer in (None, 1, 2) if together else (1, 2):
        layers = (1, 2) if of_layer is None else (of_layer,)
        features = [(i, j, s) for i in layers for j in range(WIDTH) for s in ("mean", "std")[:statistics]]
        for class_, seed, deep in ((None, None, None), ("F", None, depth), ("x=y", None, depth), (None, 0, None)):
            order = random.sample(features, len(features))[:deep]
            for rank, (layer, neuron, statistic) in enumerate(order, 1):
                place = {"layer": layer, "neuron": neuron, "statistic": statistic, "rank": rank, "mass": 1.0}
                yield {"probe": probe, "of_layer": of_layer, "class": class_, "seed": seed, **place}


def commit(path: Path, probe: str, rows: list[Row], day: int = 1, **more: Any) -> None:
    """Put a probe into a warehouse."""
    run = {"probe": probe, "made": datetime(2030, 1, day), "task": "classification", "model": "tiny", "kind": "ffn"}
    run |= {"label": "gender", "classes": ["F", "x=y", "quiet"], **more}
    with Commit(Layout(path)) as done:
        done.add("probe_runs", table("probe_runs", {name: [value] for name, value in run.items()}))
        columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
        done.add("probe_rankings", table("probe_rankings", columns))
        done.publish(f"probe-{probe}", "probe", {"probe": probe, "model": run["model"]})


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    """Rankings of three probes: of ALL, of ALL with deviations, of layers by themselves."""
    random = Random(0)
    return {
        "all": list(ranking_rows("all", random, True, 1, 20)),
        "std": list(ranking_rows("std", random, True, 2, 20)),
        "each": list(ranking_rows("each", random, False, 2, 20)),
    }


@pytest.fixture(scope="module")
def probed(studies: Path, rows: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copytree(studies, tmp_path_factory.mktemp("probed") / "study.warehouse"))
    commit(path, "all", rows["all"], day=2)
    commit(path, "std", rows["std"], day=1)
    commit(path, "each", rows["each"], label="a=b")
    commit(path, "blocks", [], day=9, kind="block")
    commit(path, "depth", [], day=9, kind="block", label="depth")
    commit(path, "heard", [], day=9, task="verification")
    commit(path, "theirs", [{**row, "probe": "theirs"} for row in rows["std"]], day=9, model="other", label="size")
    return path


@pytest.fixture(scope="module")
def con(probed: Path) -> Iterator[Connection]:
    with connect(probed) as opened:
        yield opened


def of(mask: Mask) -> set[Neuron]:
    return {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


def size(top: str, n: int) -> int:
    """How many of n neurons a top takes."""
    return max(1, floor(float(top[:-1]) * n / 100 + 0.5)) if top.endswith("%") else int(top)


def first(order: list[Neuron], n: int) -> set[Neuron]:
    """The first n different neurons."""
    return set(list(dict.fromkeys(order))[:n])


def expected(rows: list[Row], class_: str | None, top: str) -> set[Neuron]:
    asked = [row for row in rows if row["seed"] is None and row["class"] == class_]
    together = any(row["of_layer"] is None for row in asked)
    found: set[Neuron] = set()
    for of_layer in [None] if together else [1, 2]:
        ranked = sorted((row for row in asked if row["of_layer"] == of_layer), key=lambda row: row["rank"])
        order = [(row["layer"], row["neuron"]) for row in ranked]
        found |= first(order, size(top, 2 * WIDTH if together else WIDTH))
    return found


@pytest.mark.parametrize("top", ["7.4%", "0.1%", " 5 "])
@pytest.mark.parametrize("class_", [None, "F", "x=y"])
@pytest.mark.parametrize("probe", ["all", "std", "each"])
def test_the_first_of_a_probe(
    con: Connection, rows: dict[str, list[Row]], probe: str, class_: str | None, top: str
) -> None:
    name = f"probe:{probe}" if class_ is None else f"probe:{probe}={class_}"
    mask = mask_from_ranking(con, name, top, kind="keep")
    assert of(mask) == expected(rows[probe], class_, top.strip())
    assert (mask.kind, mask.provenance["model"]) == ("keep", "tiny")
    assert {"ranking": name, "top": top.strip()}.items() <= mask.provenance.items()
    assert Mask.from_sql(con, mask.provenance["sql"], kind="keep", model="tiny") == mask


@pytest.mark.parametrize("probe", ["all", "std", "each"])
def test_all_of_a_probe(con: Connection, probe: str) -> None:
    assert len(mask_from_ranking(con, f"probe:{probe}", "100%")) == 2 * WIDTH


def test_a_label_means_its_newest_probe_of_feed_forward_neurons(con: Connection) -> None:
    for name, meant in {"gender": "all", "gender=F": "all=F", "a=b": "each", "a=b=x=y": "each=x=y"}.items():
        mask = mask_from_ranking(con, f"probe:{name}", 3, model="tiny")
        assert mask.provenance["ranking"] == f"probe:{meant}"
        assert mask == mask_from_ranking(con, f"probe:{meant}", 3)
    assert mask_from_ranking(con, "probe:size", 3, model="other").provenance["model"] == "other"
    with pytest.raises(QueryError, match="there are several models, name one"):
        mask_from_ranking(con, "probe:gender", 3)


@pytest.mark.parametrize("top", ["3%", 2])
@pytest.mark.parametrize("group", [None, "F"])
@pytest.mark.parametrize("measure", ["lape", "mean_difference", "mutual_information", "property_neurons"])
def test_the_first_of_a_measure(con: Connection, measure: str, group: str | None, top: str | int) -> None:
    macro = "rankings(p_property := 'gender', p_model := 'tiny', p_frames := 'middle', p_baseline := 0.01)"
    orders: dict[int, list[Neuron]] = defaultdict(list)
    for layer, neuron, prefers in con.sql(
        f"SELECT layer, neuron, \"group\" FROM {macro} WHERE ranking = '{measure}' ORDER BY rank"
    ).fetchall():
        if group in (None, prefers):
            orders[layer].append((layer, neuron))
    assert sorted(orders) == [1, 2]
    name = f"{measure}:gender" if group is None else f"{measure}:gender={group}"
    mask = mask_from_ranking(con, name, top, model="tiny", p_frames="middle", p_baseline=0.01)
    assert of(mask) == set().union(*(first(order, size(str(top), WIDTH)) for order in orders.values()))
    assert {"ranking": name, "top": str(top), "frames": "middle"}.items() <= mask.provenance.items()
    assert Mask.from_sql(con, mask.provenance["sql"], model="tiny") == mask


@pytest.mark.parametrize(
    ("name", "top", "message"),
    [
        ("probe:all=F", 21, "probe:all=F ranks 20 neurons, and the top 21 are 21: give a smaller top"),
        ("probe:all=F", "50%", "probe:all=F ranks 20 neurons, and the top 50% are 64: give a smaller top"),
        ("probe:all=quiet", 1, "probe:all=quiet ranks 0 neurons, and the top 1 are 1"),
        ("probe:each", 65, "probe:each ranks 64 neurons in layer 1, and the top 65 are 65"),
        ("lape:gender", 65, "lape:gender ranks "),
    ],
)
def test_more_than_there_is(con: Connection, name: str, top: str | int, message: str) -> None:
    with pytest.raises(MaskError) as caught:
        mask_from_ranking(con, name, top, model="tiny")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_is_ranked_where_nothing_is_counted(con: Connection) -> None:
    asked: Callable[..., Mask] = lambda **more: mask_from_ranking(  # noqa: E731
        con, "lape:gender", 3, model="tiny", p_where="age > 900", **more
    )
    with pytest.raises(MaskError, match="lape:gender ranks 0 neurons in layer 1"):
        asked()
    assert len(asked(allow_empty=True)) == 0


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("entropy:gender", {}, "there is no ranking 'entropy:gender'; there are: lape:PROPERTY, mean_difference:"),
        ("lape", {}, "there is no ranking 'lape'; there are: lape:PROPERTY"),
        ("probe:colour", {}, "probed label of the model, colour; there are: theirs (size, other, ffn), depth"),
        ("probe:size", {}, "probed label of the model, size; there are: theirs (size, other, ffn)"),
        ("probe:all=X", {}, "probe all (gender) has no class 'X'; there are: F, x=y, quiet"),
        ("probe:gender=X", {}, "probe all (gender) has no class 'X'; there are: F, x=y, quiet"),
        ("probe:blocks", {}, "probe blocks (gender) is of kind block, whose coordinates are no feed-forward neurons"),
        ("probe:depth", {}, "it gives no mask: probe with --kind ffn"),
        ("probe:heard", {}, "probe heard (verification of gender) has no ranking"),
        ("probe:theirs", {}, "probe theirs is of model other, not of tiny"),
        ("probe:gender", {"model": "huge"}, "there is no model huge; there are: other, tiny"),
        ("probe:all", {"p_frames": "all"}, "p_frames: the ranking of a probe depends on no parameter"),
        ("lape:colour", {}, "there is no property colour; there are: a=b,c, duration"),
        ("lape:gender=X", {}, "property gender has no group 'X'; there are: F, M"),
        ("lape:gender,phone", {}, "lape:gender,phone: name one property"),
        ("lape:gender", {"p_sigma": 1}, "p_sigma: no ranking depends on it"),
        ("lape:gender", {"p_layer": 1}, "p_layer: a mask has all layers of the model"),
        ("lape:gender", {"p_sigmas": 1}, "there is no parameter p_sigmas"),
    ],
)
def test_what_does_not_exist_is_named(con: Connection, name: str, more: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        mask_from_ranking(con, name, 3, **{"model": "tiny", **more})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "top", ["0", 0, -1, "0%", "100.1%", "ten", "", "%", "1.5", 0.1, "nan", "1e3", "٣", "5 neurons"]
)
def test_what_is_no_top_is_refused(con: Connection, top: Any) -> None:
    with pytest.raises(QueryError, match=r"^top .*: give a (share|number)"):
        mask_from_ranking(con, "probe:all", top)


def test_neurons_without_any_weight_are_in_no_mask(probed: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(probed, tmp_path / "study.warehouse"))
    place = {"of_layer": None, "class": None, "seed": None, "layer": 1, "statistic": "mean"}
    masses = [1.0, 2.0, None, None]
    rows = [{"probe": "sparse", **place, "neuron": n, "rank": n + 1, "mass": mass} for n, mass in enumerate(masses)]
    commit(path, "sparse", rows, day=2, label="sparse")
    with connect(path) as con:
        assert len(mask_from_ranking(con, "probe:sparse", 2, model="tiny")) == 2
        with pytest.raises(MaskError):
            mask_from_ranking(con, "probe:sparse", 3, model="tiny")
