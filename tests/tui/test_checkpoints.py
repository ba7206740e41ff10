"""Published checkpoints on the command line: recorded by their paths, and found again for the norms of a mask."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ingest.models.melhubert_encoder import MelHubert, MelHubertSizes
from ingest.models.renaming import transformer_names
from queries import connect


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MelHuBERT of two small blocks, saved as the public ones are, with its normalisation in another folder."""
    folder = tmp_path_factory.mktemp("melhubert")
    torch.manual_seed(0)
    module = MelHubert(MelHubertSizes(2, 16, (40, 40), 2, 8, 4, False), torch.zeros(40), torch.ones(40))
    state = {f"pre_extract_proj.{kind}": value for kind, value in module.pre_extract_proj.state_dict().items()}
    for key, value in module.encoder.state_dict().items():
        (name,) = transformer_names(key)
        state[f"encoder.{name}"] = value
    sizes = {"feat_emb_dim": 80, "encoder_embed_dim": 16, "encoder_layers": 2, "encoder_attention_heads": 2}
    config = {"melhubert": sizes | {"conv_pos": 8, "conv_pos_groups": 4, "encoder_ffn_embed_dim": 40}}
    saved = {"model": state, "Upstream_Config": config, "Args": argparse.Namespace(frame_period=20)}
    torch.save(saved, folder / "melhubert-20ms.ckpt")
    (folder / "statistics").mkdir()
    np.save(folder / "statistics" / "libri-mean-std.npy", np.stack([np.full(40, 14.0), np.full(40, 4.0)]))
    return folder / "melhubert-20ms.ckpt"


def test_a_checkpoint_is_recorded_by_its_path(neurons: Any, speech: Path, checkpoint: Path, tmp_path: Path) -> None:
    warehouse, statistics = tmp_path / "w", checkpoint.parent / "statistics" / "libri-mean-std.npy"
    given = ["--audio", speech / "audio", "--labels", speech / "labels", "--model", checkpoint, "--no-f0", "--quiet"]
    missing = neurons("ingest", warehouse, *given)
    assert missing.code != 0
    assert missing.err.count("\n") == 1
    assert "give it with --mean-std FILE" in missing.err
    done = neurons("ingest", warehouse, *given, "--mean-std", statistics)
    assert done.code == 0, done.err
    with connect(warehouse) as con:
        found = con.sql("SELECT model, family, source, hop_us, offset_us FROM models").fetchall()
    source = f"melhubert:{checkpoint}, normalised by libri-mean-std.npy"
    assert found == [("melhubert-20ms", "melhubert", source, 20_000, 17_500)]
    mask = ["export", warehouse, "--density", 0.25, "--fill", "l1", "--spec", checkpoint, "-o", tmp_path / "m.json"]
    assert "give it with --mean-std FILE" in neurons(*mask).err
    assert neurons(*mask, "--mean-std", statistics).code == 0
    assert (tmp_path / "m.json").exists()


def test_a_normalisation_that_is_not_there_is_refused_at_once(neurons: Any, speech: Path, checkpoint: Path) -> None:
    done = neurons("ingest", "w", "--audio", speech / "audio", "--model", checkpoint, "--mean-std", "none.npy")
    assert (done.code, done.err) == (2, "neurons: none.npy: there is no such file or folder; check the path\n")
