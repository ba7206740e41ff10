"""neurons doctor: what it prints, and how it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tui.cli import gathered
from tui.commands.doctor import _numbered

MODELS = """
from torch import nn

class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.ModuleList([nn.Conv1d(1, 20, 400, 160), nn.Conv1d(20, 30, 3, 2)])
        self.fc = nn.Linear(30, 6)

    def forward(self, x):
        x = x[:, None]
        for layer in self.cnn:
            x = layer(x).relu()
        return self.fc(x.mean(2))
"""


def doctor(*arguments: str) -> tuple[int, list[str], str]:
    done = CliRunner().invoke(gathered(["doctor", "ingest"]), ["doctor", *arguments])
    return done.exit_code, done.stdout.splitlines(), done.stderr


def test_a_model_that_passes_ends_with_ok() -> None:
    code, lines, err = doctor("mel:tiny")
    assert (code, err) == (0, "")
    assert lines[0] == "mel:tiny"
    assert lines[2] == ("layers 1 to 4: ffn, 1024 neurons, 10 active in a frame; encoder.layers.*, fc1 to fc2")
    assert [line[:2] for line in lines[4:-1]] == ["ok"] * 6
    assert lines[-1] == "OK"


def test_the_arithmetic_of_an_ingest_can_be_tried() -> None:
    code, lines, _ = doctor("mel:tiny", "--dtype", "bfloat16", "--device", "cpu")
    assert (code, lines[-1]) == (0, "OK")


def test_what_is_open_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unstated.py").write_text(MODELS)
    monkeypatch.syspath_prepend(str(tmp_path))
    code, lines, _ = doctor("python:unstated:Cnn", "--layers", "cnn.*")
    assert code == 1
    assert lines[-2:] == ["to do:", "  normalisation: state --normalize or --no-normalize, as the model was trained"]
    assert any(line.startswith("??  normalisation:") for line in lines)


def test_layers_of_several_rates_are_listed_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "doctored.py").write_text(MODELS)
    monkeypatch.syspath_prepend(str(tmp_path))
    code, lines, _ = doctor("python:doctored:Cnn", "--layers", "cnn.*", "--layers", "fc", "--no-normalize")
    assert code == 0
    assert lines[2:5] == [
        "layer 1: cnn.0, 20 neurons, 1 active in a frame; what comes out of cnn.0; a frame every 10 ms",
        "layer 2: cnn.1, 30 neurons, 1 active in a frame; what comes out of cnn.1; a frame every 20 ms",
        "layer 3: fc, 6 neurons, 1 active in a frame; what comes out of fc; one frame an utterance",
    ]


def test_real_speech_is_read_from_a_file(shared: Path) -> None:
    audio = shared / "librispeech-samples" / "1001-134707-0000.flac"
    code, lines, _ = doctor("mel:tiny", str(audio))
    assert (code, lines[-1]) == (0, "OK")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mel:tiny", "no-such.flac"], "no-such.flac: there is no such file"),
        (["mel:tiny", "--layers", "fc9"], "no module matches --layers 'fc9'"),
        (["hubert_bse"], "unknown model 'hubert_bse': near names are"),
        (["mel:tiny", "--lambda", "nan"], "--lambda nan: give a percentage above 0, at most 100"),
        (["mel:tiny", "--hop-ms", "inf"], "--hop-ms inf: must be 0 or more"),
        (["mel:tiny", "--hop-ms", "40", "--padding-frames", "1000"], "the frames of this model lie 20 ms apart"),
        (["mel:tiny", "--sample-rate", "0"], "--sample-rate 0: give samples per second"),
        (["mel:tiny", "--random-init", str(1 << 70)], "a seed is a whole number of at most 64 bits"),
        (["mel:tiny", "--device", "tpu"], "--device tpu: give cpu or cuda"),
        (["mel:tiny", "--dtype", "int8"], "--dtype int8: give float32 or bfloat16"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str) -> None:
    code, lines, err = doctor(*arguments)
    assert code in (1, 2)
    assert not lines
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([3], "layer 3"),
        ([1, 2], "layers 1, 2"),
        ([1, 2, 3], "layers 1 to 3"),
        ([1, 3, 5], "layers 1, 3, 5"),
        ([1, 3, 5, 7, 9, 11], "layers 1, 3 … 11"),
        ([1, 2, 5], "layers 1, 2, 5"),
    ],
)
def test_layers_are_listed_as_people_say_them(layers: list[int], said: str) -> None:
    assert _numbered(layers) == said
