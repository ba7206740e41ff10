"""``neurons ingest``: from files to a warehouse; wrong input in one line, before anything slow."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import soundfile

from warehouse import snapshot

Neurons = Callable[..., Any]
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'neurons'; from tui.cli import main; main()"]
MODEL = """
import torchaudio

def build():
    return torchaudio.models.wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
        extractor_conv_bias=False, encoder_embed_dim=32, encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=8, encoder_pos_conv_groups=4, encoder_num_layers=2, encoder_num_heads=4,
        encoder_attention_dropout=0.0, encoder_ff_interm_features=64, encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0, encoder_layer_norm_first=False, encoder_layer_drop=0.0, aux_num_out=None,
    )

def number():
    return 42
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a module ``a_small_model``."""
    (tmp_path / "a_small_model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("a_small_model", None)
    return tmp_path


def arguments(speech: Path, *more: object) -> list[object]:
    return [
        *("--audio", speech / "audio", "--labels", speech / "labels", "--metadata", speech / "metadata.csv"),
        *("--model", "python:a_small_model:build", "--random-init", 0, *more),
    ]


def ask(path: Path, sql: str) -> Any:
    with duckdb.connect(path / "catalog.duckdb", read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_corpus_is_recorded_and_the_catalog_written(neurons: Neurons, speech: Path, here: Path) -> None:
    done = neurons("ingest", "w", *arguments(speech, "--corpus", "hummed"))
    assert (done.code, done.out) == (0, "")
    assert "w: build-random0 has seen 6 utterances of hummed" in done.err
    assert done.err.endswith("next: neurons properties w\n")
    assert ask(here / "w", "SELECT model, count(*) FROM recordings GROUP BY ALL") == [("build-random0", 6)]
    assert ask(here / "w", "SELECT DISTINCT accent FROM utterances ORDER BY 1") == [("north",), ("south",)]


def test_the_same_command_again_does_nothing(neurons: Neurons, speech: Path, here: Path) -> None:
    neurons("ingest", "w", *arguments(speech, "--quiet"))
    before = snapshot(here / "w").id
    done = neurons("ingest", "w", *arguments(speech))
    assert (done.code, snapshot(here / "w").id) == (0, before)
    assert "nothing was left to do" in done.err


def test_quiet_says_nothing(neurons: Neurons, speech: Path, here: Path) -> None:
    done = neurons("ingest", "w", *arguments(speech, "--quiet"))
    assert (done.code, done.out, done.err) == (0, "", "")


def test_every_setting_arrives(neurons: Neurons, speech: Path, here: Path) -> None:
    more = ["--name", "m", "--lambda", 5, "--shard-minutes", 0.05, "--batch", 2, "--values", "--no-means", "--no-f0"]
    more += ["--segment-means", "block"]
    done = neurons("ingest", "w", *arguments(speech, *more, "--threads", 1, "--rank", 0, "--world", 1, "--quiet"))
    assert done.code == 0
    ((settings, threads),) = ask(here / "w", "SELECT settings, threads FROM ingests")
    expected = {"lambda_pct": 5, "shard_minutes": 0.05, "batch": 2, "values": True, "means": False, "f0": False}
    expected |= {"segment_means": ["block"]}
    assert expected.items() <= json.loads(settings).items()
    assert threads == 1
    assert ask(here / "w", "SELECT count(value) > 0, count(*) FILTER (rank > 2) FROM activations") == [(True, 0)]
    assert ask(here / "w", "SELECT count(*) FROM utterance_means") == [(0,)]
    assert ask(here / "w", "SELECT DISTINCT kind, len(mean) FROM segment_means") == [("block", 32)]
    assert ask(here / "w", "SELECT count(f0_hz) FROM frames") == [(0,)]


def test_named_layers_and_a_stated_grid(neurons: Neurons, speech: Path, here: Path) -> None:
    more = ["--layers", "feature_extractor.conv_layers.6.conv", "--hop-ms", 20, "--window-ms", 25, "--offset-ms", 12.5]
    done = neurons("ingest", "w", *arguments(speech, *more, "--normalize", "--sample-rate", 16000, "--quiet"))
    assert (done.code, done.err) == (0, "")
    assert ask(here / "w", "SELECT n_neurons FROM layers") == [(16,)]
    assert ask(here / "w", "SELECT hop_us, offset_us, window_us, normalize FROM models") == [
        (20000, 12500, 25000, True)
    ]


@pytest.mark.parametrize(("folder", "name"), [("clips", "clips"), ("dev-clean/audio", "dev-clean"), ("x/WAV", "x")])
def test_a_corpus_is_named_after_its_folder(neurons: Neurons, speech: Path, here: Path, folder: str, name: str) -> None:
    (here / folder).mkdir(parents=True)
    shutil.copy(speech / "audio" / "u000.flac", here / folder)
    model = ["--model", "python:a_small_model:build", "--random-init", "0", "--quiet", "--no-f0"]
    assert neurons("ingest", "w", "--audio", folder, *model).code == 0
    assert ask(here / "w", "SELECT corpus FROM utterances") == [(name,)]


def test_what_was_left_out_is_listed(neurons: Neurons, speech: Path, here: Path) -> None:
    copy = Path(shutil.copytree(speech, here / "speech"))
    for number in range(4):
        (copy / "audio" / f"u{number:03d}.flac").write_bytes(b"")
    stopped = neurons("ingest", "w", *arguments(copy))
    assert stopped.code == 1
    assert "u000.flac: the file is empty" in stopped.err
    assert stopped.err.count("\n") == 1
    done = neurons("ingest", "w", *arguments(copy, "--on-error", "skip", "--quiet"))
    assert done.code == 0
    lines = done.err.splitlines()
    assert lines[0] == "4 utterances were left out:"
    assert lines[1].startswith("  u000: ")
    assert len(lines) == 5
    query = lines[-1].partition('neurons sql w "')[2].rstrip('"')
    found = neurons("sql", "w", query, "--format", "json")
    assert [row["utterance"] for row in json.loads(found.out)] == ["u000", "u001", "u002", "u003"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--audio", "nowhere"], "nowhere: there is no such file or folder"),
        (["--labels", "nowhere"], "nowhere: there is no such file or folder"),
        (["--metadata", "nowhere.csv"], "nowhere.csv: there is no such file or folder"),
        (["--weights", "nowhere.pt"], "nowhere.pt: there is no such file or folder"),
        (["--phones", "nowhere.csv"], "nowhere.csv: there is no such file or folder"),
        (["--on-error", "carry-on"], "--on-error carry-on: give stop or skip"),
        (["--device", "tpu"], "--device tpu: give cpu or cuda"),
        (["--dtype", "int8"], "--dtype int8: give float32 or bfloat16"),
        (["--names", "number"], "--names number: give stem or path"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_slow(
    neurons: Neurons, speech: Path, here: Path, changed: list[str], message: str
) -> None:
    done = neurons("ingest", "w", *arguments(speech, *changed))
    assert done.code == 2
    assert done.err.startswith(f"neurons: {message}")
    assert done.err.count("\n") == 1
    assert not (here / "w").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--lambda", 0], "lambda_pct is 0"),
        (["--shard-minutes", 60], "shard_minutes is 60"),
        (["--rank", 2, "--world", 2], "rank 2 of 2"),
        (["--segment-means", "blocks"], "segment_means is 'blocks'; give 'block', 'ffn' or both"),
        (
            ["--layers", "feature_extractor.conv_layers.6.conv", "--segment-means", "block"],
            "no recorded layer is known to end a block",
        ),
        (["--model", "torchaudio:HUBERT_TINY"], "torchaudio has no model 'HUBERT_TINY'"),
        (["--model", "python:a_small_model:number"], "returned a int"),
        (["--model", "python:a_small_model:missing"], "missing"),
        (["--layers", "nonsense.*"], "no module matches --layers 'nonsense.*'"),
    ],
)
def test_wrong_values_get_one_line(
    neurons: Neurons, speech: Path, here: Path, changed: list[object], message: str
) -> None:
    done = neurons("ingest", "w", *arguments(speech, *changed))
    assert done.code == 1
    assert done.err.startswith("neurons: ")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (here / "w").exists()


def test_another_folder_is_not_taken_for_a_warehouse(neurons: Neurons, speech: Path, here: Path) -> None:
    (here / "w").mkdir()
    (here / "w" / "thesis.tex").write_text("")
    done = neurons("ingest", "w", *arguments(speech))
    assert done.code == 1
    assert "not a warehouse and not empty" in done.err


def test_another_model_under_the_name_is_refused(neurons: Neurons, speech: Path, here: Path) -> None:
    neurons("ingest", "w", *arguments(speech, "--name", "m", "--quiet"))
    done = neurons("ingest", "w", *arguments(speech, "--name", "m", "--random-init", 1, "--quiet"))
    assert done.code == 1
    assert "other weights" in done.err


@pytest.mark.slow
def test_ctrl_c_leaves_a_good_warehouse_and_the_command_goes_on(
    neurons: Neurons, make_speech: Callable[..., Path], here: Path
) -> None:
    speech = make_speech(here / "long", n_utterances=30)
    command = [*RUN, "ingest", "w", *map(str, arguments(speech, "--shard-minutes", 0.03))]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=here)
    try:
        while process.poll() is None and len(list((here / "w").glob("manifests/shard-*"))) < 3:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted: what was committed stays; the same command goes on"
    assert "Traceback" not in err
    assert 3 <= len(list(snapshot(here / "w").of_kind("shard"))) < 30
    assert neurons("ingest", "w", *arguments(speech, "--shard-minutes", 0.03, "--quiet")).code == 0
    assert ask(here / "w", "SELECT count(*) FROM recordings") == [(30,)]


def test_files_of_any_rate_and_unlabelled_speech(neurons: Neurons, speech: Path, here: Path) -> None:
    (here / "clips").mkdir()
    wave, _ = soundfile.read(speech / "audio" / "u000.flac")
    soundfile.write(here / "clips" / "a.wav", wave, 44_100)
    model = ["--model", "python:a_small_model:build", "--random-init", "0"]
    done = neurons("ingest", "w", "--audio", "clips", *model)
    assert done.code == 0
    assert "audio of 44100 Hz is resampled to 16000 Hz" in done.err
    assert ask(here / "w", "SELECT DISTINCT corpus, phone FROM frame_facts") == [("clips", "*")]
