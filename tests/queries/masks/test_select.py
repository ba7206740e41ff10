"""Masks of neurons by name: terms, parameters, and what does not exist."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from queries import Connection, connect
from queries.masks import Mask, MaskLayer, mask_layers, probability_scores, select, whole_model
from warehouse.errors import MaskError, QueryError

SIGMA = 0.4
"""The corpus is tiny: at the default few groups have neurons."""


def pairs(con: Connection, sql: str) -> set[tuple[int, int]]:
    return set(con.sql(sql).fetchall())


def of(mask: Mask) -> set[tuple[int, int]]:
    return {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


def test_a_property_means_its_property_neurons(con: Connection) -> None:
    mask = select(con, ["gender"], p_sigma=SIGMA)
    expected = pairs(con, f"SELECT layer, neuron FROM property_neurons(p_property := 'gender', p_sigma := {SIGMA})")
    assert of(mask) == expected
    assert expected
    assert mask.kind == "erase"


@pytest.mark.parametrize("terms", [["gender=F", "phone=AA,phone=IY"], ["gender=F,phone=AA", "phone=IY", "phone=IY"]])
def test_groups_are_united(con: Connection, terms: list[str]) -> None:
    def neurons(prop: str, groups: str) -> str:
        macro = f"group_neurons(p_property := '{prop}', p_sigma := {SIGMA})"
        return f'SELECT layer, neuron FROM {macro} WHERE "group" IN ({groups})'

    expected = pairs(con, neurons("gender", "'F'")) | pairs(con, neurons("phone", "'AA', 'IY'"))
    mask = select(con, terms, kind="keep", p_sigma=SIGMA)
    assert (of(mask), mask.kind) == (expected, "keep")
    assert mask.provenance["terms"] == "gender=F, phone=AA, phone=IY"


def test_every_parameter_reaches_the_macros(con: Connection) -> None:
    given = {"p_corpus": "hummed", "p_frames": "middle", "p_lambda": 1.0, "p_sigma": 0.3, "p_baseline": 0.05}
    more = {"p_z": 1.5, "p_min_frames": 2, "p_where": "age < 22 AND speaker <> 'x'"}
    mask = select(con, ["gender=F"], allow_empty=True, **given, **more)  # type: ignore[arg-type]
    macro = (
        "group_neurons(p_property := 'gender', p_corpus := 'hummed', p_frames := 'middle', p_lambda := 1.0, "
        "p_sigma := 0.3, p_baseline := 0.05, p_z := 1.5, p_min_frames := 2, p_where := 'age < 22 AND speaker <> ''x''')"
    )
    assert of(mask) == pairs(con, f"SELECT layer, neuron FROM {macro} WHERE \"group\" = 'F'")
    told = {name.removeprefix("p_"): str(value) for name, value in (given | more).items()}
    assert told.items() <= mask.provenance.items()


def test_the_provenance_makes_the_same_mask_again(con: Connection) -> None:
    mask = select(con, ["gender=F"], p_sigma=SIGMA)
    assert Mask.from_sql(con, mask.provenance["sql"]) == mask
    ((checksum, lambda_pct),) = con.sql("SELECT checksum, lambda_pct FROM models").fetchall()
    expected = {
        "model": "tiny",
        "checksum": checksum,
        "lambda": f"{lambda_pct:g}",
        "sigma": str(SIGMA),
        "baseline": "k/D",
        "frames": "all",
        "terms": "gender=F",
        "snapshot": con.snapshot.id,
        "commits": str(len(con.snapshot.manifests)),
    }
    assert expected.items() <= mask.provenance.items()
    assert mask.provenance["tool"].startswith("neuron-warehouse ")


def test_names_with_commas_and_signs(studies: Path) -> None:
    with connect(studies) as con:
        everything = select(con, ["a=b,c"], model="tiny", p_sigma=SIGMA, allow_empty=True)
        women = select(con, ["a=b,c=x,=y"], model="tiny", p_sigma=SIGMA, allow_empty=True)
        assert everything.provenance["terms"] == "a=b,c"
        assert women.provenance["terms"] == "a=b,c=x,=y"
        assert of(women) == of(select(con, ["gender=F"], model="tiny", p_sigma=SIGMA, allow_empty=True))


def test_of_several_models_one_is_named(studies: Path) -> None:
    with connect(studies) as con:
        with pytest.raises(QueryError, match=r"there are several models, name one .*: other, tiny"):
            select(con, ["gender"])
        one = select(con, ["gender"], model="tiny", p_sigma=SIGMA)
        other = select(con, ["gender"], p_model="other", p_sigma=0.1)
    assert (one.provenance["model"], other.provenance["model"]) == ("tiny", "other")
    with pytest.raises(MaskError, match="masks of two models do not combine"):
        one | other


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (["colour"], "no property colour; there are: duration, gender, phone, phone_class, pitch, speaker"),
        (["colour=red"], "no property colour; there are: duration"),
        (["gender=X"], "property gender has no group 'X'; there are: F, M"),
        (["gender=F,gender=X"], "property gender has no group 'X'; there are: F, M"),
        (["gender="], "property gender has no group ''; there are: F, M"),
        (["pitch=loud"], "property pitch has no group 'loud'; there are: high, low, middle"),
        ([], "no property is named; there are: duration"),
        ([" , "], "no property is named"),
    ],
)
def test_what_does_not_exist_is_named(con: Connection, terms: list[str], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        select(con, terms)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"p_sigmas": 1}, "no parameter p_sigmas; there are: p_model"),
        ({"p_property": "gender"}, "p_property: the terms say what to select"),
        ({"p_layer": 1}, "p_layer: the terms say what to select"),
        ({"p_model": "huge"}, "no model huge; there are: tiny"),
    ],
)
def test_wrong_parameters_are_refused(con: Connection, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        select(con, ["gender"], **parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2.0])
def test_values_out_of_range_are_refused_by_the_macros(con: Connection, value: float) -> None:
    with pytest.raises(duckdb.Error, match="p_sigma"):
        select(con, ["gender"], p_sigma=value)


def test_no_neuron_is_an_error_unless_it_is_allowed(con: Connection) -> None:
    with pytest.raises(MaskError, match="no neuron is selected by SELECT layer, neuron FROM"):
        select(con, ["gender=F"], p_baseline=0.999)
    assert len(select(con, ["gender=F"], p_baseline=0.999, allow_empty=True)) == 0


def test_the_layers_are_those_of_the_table(con: Connection) -> None:
    rows = con.sql("SELECT layer, in_module, out_module, n_neurons FROM layers ORDER BY layer").fetchall()
    assert mask_layers(con) == tuple(MaskLayer(*row) for row in rows)
    assert len(whole_model(con, "keep")) == sum(row[-1] for row in rows)
    assert len(~whole_model(con, "keep")) == 0


def test_probabilities_are_counts_over_frames(con: Connection) -> None:
    scores = probability_scores(con)
    counted = "FROM activations AS a INNER JOIN frame_groups AS g USING (frame_id) WHERE g.property = 'phone'"
    ((frames,),) = con.sql("SELECT count(*) FROM frame_groups WHERE property = 'phone'").fetchall()
    active = {
        (layer, neuron): n
        for layer, neuron, n in con.sql(f"SELECT layer, neuron, count(*) {counted} GROUP BY ALL").fetchall()
    }
    ((silent,),) = con.sql("SELECT count(*) FROM frame_groups WHERE property = 'phone' AND \"group\" = ''").fetchall()
    assert silent == 0
    for layer, vector in scores.items():
        expected = [active.get((layer, neuron), 0) / frames for neuron in range(len(vector))]
        np.testing.assert_allclose(vector, expected, rtol=1e-12)
    fewer = probability_scores(con, p_where="gender = 'F'", p_sigma=0.5)
    assert any((fewer[layer] != scores[layer]).any() for layer in scores)
