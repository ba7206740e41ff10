"""The example scripts, each run as users run it, over a small corpus and small models with seeded weights."""

import csv
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ingest import Corpus, ingest, load
from queries import Mask, connect
from queries.masks import mask_layers, select

EXAMPLES = Path(__file__).parents[1] / "examples"
QUICK = ["--steps", "2", "--updates", "2", "--batch", "3", "--seconds", "0.5", "--device", "cpu"]

TINY = """
import torchaudio

def build():
    return torchaudio.models.wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
        extractor_conv_bias=False, encoder_embed_dim=32, encoder_projection_dropout=0.0, encoder_pos_conv_kernel=8,
        encoder_pos_conv_groups=4, encoder_num_layers=2, encoder_num_heads=4, encoder_attention_dropout=0.0,
        encoder_ff_interm_features=64, encoder_ff_interm_dropout=0.0, encoder_dropout=0.0,
        encoder_layer_norm_first=False, encoder_layer_drop=0.0, aux_num_out=None)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, make_speech: Callable[..., Path]) -> Path:
    """A corpus of two speakers, and models to record over it."""
    folder = tmp_path_factory.mktemp("examples")
    make_speech(folder / "speech", n_utterances=8, n_speakers=2)
    (folder / "tiny_hubert.py").write_text(TINY)
    return folder


def record(folder: Path, spec: str, name: str, **options: object) -> Path:
    speech = folder / "speech"
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(load(spec, **options), corpus, folder / name, model_name=name, quiet=True, lambda_pct=5)
    return folder / name


def run(script: str, *arguments: object, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *map(str, arguments)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_plain_pytorch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    study = record(folder, "python:tiny_hubert:build", "torch", random_init=0)
    model = ["--model", "python:tiny_hubert:build", "--random-init", 0]
    said = run("prune_and_tune_pytorch.py", study, *model, "--to", 0.1, *QUICK, "--out", "a", cwd=folder)
    assert "the mask is for this very model, found at encoder." in said
    assert "saved in a" in said
    with open(folder / "a" / "steps.csv") as file:
        steps = list(csv.DictReader(file))
    assert [int(step["neurons"]) for step in steps] == [40, 13]  # of 128: 0.1 ** ½ and 0.1
    with connect(study) as con:
        layers = mask_layers(con)
        protected = select(con, ["gender"], kind="keep")
    kept = Mask.load(folder / "a" / "kept.safetensors", layers=layers)
    assert (len(kept), kept.kind, kept.provenance["model"]) == (13, "keep", "torch")
    assert len(kept & protected) == min(len(protected), 13 - len([n for n in protected.neurons().values() if not n]))

    protected.save(folder / "protected.safetensors")
    options = ["--mask", "protected.safetensors", "--uniform", "--to", 0.25]
    run("prune_and_tune_pytorch.py", study, *model, *options, *QUICK, "--out", "b", cwd=folder)
    kept = Mask.load(folder / "b" / "kept.safetensors")
    assert {len(neurons) for neurons in kept.neurons().values()} == {16}
    run("prune_and_tune_pytorch.py", study, *model, "--protect", "", *QUICK, "--out", "c", cwd=folder)


@pytest.mark.slow
def test_transformers(folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.HubertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        classifier_proj_size=16,
    )
    transformers.HubertModel(config).save_pretrained(folder / "tiny-hubert")
    study = record(folder, f"transformers:{folder / 'tiny-hubert'}", "hf")
    said = run(
        "prune_and_tune_transformers.py", study, "tiny-hubert", "--to", 0.1, *QUICK, "--out", "pruned", cwd=folder
    )
    assert "the mask is for this very encoder, found at hubert." in said
    assert "step 2, 6 neurons a layer" in said
    again = transformers.AutoModelForAudioClassification.from_pretrained(folder / "pruned")
    assert again.config.intermediate_size == 6
    assert again.config.id2label == {0: "s0", 1: "s1"}
    kept = Mask.load(folder / "pruned" / "kept.safetensors")
    assert {len(neurons) for neurons in kept.neurons().values()} == {6}


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_help(script: str) -> None:
    assert "usage:" in run(script, "--help", cwd=EXAMPLES)
