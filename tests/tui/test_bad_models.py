"""Models that cannot be read, on the command line: one line that names the file and the remedy, and nothing is left."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ingest.models.melhubert_encoder import MelHubert, MelHubertSizes
from ingest.models.renaming import transformer_names

FETCH = "no checkpoint, or a truncated one; fetch it again"
TRUST = r"would run code when loaded: save {'model': state_dict, 'cfg': a plain dict} with torch\.save"
PUBLISHED = r"give the \.npy published with the checkpoint"


class Mark:
    """Leaves a file behind when it is unpickled by someone who trusts it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.mark,)


def saved() -> dict[str, Any]:
    """What a public MelHuBERT file holds, of two small blocks."""
    module = MelHubert(MelHubertSizes(2, 16, (40, 40), 2, 8, 4, False), torch.zeros(40), torch.ones(40))
    state = {f"pre_extract_proj.{kind}": value for kind, value in module.pre_extract_proj.state_dict().items()}
    for key, value in module.encoder.state_dict().items():
        (name,) = transformer_names(key)
        state[f"encoder.{name}"] = value
    sizes = {"feat_emb_dim": 80, "encoder_embed_dim": 16, "encoder_layers": 2, "encoder_attention_heads": 2}
    return {"model": state, "Upstream_Config": {"melhubert": sizes | {"conv_pos": 8, "conv_pos_groups": 4}}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a good checkpoint and its normalisation, and with bad ones."""
    monkeypatch.chdir(tmp_path)
    good = saved()
    torch.save(good, "good.ckpt")
    np.save("mean-std.npy", np.stack([np.full(40, 14.0), np.full(40, 4.0)]))
    Path("cut.ckpt").write_bytes(Path("good.ckpt").read_bytes()[:-500])
    Path("half.pt").write_bytes(Path("good.ckpt").read_bytes()[:2_000])
    Path("empty.pt").touch()
    Path("page.ckpt").write_text("<html>Not found</html>\n" * 3)
    torch.save({"epoch": 3, "optimizer": {}}, "foreign.pt")
    torch.save([torch.zeros(3)], "list.pt")
    del good["model"]["encoder.layers.1.fc2.weight"]
    torch.save(good, "lacking.ckpt")
    torch.save(saved() | {"Args": Mark(tmp_path / "ran")}, "evil.ckpt")
    torch.save(Mark(tmp_path / "ran"), "evil.pt", _use_new_zipfile_serialization=False)
    Path("bad").mkdir()
    np.save("bad/narrow-mean-std.npy", np.ones((2, 39)))
    Path("bad/text-mean-std.npy").write_text("14 4\n")
    np.save("bad/evil-mean-std.npy", np.array([Mark(tmp_path / "ran")], dtype=object), allow_pickle=True)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--model cut.ckpt", rf"cut\.ckpt cannot be read as weights.*{FETCH}"),
        ("--model melhubert:cut.ckpt", rf"cut\.ckpt cannot be read as weights.*{FETCH}"),
        ("--model fairseq:half.pt", rf"half\.pt cannot be read as weights.*{FETCH}"),
        ("--model empty.pt", rf"empty\.pt cannot be read as weights.*{FETCH}"),
        ("--model page.ckpt", rf"page\.ckpt cannot be read as weights.*{FETCH}"),
        ("--model foreign.pt", r"foreign\.pt is a file that does not say which model it is: .*fairseq:FILE.*--weights"),
        ("--model fairseq:foreign.pt", r"foreign\.pt holds 'epoch', 'optimizer', not fairseq's 'model' .*: save \{"),
        ("--model melhubert:foreign.pt", r"foreign\.pt holds 'epoch', 'optimizer', not MelHuBERT's .*: give a public"),
        ("--model list.pt", r"list\.pt holds a list, no checkpoint: save \{'model': state_dict"),
        ("--model lacking.ckpt", r"lacking\.ckpt.*encoder\.layers\.1\.fc2\.weight"),
        ("--model good.ckpt --weights foreign.pt", r"foreign\.pt holds no state dict: save the model's state_dict\(\)"),
        ("--model evil.ckpt", rf"evil\.ckpt holds .* and {TRUST}"),
        ("--model evil.pt", rf"evil\.pt holds .* and {TRUST}"),
        ("--model good.ckpt --weights evil.ckpt", rf"evil\.ckpt holds .* and {TRUST}"),
        (
            "--model good.ckpt --mean-std bad/narrow-mean-std.npy",
            rf"narrow-mean-std\.npy has shape \(2, 39\), not \(2, 40\): .*; {PUBLISHED}",
        ),
        (
            "--model good.ckpt --mean-std bad/text-mean-std.npy",
            rf"text-mean-std\.npy is no array of numbers: {PUBLISHED}",
        ),
        (
            "--model good.ckpt --mean-std bad/evil-mean-std.npy",
            rf"evil-mean-std\.npy is no array of numbers: {PUBLISHED}",
        ),
        (
            "--model good.ckpt --layers in:encoder.layers.*.feed_forward.fc2",
            r"no module matches --layers 'in:enc.*\.fc2'; near names: encoder\.layers\.\*\.feed_forward",
        ),
        (
            "--model good.ckpt --layers encoder.layers.* cnn.*",
            r"no module matches --layers 'cnn\.\*'; near names: ",
        ),
    ],
)
def test_one_line_names_the_file_and_the_remedy(
    neurons: Callable[..., Any], speech: Path, here: Path, given: str, words: str
) -> None:
    before = sorted(here.iterdir())
    done = neurons("ingest", "w", "--audio", speech / "audio", "--no-f0", *given.split())
    assert (done.code, done.out) == (1, "")
    assert re.match(f"neurons: .*{words}", done.err), done.err
    assert done.err.count("\n") == 1
    assert sorted(here.iterdir()) == before  # no warehouse, and nothing that the files wanted to be run
