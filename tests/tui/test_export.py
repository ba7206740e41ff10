"""``neurons export``: masks from the command line, what is printed, and what is refused."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from queries import Mask, connect
from queries.masks import (
    keep_mask,
    l1_scores,
    mask_from_ranking,
    mask_layers,
    probability_scores,
    random_scores,
    select,
)
from queries.masks.formats import FORMATS

Neurons = Callable[..., Any]
SIGMA = 0.4
MODEL = """
import torch, torchaudio

def build(seed=0):
    torch.manual_seed(seed)
    return torchaudio.models.wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
        extractor_conv_bias=False, encoder_embed_dim=32, encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=8, encoder_pos_conv_groups=4, encoder_num_layers=2, encoder_num_heads=4,
        encoder_attention_dropout=0.0, encoder_ff_interm_features=64, encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0, encoder_layer_norm_first=False, encoder_layer_drop=0.0, aux_num_out=None,
    ).eval()

def other():
    return build(1)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a module ``the_tiny_model``."""
    (tmp_path / "the_tiny_model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("the_tiny_model", None)
    return tmp_path


def test_neurons_of_a_group_become_a_file(neurons: Neurons, recorded: Path, here: Path) -> None:
    done = neurons("export", recorded, "--erase", "gender=F", "--sigma", SIGMA, "-o", "erase.safetensors")
    assert done.code == 0
    mask = Mask.load("erase.safetensors")
    with connect(recorded) as con:
        assert mask == select(con, ["gender=F"], p_sigma=SIGMA)
        counts = dict(
            con.sql(
                f"SELECT layer, count(*) FROM group_neurons(p_property := 'gender', p_sigma := {SIGMA}) "
                "WHERE \"group\" = 'F' GROUP BY ALL"
            ).fetchall()
        )
    header, _, *rows = [line.split() for line in done.out.splitlines()]
    assert header == ["layer", "erased", "of", "percent"]
    assert rows == [
        *([str(n), str(counts.get(n, 0)), "64", f"{100 * counts.get(n, 0) / 64:.1f}"] for n in (1, 2)),
        ["all", str(len(mask)), "128", f"{100 * len(mask) / 128:.1f}"],
    ]
    assert done.err.splitlines() == [
        f"erase.safetensors: {len(mask)} of 128 neurons of tiny to erase, format safetensors",
        "next, in the script that has the model:",
        "  from safetensors.torch import load_file",
        '  for path, neurons in load_file("erase.safetensors").items():',
        "      model.get_submodule(path).weight.data[:, neurons] = 0",
        f"in another format: neurons export {shlex.quote(str(recorded))} --mask erase.safetensors -o FILE",
    ]


def test_the_printed_lines_take_the_neurons_out(
    neurons: Neurons, recorded: Path, here: Path, tiny_model: Callable[..., Any]
) -> None:
    done = neurons("export", recorded, "--protect", "gender", "--sigma", SIGMA, "-o", "keep.paper.json")
    assert done.err.endswith(" --mask keep.paper.json --kind keep -o FILE\n")
    model = tiny_model()
    exec("\n".join(line[2:] for line in done.err.splitlines() if line.startswith("  ")), {"model": model})
    before, mask = tiny_model(), Mask.load("keep.paper.json", layers=_layers(recorded), kind="keep")
    for path, gone in mask.removed().items():
        expected = before.get_submodule(path).weight.detach().clone()
        expected[:, torch.from_numpy(gone.copy())] = 0
        assert torch.equal(model.get_submodule(path).weight, expected)


def _layers(path: Path) -> Any:
    with connect(path) as con:
        return mask_layers(con)


def test_every_parameter_reaches_the_macros(neurons: Neurons, recorded: Path, here: Path) -> None:
    given = {
        "--corpus": ("p_corpus", "hummed"),
        "--frames": ("p_frames", "middle"),
        "--lambda": ("p_lambda", 1.0),
        "--sigma": ("p_sigma", 0.3),
        "--baseline": ("p_baseline", 0.05),
        "--z": ("p_z", 0.5),
        "--min-frames": ("p_min_frames", 2),
        "--where": ("p_where", "age < 22 AND speaker <> 'x'"),
    }
    options = [text for option, (_, value) in given.items() for text in (option, value)]
    more = ["--model", "tiny", "--allow-empty", "-o", "m.json", "--quiet"]
    done = neurons("export", recorded, "--erase", "gender", "--erase", "phone=AA,pitch", *options, *more)
    assert (done.code, done.out, done.err) == (0, "", "")
    mask = Mask.load("m.json")
    with connect(recorded) as con:
        assert mask == select(con, ["gender", "phone=AA", "pitch"], allow_empty=True, **dict(given.values()))
    assert {name.removeprefix("p_"): str(value) for name, value in given.values()}.items() <= mask.provenance.items()
    assert mask.provenance["terms"] == "gender, phone=AA, pitch"


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("fill", [None, "probability", "random", "l1"])
def test_a_density_is_filled_up(neurons: Neurons, recorded: Path, here: Path, fill: str | None, uniform: bool) -> None:
    options = {
        None: [],
        "probability": ["--fill", "probability", "--where", "duration > 0.5"],
        "random": ["--fill", "random", "--seed", 5],
        "l1": ["--fill", "l1", "--spec", "python:the_tiny_model:build", "--with-bias"],
    }[fill]
    frames = {"p_where": "duration > 0.5"} if fill == "probability" else {}
    more = [*options, "--density", 0.4, "--sigma", SIGMA, "-o", "keep.npz", *(["--uniform"] if uniform else [])]
    done = neurons("export", recorded, "--protect", "gender", *more)
    assert done.code == 0, done.err
    mask = Mask.load("keep.npz")
    with connect(recorded) as con:
        protected = select(con, ["gender"], kind="keep", p_sigma=SIGMA, **frames)  # type: ignore[arg-type]
        layers = protected.layers
        if fill == "l1":
            import the_tiny_model  # type: ignore[import-not-found]

            scores = l1_scores(the_tiny_model.build(), layers, with_bias=True)
        else:
            scores = random_scores(layers, 5) if fill == "random" else probability_scores(con, **frames)  # type: ignore[arg-type]
    assert mask == keep_mask(layers, scores, 0.4, protected=protected, uniform=uniform)
    assert [int(vector.sum()) for vector in mask.chosen] == [26, 26] if uniform else len(mask) == 51
    expected = {"density": "0.4", "budget": "uniform" if uniform else "free", "terms": "gender"}
    expected["fill"] = {None: "probability", "l1": "l1 with bias"}.get(fill, fill or "")
    assert expected.items() <= mask.provenance.items()
    assert ("seed" in mask.provenance) == (fill == "random")
    assert "kept" in done.out.splitlines()[0]


def test_a_density_alone_protects_nothing(neurons: Neurons, recorded: Path, here: Path) -> None:
    assert neurons("export", recorded, "--density", 0.25, "--fill", "random", "--seed", 0, "-o", "m.pt").code == 0
    mask = Mask.load("m.pt")
    assert mask == keep_mask(mask.layers, random_scores(mask.layers, 0), 0.25)
    assert (mask.kind, mask.provenance["model"]) == ("keep", "tiny")


def test_any_query_and_any_kind(neurons: Neurons, recorded: Path, here: Path) -> None:
    query = "SELECT 2 AS layer, unnest([5, 3]) AS neuron"
    assert neurons("export", recorded, "--sql", query, "-o", "a.json").code == 0
    assert neurons("export", recorded, "--sql", query, "--kind", "keep", "-o", "b.json").code == 0
    assert neurons("export", recorded, "--sql", query, "--kind", "keep", "--density", 0.5, "-o", "c.json").code == 0
    a, b, c = (Mask.load(f"{name}.json") for name in "abc")
    assert a.neurons() == b.neurons() == {1: [], 2: [3, 5]}
    assert (a.kind, b.kind, len(c), len(b - c)) == ("erase", "keep", 64, 0)
    assert a.provenance["sql"] == query


def test_the_first_of_a_ranking(neurons: Neurons, recorded: Path, here: Path) -> None:
    ranking, frames = ["--ranking", "mean_difference:gender=F"], ["--where", "duration > 0.5"]
    assert neurons("export", recorded, *ranking, "--top", "3%", *frames, "-o", "a.json").code == 0
    more = ["--kind", "keep", "--density", 0.5, "--random-like", 1]
    assert neurons("export", recorded, *ranking, "--top", 2, *more, "-o", "b.json").code == 0
    a, b = Mask.load("a.json"), Mask.load("b.json")
    with connect(recorded) as con:
        assert a == mask_from_ranking(con, "mean_difference:gender=F", "3%", p_where="duration > 0.5")
        few = mask_from_ranking(con, "mean_difference:gender=F", 2, kind="keep")
        kept = keep_mask(few.layers, probability_scores(con), 0.5, protected=few)
    assert b == kept.random_like(1)
    assert {"ranking": "mean_difference:gender=F", "top": "2", "density": "0.5"}.items() <= b.provenance.items()


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_converted(neurons: Neurons, recorded: Path, here: Path, name: str) -> None:
    kind = ["--kind", "keep"]
    neurons("export", recorded, "--sql", "SELECT 2 AS layer, 3 AS neuron", *kind, "-o", "m", "--format", name)
    done = neurons("export", recorded, "--mask", "m", *kind, "-o", "back.safetensors")
    assert done.code == 0, done.err
    back = Mask.load("back.safetensors")
    assert (back.kind, back.neurons()) == ("keep", {1: [], 2: [3]})
    assert {"model", "checksum", "snapshot"} <= set(back.provenance)


def test_masks_of_other_weights_are_refused(neurons: Neurons, recorded: Path, here: Path) -> None:
    with connect(recorded) as con:
        mask = Mask.of_neurons(mask_layers(con), {1: [3]}, "erase", {"model": "hubert", "checksum": "0123456789abcdef"})
    mask.save("m.json")
    done = neurons("export", recorded, "--mask", "m.json", "-o", "n.json")
    assert (done.code, done.out) == (1, "")
    assert "m.json: is for hubert with checksum '0123456789ab'; the weights of tiny in this warehouse have" in done.err


def test_the_random_control_has_as_many_neurons(neurons: Neurons, recorded: Path, here: Path) -> None:
    base = ["export", recorded, "--erase", "gender=F", "--sigma", SIGMA, "--quiet"]
    neurons(*base, "-o", "a.json")
    neurons(*base, "--random-like", 3, "-o", "b.json")
    a, b = Mask.load("a.json"), Mask.load("b.json")
    assert b == a.random_like(3)
    assert b.provenance["random_like"] == "seed 3"


def test_an_empty_set_is_an_error_unless_it_is_allowed(neurons: Neurons, recorded: Path, here: Path) -> None:
    for options in (["--erase", "gender=F", "--baseline", 0.999], ["--density", 0.001]):
        done = neurons("export", recorded, *options, "-o", "m.json")
        assert (done.code, done.out) == (1, "")
        assert "no neuron" in done.err
        assert "--allow-empty" in done.err
        assert not Path("m.json").exists()
        assert neurons("export", recorded, *options, "-o", "m.json", "--allow-empty").code == 0
        assert len(Mask.load("m.json")) == 0
        Path("m.json").unlink()


L1 = ["--protect", "gender", "--density", 0.5, "--fill", "l1", "--spec"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--erase", "colour"], "there is no property colour; there are: duration, gender"),
        (["--erase", "gender=X"], "property gender has no group 'X'; there are: F, M"),
        (["--erase", "gender", "--model", "huge"], "there is no model huge; there are: tiny"),
        (["--erase", "gender", "--sigma", "7"], "p_sigma: 7.0 is no share"),
        (["--erase", "gender", "--where", "colour = 1"], "colour"),
        (["--ranking", "probe:colour", "--top", "3"], "there is no probe, nor a probed label of the model, colour"),
        (["--ranking", "lape:gender", "--top", "3", "--sigma", "1"], "p_sigma: no ranking depends on it"),
        (["--ranking", "lape:gender", "--top", "0%"], "top 0%: give a share of more than 0%"),
        (["--sql", "SELECT 1 AS layer"], "the query gives no column neuron"),
        (["--sql", "SELECT 9 AS layer, 1 AS neuron"], "no layer 9 in this model; it has layers 1 to 2"),
        (["--sql", "DROP TABLE x"], "DROP is refused"),
        (["--sql", "FROM nothing_there"], "nothing_there"),
        (["--mask", "none.json"], "none.json: cannot be read"),
        (["--mask", "the_tiny_model.py"], "the_tiny_model.py: no mask in any known format"),
        (["--protect", "gender", "--sigma", "0.1", "--density", "0.01"], "protection alone exceeds the budget ("),
        ([*L1, "python:the_tiny_model:other"], "the weights of python:the_tiny_model:other (checksum"),
        ([*L1, "torchaudio:none"], "none"),
        (["--erase", "gender", "--sigma", "0.4", "-o", "nowhere/m.json"], "nowhere/m.json: cannot be written"),
    ],
)
def test_what_is_wrong_gets_one_line(
    neurons: Neurons, recorded: Path, here: Path, options: list[Any], message: str
) -> None:
    done = neurons("export", recorded, "-o", "m.json", *options)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("neurons: ")
    assert message in done.err
    assert not Path("m.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "say which neurons with one of --erase, --protect, --sql, --mask, --ranking, or how many with --density"),
        (["--protect", "a", "--erase", "b"], "--erase and --protect exclude each other"),
        (["--sql", "a", "--mask", "b"], "--sql and --mask exclude each other"),
        (["--erase", "gender", "--density", "0.2"], "--density is for neurons to keep, not for those to erase: use"),
        (["--sql", "x", "--density", "0.2"], "not for those to erase: say --kind keep"),
        (["--erase", "gender", "--kind", "keep"], "--kind is for --sql, --mask and --ranking"),
        (["--mask", "b", "--ranking", "probe:x"], "--mask and --ranking exclude each other"),
        (["--ranking", "probe:x"], "--ranking and --top belong together"),
        (["--sql", "x", "--top", "3"], "--ranking and --top belong together"),
        (["--ranking", "lape:x", "--top", "3", "--density", "0.2"], "not for those to erase: say --kind keep"),
        (["--ranking", "probe:x", "--top", "3", "--where", "true"], "--where is for --erase, --protect and rankings"),
        (["--sql", "x", "--kind", "drop"], "--kind drop: give erase or keep"),
        (["--sql", "x", "--sigma", "1"], "--sigma is for --erase, --protect and rankings"),
        (
            ["--sql", "x", "--kind", "keep", "--density", "1", "--sigma", "1"],
            "--sigma is for --erase, --protect and rankings",
        ),
        (["--protect", "a", "--uniform"], "--uniform says how to fill a density up: give --density too"),
        (["--protect", "a", "--fill", "l1"], "--fill says how to fill a density up"),
        (["--protect", "a", "--spec", "x"], "--spec says how to fill a density up"),
        (["--protect", "a", "--density", "0"], "--density 0: give a share of neurons, more than 0 and at most 1"),
        (["--protect", "a", "--density", "nan"], "--density nan: give a share"),
        (["--protect", "a", "--density", "1", "--fill", "size"], "--fill size: give l1, probability or random"),
        (["--protect", "a", "--density", "1", "--fill", "l1"], "--fill l1 needs the model: give --spec"),
        (["--protect", "a", "--density", "1", "--spec", "x"], "--spec is for --fill l1"),
        (["--protect", "a", "--density", "1", "--fill", "random"], "--fill random and --seed belong together"),
        (["--protect", "a", "--density", "1", "--seed", "1"], "--fill random and --seed belong together"),
        ([*L1, "x", "--weights", "none.pt"], "none.pt: there is no such file"),
        (["--erase", "gender", "-o", "m.txt"], "m.txt: the suffix says no format; give one of .safetensors, .json"),
        (["--erase", "gender", "--format", "csv"], "format 'csv' is none of safetensors, json, paper"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    neurons: Neurons, recorded: Path, here: Path, options: list[Any], message: str
) -> None:
    done = neurons("export", recorded, "-o", "m.json", *options)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(here.glob("m.*"))
