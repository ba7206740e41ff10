"""The ingest job: what it leaves, that it resumes, and that nothing committed is ever lost."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import torch

from ingest import Corpus, ingest, wrap
from warehouse import CorpusError, ModelError, Snapshot, WarehouseError, snapshot
from warehouse.schema import TABLES

FACTS = [name for name in TABLES if name != "ingests"]


def read_corpus(folder: Path, name: str = "made", **options: object) -> Corpus:
    return Corpus.from_files(
        folder / "audio", folder / "labels", folder / "metadata.csv", name=name, phones="arpabet", **options
    )


def rows(state: Snapshot, table: str) -> pl.DataFrame:
    """All rows of a table, in an order of their own."""
    files = state.files(table)
    if not files:
        return pl.DataFrame()
    frame = pl.concat([pl.read_parquet(file) for file in files], how="diagonal")
    keys = [name for name, kind in frame.schema.items() if not isinstance(kind, pl.List)]
    return frame.sort(keys)


def summed(state: Snapshot, table: str) -> pl.DataFrame:
    """Counts added up over their partial files."""
    frame = rows(state, table)
    keys = [name for name in frame.columns if not name.startswith("n")] + ["neuron"] * ("neuron" in frame.columns)
    return frame.group_by(keys).agg(pl.col("n", "n_middle", "n_reference").sum()).sort(keys)


def assert_same_warehouse(left: Path, right: Path) -> None:
    one, other = snapshot(left), snapshot(right)
    for table in FACTS:
        read = summed if table.endswith("_counts") else rows
        assert read(one, table).equals(read(other, table)), table


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech) -> Path:
    return make_speech(tmp_path_factory.mktemp("speech"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model) -> Path:
    """An undisturbed run with a shard per one or two utterances."""
    path = tmp_path_factory.mktemp("study") / "study.warehouse"
    settings = {"lambda_pct": 5, "shard_minutes": 0.03, "segment_means": "block,ffn"}
    ingest(tiny_model(), read_corpus(speech), path, model_name="tiny", quiet=True, **settings)
    return path


def captured(model: torch.nn.Module, wave: np.ndarray) -> list[np.ndarray]:
    """|activation| of every layer, (T, D), by hooks of our own and the model's own forward."""
    found: list[np.ndarray] = []
    blocks = model.encoder.transformer.layers
    handles = [
        b.feed_forward.output_dense.register_forward_pre_hook(lambda m, x: found.append(x[0][0].abs().numpy()))
        for b in blocks
    ]
    with torch.inference_mode():
        model(torch.from_numpy(wave)[None])
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("batch", [1, 3])
def test_recorded_ranks_are_those_of_a_plain_top_k(speech: Path, tiny_model, tmp_path: Path, batch: int) -> None:
    model, path = tiny_model(), tmp_path / "w"
    ingest(model, read_corpus(speech), path, model_name="tiny", lambda_pct=5, values=True, batch=batch, quiet=True)
    state = snapshot(path)
    frames, activations = rows(state, "frames"), rows(state, "activations")
    for name, number in rows(state, "utterances").select("utterance", "utterance_id").iter_rows():
        ids = frames.filter(utterance_id=number).sort("frame")["frame_id"]
        wave, _ = soundfile.read(speech / "audio" / f"{name}.flac", dtype="float32")
        for layer, values in enumerate(captured(model, wave), start=1):
            order = np.argsort(-values, axis=1, kind="stable")[:, :3]
            mine = activations.filter(pl.col("frame_id").is_in(ids.implode()), layer=layer).sort("frame_id", "rank")
            assert len(values) == len(ids)
            assert mine["neuron"].to_numpy().reshape(-1, 3).tolist() == order.tolist()
            recorded = np.abs(mine["value"].to_numpy()).reshape(-1, 3)
            assert (recorded == np.take_along_axis(values, order, axis=1)).all()


def test_the_longest_utterances_of_a_shard_go_first(speech: Path, tiny_model, tmp_path: Path) -> None:
    model, lengths = wrap(tiny_model()), []
    model.module.feature_extractor.register_forward_pre_hook(lambda m, x: lengths.append(x[0].shape[-1]))
    ingest(model, read_corpus(speech), tmp_path / "w", model_name="tiny", lambda_pct=5, quiet=True)
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) > 1


def test_means_are_those_of_the_signed_values(speech: Path, study: Path, tiny_model) -> None:
    model, state = tiny_model(), snapshot(study)
    means = rows(state, "utterance_means").filter(kind="ffn", layer=2)
    utterances = rows(state, "utterances")
    found: list[torch.Tensor] = []
    model.encoder.transformer.layers[1].feed_forward.output_dense.register_forward_pre_hook(
        lambda m, x: found.append(x[0][0])
    )
    for name, number in utterances.select("utterance", "utterance_id").iter_rows():
        wave, _ = soundfile.read(speech / "audio" / f"{name}.flac", dtype="float32")
        with torch.inference_mode():
            model(torch.from_numpy(wave)[None])
        row = means.filter(utterance_id=number)
        values = found.pop().double().numpy()
        np.testing.assert_allclose(row["mean"][0].to_numpy(), values.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(row["std"][0].to_numpy(), values.std(axis=0), atol=1e-5)


def test_all_metadata_and_segments_are_kept(study: Path, speech: Path) -> None:
    state = snapshot(study)
    utterances = rows(state, "utterances")
    assert utterances["age"].to_list() == [20, 21, 22, 20, 21, 22]
    assert utterances["accent"].to_list() == ["north", "north", "south"] * 2
    segments = rows(state, "segments").filter(utterance_id=0).sort("segment")
    assert segments["start_s"][0] == 0
    assert segments["start_s"][1:].to_list() == segments["end_s"][:-1].to_list()


def test_f0_is_where_the_hum_is(study: Path) -> None:
    state = snapshot(study)
    facts = (
        rows(state, "frames").join(rows(state, "utterances"), on="utterance_id").filter(pl.col("f0_hz").is_not_null())
    )
    medians = dict(facts.group_by("gender").agg(pl.col("f0_hz").median()).iter_rows())
    assert 95 < medians["M"] < 135
    assert 175 < medians["F"] < 245


def test_the_same_command_again_does_nothing(study: Path, speech: Path, tiny_model) -> None:
    before = sorted(p.name for p in study.rglob("*"))
    settings = {"lambda_pct": 5, "segment_means": "block,ffn"}
    done = ingest(tiny_model(), read_corpus(speech), study, model_name="tiny", quiet=True, **settings)
    assert (done.utterances, done.seconds) == (6, 0)
    assert sorted(p.name for p in study.rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({"seed": 1}, {"lambda_pct": 5}, "other weights"),
        ({}, {"lambda_pct": 4}, "lambda_pct 5"),
        ({"width": 32}, {"lambda_pct": 5}, "other weights|other layers"),
        ({}, {"lambda_pct": 5, "values": True}, "values"),
    ],
)
def test_another_model_of_the_same_name_is_refused(
    study: Path, speech: Path, tiny_model, change: dict, settings: dict, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        ingest(tiny_model(**change), read_corpus(speech), study, model_name="tiny", quiet=True, **settings)


def test_a_second_model_reuses_labels_and_f0(study: Path, speech: Path, tiny_model, tmp_path: Path) -> None:
    path = tmp_path / "w"
    options = {"lambda_pct": 5, "quiet": True}
    ingest(tiny_model(), read_corpus(speech), path, model_name="one", **options)
    before = snapshot(path).files("frames")
    ingest(tiny_model(seed=7), read_corpus(speech), path, model_name="two", **options)
    after = snapshot(path)
    assert after.files("frames") == before
    assert len(rows(after, "recordings")) == 12
    assert sorted(rows(after, "models")["model"]) == ["one", "two"]


def test_ranks_share_the_work_in_any_order(study: Path, speech: Path, tiny_model, tmp_path: Path) -> None:
    for rank in (2, 0, 1):
        ingest(
            tiny_model(), read_corpus(speech), tmp_path / "w", model_name="tiny", lambda_pct=5,
            shard_minutes=0.03, segment_means="block,ffn", rank=rank, world=3, quiet=True,
        )  # fmt: skip
    assert_same_warehouse(tmp_path / "w", study)


def test_torchrun_and_slurm_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.settings import Settings

    monkeypatch.setenv("SLURM_PROCID", "3")
    monkeypatch.setenv("SLURM_NTASKS", "8")
    assert (Settings().rank, Settings().world) == (3, 8)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (Settings().rank, Settings().world) == (1, 2)


def test_a_corpus_may_grow(study: Path, tmp_path: Path, make_speech, tiny_model) -> None:
    folder = make_speech(tmp_path / "speech")
    kept = {p: p.read_bytes() for p in (folder / "audio").glob("u00[45].flac")}
    for path in kept:
        path.unlink()
    options = {"model_name": "tiny", "lambda_pct": 5, "quiet": True}
    assert ingest(tiny_model(), read_corpus(folder), tmp_path / "w", **options).utterances == 4
    for path, content in kept.items():
        path.write_bytes(content)
    assert ingest(tiny_model(), read_corpus(folder), tmp_path / "w", **options).utterances == 6
    grown, whole = snapshot(tmp_path / "w"), snapshot(study)
    columns = [c for c in rows(whole, "activations").columns if c != "frame_id"]
    assert (
        rows(grown, "activations")
        .select(columns)
        .sort(columns)
        .equals(rows(whole, "activations").select(columns).sort(columns))
    )
    assert rows(grown, "recordings")["utterance_id"].n_unique() == 6


def test_a_changed_utterance_is_refused(tmp_path: Path, make_speech, tiny_model) -> None:
    folder = make_speech(tmp_path / "speech")
    options = {"model_name": "tiny", "lambda_pct": 5, "quiet": True}
    ingest(tiny_model(), read_corpus(folder), tmp_path / "w", **options)
    (folder / "metadata.csv").write_text((folder / "metadata.csv").read_text().replace("u003,s0,F", "u003,s0,M"))
    with pytest.raises(CorpusError, match="u003: its audio, labels or metadata"):
        ingest(tiny_model(), read_corpus(folder), tmp_path / "w", **options)


def test_damaged_audio_stops_or_is_skipped_and_noted(tmp_path: Path, make_speech, tiny_model) -> None:
    folder = make_speech(tmp_path / "speech")
    damaged = folder / "audio" / "u002.flac"
    content = damaged.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    options = {"model_name": "tiny", "lambda_pct": 5, "quiet": True, "shard_minutes": 0.03}
    with pytest.raises(CorpusError, match=r"u002\.flac") as stopped:
        ingest(tiny_model(), read_corpus(folder), tmp_path / "w", **options)
    assert "\n" not in str(stopped.value)
    done = ingest(tiny_model(), read_corpus(folder, on_error="skip"), tmp_path / "w", on_error="skip", **options)
    assert done.utterances == 5
    assert [name for name, _ in done.rejected] == ["u002"]
    noted = rows(snapshot(tmp_path / "w"), "ingests").filter(pl.col("finished").is_not_null())["rejected"].to_list()
    assert noted[0][0]["utterance"] == "u002"
    assert "u002.flac" in noted[0][0]["reason"]
    damaged.write_bytes(content)
    again = ingest(tiny_model(), read_corpus(folder, on_error="skip"), tmp_path / "w", on_error="skip", **options)
    assert (again.utterances, again.rejected) == (6, ())


def test_audio_shorter_than_a_frame_is_named(tmp_path: Path, make_speech, tiny_model) -> None:
    folder = make_speech(tmp_path / "speech", n_utterances=2)
    soundfile.write(folder / "audio" / "u001.flac", np.zeros(300, dtype=np.float32), 16_000)
    corpus = Corpus.from_files(folder / "audio", metadata=folder / "metadata.csv", name="made")
    with pytest.raises(CorpusError, match="u001: shorter than the 25 ms of a frame"):
        ingest(tiny_model(), corpus, tmp_path / "w", model_name="tiny", lambda_pct=5, quiet=True)


def test_activations_that_are_no_numbers_name_utterance_and_layer(speech: Path, tiny_model, tmp_path: Path) -> None:
    model = tiny_model()
    with torch.no_grad():
        model.encoder.transformer.layers[1].feed_forward.intermediate_dense.bias[3] = float("nan")
    with pytest.raises(ModelError, match=r"u000.*layer 2"):
        ingest(model, read_corpus(speech), tmp_path / "w", model_name="tiny", lambda_pct=5, quiet=True)


def test_a_corpus_without_labels_is_one_phone(tmp_path: Path, speech: Path, tiny_model) -> None:
    corpus = Corpus.from_files(speech / "audio", metadata=speech / "metadata.csv", name="bare")
    ingest(tiny_model(), corpus, tmp_path / "w", model_name="tiny", lambda_pct=5, quiet=True)
    state = snapshot(tmp_path / "w")
    assert rows(state, "frames")["phone"].unique().to_list() == ["*"]
    assert "phone_class" not in rows(state, "properties")["property"].to_list()


@pytest.mark.parametrize(
    "bad", [{"lambda_pct": 0}, {"shard_minutes": 11}, {"batch": 0}, {"on_error": "go"}, {"rank": 2}]
)
def test_settings_out_of_range_are_named(speech: Path, tiny_model, tmp_path: Path, bad: dict) -> None:
    with pytest.raises(WarehouseError, match=next(iter(bad))):
        ingest(tiny_model(), read_corpus(speech), tmp_path / "w", model_name="tiny", quiet=True, **bad)


@pytest.mark.slow
def test_killed_at_any_instant_it_resumes_to_the_same_tables(
    study: Path, speech: Path, tmp_path: Path, tiny_model
) -> None:
    torch.save(tiny_model().state_dict(), tmp_path / "weights.pt")
    target = tmp_path / "w"
    script = Path(__file__).with_name("ingest_in_a_process.py")
    command = [sys.executable, str(script), str(speech), str(target), str(tmp_path / "weights.pt")]
    random.seed(5)
    finished, kills = False, 0
    while not finished:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()  # it has loaded and starts to work
        # Killed at its very start, the process before left a folder that is no warehouse yet.
        seen = set(snapshot(target).files("activations")) if (target / "warehouse.json").exists() else set()
        try:
            process.wait(timeout=random.uniform(0.0, 0.5) if kills < 15 else None)
            finished = True
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        if (target / "warehouse.json").exists():
            assert seen <= set(snapshot(target).files("activations")), "something committed was lost"
    assert process.returncode == 0
    assert kills >= 5
    assert_same_warehouse(target, study)


def test_readers_see_counts_facts_and_frames_of_the_same_shards(speech: Path, tmp_path: Path, tiny_model) -> None:
    torch.save(tiny_model().state_dict(), tmp_path / "weights.pt")
    target = tmp_path / "w"
    script = Path(__file__).with_name("ingest_in_a_process.py")
    command = [sys.executable, str(script), str(speech), str(target), str(tmp_path / "weights.pt")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    sizes = set()
    while process.poll() is None:
        if (target / "warehouse.json").exists():
            state = snapshot(target)
            frames = sum(row["n_frames"] for row in rows(state, "recordings").to_dicts())
            recorded = rows(state, "activations")
            ids = recorded["frame_id"].unique() if len(recorded) else []
            assert len(ids) == frames
            if frames:
                assert set(ids) <= set(rows(state, "frames")["frame_id"])
                of_phone = rows(state, "frame_counts").filter(property="phone")["n"].sum()
                known = rows(state, "frames").filter(pl.col("frame_id").is_in(ids.implode()), pl.col("phone") != "")
                assert of_phone == len(known)
            sizes.add(frames)
        time.sleep(0.02)
    assert process.returncode == 0
    assert len(sizes) > 2, "the reader never saw the ingest at work"
