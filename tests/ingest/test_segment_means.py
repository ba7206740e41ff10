"""Means over the frames of phone segments, against activations captured separately and segments looked for by hand."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import Corpus, ingest, wrap
from ingest.means import IN_CACHE, Segments, segment_means, segments_of
from ingest.recorder import Recorder
from ingest.settings import Settings
from queries import connect
from queries.checks import run_checks
from warehouse import ModelError, WarehouseError, snapshot
from warehouse.compact import compact

Key = tuple[str, int, str, int]
"""Kind, layer, utterance and segment."""

HOP_US = 20_000
OPTIONS: dict[str, Any] = {"model_name": "tiny", "lambda_pct": 5, "shard_minutes": 0.06, "f0": False, "quiet": True}
BOTH = ("block", "ffn")


def read_corpus(folder: Path, name: str = "made", **options: Any) -> Corpus:
    return Corpus.from_files(
        folder / "audio", folder / "labels", folder / "metadata.csv", name=name, phones="arpabet", **options
    )


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech: Any) -> Path:
    """Four utterances, in pairs of equal length."""
    folder = make_speech(tmp_path_factory.mktemp("speech"), n_utterances=4, seed=2)
    for number in (0, 2):
        first, other = (folder / "audio" / f"u{n:03d}.flac" for n in (number, number + 1))
        wave, rate = soundfile.read(first, dtype="float32")
        soundfile.write(other, wave[::-1] * 0.7, rate)
        shutil.copy(folder / "labels" / f"u{number:03d}.TextGrid", folder / "labels" / f"u{number + 1:03d}.TextGrid")
    # One of them has other segments than the one that it goes through the model with, and gaps.
    (folder / "labels" / "u003.TextGrid").write_text(_textgrid([(7, 8, "AA"), (8, 31, "S"), (33, 34, "IY")]))
    return folder


def _textgrid(intervals: list[tuple[int, int, str]]) -> str:
    """Intervals in hundredths of a second."""
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", "xmax = 0.34", "tiers? <exists>"]
    lines += ["size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"', '        name = "phones"']
    lines += ["        xmin = 0", "        xmax = 0.34", f"        intervals: size = {len(intervals)}"]
    for number, (start, end, phone) in enumerate(intervals, start=1):
        lines += [f"        intervals [{number}]:", f"            xmin = {start / 100}"]
        lines += [f"            xmax = {end / 100}", f'            text = "{phone}"']
    return "\n".join(lines) + "\n"


def spans(folder: Path) -> dict[str, list[tuple[int, int]]]:
    """Start and end of every segment of an utterance, microseconds, as the warehouse numbers them."""
    state = snapshot(folder)
    found: dict[str, list[tuple[int, int]]] = {}
    names = dict(rows(state.files("utterances")).select("utterance_id", "utterance").iter_rows())
    for row in rows(state.files("segments")).sort("utterance_id", "segment").iter_rows(named=True):
        span = round(row["start_s"] * 1e6), round(row["end_s"] * 1e6)
        found.setdefault(names[row["utterance_id"]], []).append(span)
    return found


def rows(files: tuple[str, ...] | list[str]) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in files], how="diagonal")


def segment_of(segments: list[tuple[int, int]], frame: int) -> int:
    """The segment that overlaps a frame's hop the longest, the earlier one on a tie."""
    start = frame * HOP_US
    overlaps = [min(b, start + HOP_US) - max(a, start) for a, b in segments]
    return overlaps.index(max(overlaps))


def captured(module: torch.nn.Module, wave: np.ndarray) -> Iterator[tuple[str, int, np.ndarray]]:
    """Kind, layer and activations (T, D) of one plain pass."""
    found: list[tuple[str, int, np.ndarray]] = []

    def keep(kind: str, layer: int) -> Any:
        def hook(module: torch.nn.Module, args: Any, output: Any = None) -> None:
            value = output if kind == "block" else args[0]
            found.append((kind, layer, (value[0] if isinstance(value, tuple) else value)[0].double().numpy()))

        return hook

    handles = []
    for layer, block in enumerate(module.encoder.transformer.layers, start=1):
        handles.append(block.feed_forward.output_dense.register_forward_pre_hook(keep("ffn", layer)))
        handles.append(block.register_forward_hook(keep("block", layer)))
    with torch.inference_mode():
        module(torch.from_numpy(wave)[None])
    for handle in handles:
        handle.remove()
    return iter(found)


def by_hand(folder: Path, speech: Path, module: torch.nn.Module) -> dict[Key, tuple[int, np.ndarray]]:
    """Of every segment with a frame: how many, and the mean over them."""
    expected = {}
    for name, segments in spans(folder).items():
        wave, _ = soundfile.read(speech / "audio" / f"{name}.flac", dtype="float32")
        for kind, layer, values in captured(module, wave):
            of_frame = [segment_of(segments, frame) for frame in range(len(values))]
            for segment in set(of_frame):
                frames = [frame for frame, other in enumerate(of_frame) if other == segment]
                expected[kind, layer, name, segment] = len(frames), values[frames].sum(0) / len(frames)
    return expected


def recorded(folder: Path) -> dict[Key, tuple[int, np.ndarray]]:
    with connect(folder) as con:
        found = con.sql(
            "SELECT kind, layer, utterance, segment, n_frames, mean FROM segment_means JOIN utterances "
            "USING (utterance_id)"
        ).fetchall()
    assert len({row[:4] for row in found}) == len(found)
    return {row[:4]: (row[4], np.array(row[5])) for row in found}


def assert_same(found: dict[Key, tuple[int, np.ndarray]], expected: dict[Key, tuple[int, np.ndarray]]) -> None:
    assert found.keys() == expected.keys()
    for key, (n, mean) in expected.items():
        assert found[key][0] == n
        np.testing.assert_allclose(found[key][1], mean, atol=1e-5)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model: Any) -> Path:
    """An undisturbed run."""
    path = tmp_path_factory.mktemp("study") / "study.warehouse"
    ingest(tiny_model(), read_corpus(speech), path, segment_means=BOTH, **OPTIONS)
    return path


@pytest.fixture(scope="module")
def expected(study: Path, speech: Path, tiny_model: Any) -> dict[Key, tuple[int, np.ndarray]]:
    return by_hand(study, speech, tiny_model())


def test_means_are_those_of_the_frames_of_a_segment(study: Path, expected: dict[Key, tuple[int, np.ndarray]]) -> None:
    assert_same(recorded(study), expected)
    assert {key[:2] for key in expected} == {("ffn", 1), ("ffn", 2), ("block", 1), ("block", 2)}
    # The phones of 10 ms, 1 and 4, share a frame with what comes before them for as long.
    assert len(spans(study)["u003"]) == 6
    assert {segment for _, _, name, segment in expected if name == "u003"} == {0, 2, 3, 5}


def test_batches_give_the_same(
    speech: Path, tiny_model: Any, tmp_path: Path, expected: dict[Key, tuple[int, np.ndarray]]
) -> None:
    options = {**OPTIONS, "shard_minutes": 10, "segment_means": "block,ffn"}
    ingest(tiny_model(), read_corpus(speech), tmp_path / "w", batch=4, **options)
    assert_same(recorded(tmp_path / "w"), expected)


class Block(torch.nn.Module):
    """Adds without rounding what it is given in whole numbers, so that a batch has every bit of its utterances."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = torch.nn.Linear(320, 40), torch.nn.Linear(40, 320)
        for parameter in self.parameters():
            parameter.data = torch.from_numpy(np.random.default_rng(1).integers(-1, 2, parameter.shape)).float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.fc2(torch.relu(self.fc1(x)))


class WholeNumbers(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([Block()])

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        return self.layers[0](waveforms.unfold(1, 320, 320))


def test_a_batch_gives_each_utterance_its_own() -> None:
    model = wrap(WholeNumbers().eval(), hop_ms=20)
    waves = list(np.random.default_rng(0).integers(-3, 4, (2, 6_400)).astype(np.float32))
    numbers = [np.arange(20) // 3, np.arange(20) // 7 * 2]
    segments = [{model.grid: Segments.of(of)} for of in numbers]
    with Recorder(model, 5, segment_means=BOTH) as recorder:
        alone = recorder.record(waves, segments)
        assert recorder.batches(2, 6_400)
        together, one_of_them = recorder.record(waves, segments), recorder.record(waves, [None, segments[1]])
    for wave, of, *recordings in zip(waves, numbers, alone, together, strict=True):
        x, block = torch.from_numpy(wave).view(20, 320), model.module.layers[0]
        for kind, values in (("ffn", torch.relu(block.fc1(x))), ("block", block(x))):
            means = np.stack([values.detach().numpy()[of == number].mean(0) for number in np.unique(of)])
            for recording in recordings:
                np.testing.assert_allclose(recording.segment_means[kind][0], means, rtol=1e-6)
    for kind in BOTH:
        first, second = (recording.segment_means[kind][0] for recording in one_of_them)
        assert first is None
        assert np.array_equal(second, together[1].segment_means[kind][0])


def test_one_kind_alone_and_without_means_per_utterance(
    speech: Path, tiny_model: Any, tmp_path: Path, expected: dict[Key, tuple[int, np.ndarray]]
) -> None:
    ingest(tiny_model(), read_corpus(speech), tmp_path / "w", means=False, segment_means=("block",), **OPTIONS)
    assert_same(recorded(tmp_path / "w"), {key: value for key, value in expected.items() if key[0] == "block"})
    assert snapshot(tmp_path / "w").rows("utterance_means") == 0


def test_it_resumes_between_shards_and_within_one(
    speech: Path, tiny_model: Any, tmp_path: Path, expected: dict[Key, tuple[int, np.ndarray]]
) -> None:
    options = {**OPTIONS, "segment_means": BOTH, "batch": 2}
    damaged = tmp_path / "speech"
    shutil.copytree(speech, damaged)
    broken = damaged / "audio" / "u001.flac"
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    model = tiny_model()

    def interrupt(module: torch.nn.Module, args: Any) -> None:
        if snapshot(tmp_path / "w").files("recordings"):
            raise KeyboardInterrupt

    handle = model.encoder.register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        ingest(model, read_corpus(damaged, on_error="skip"), tmp_path / "w", on_error="skip", **options)
    handle.remove()
    first = len(recorded(tmp_path / "w"))
    done = ingest(model, read_corpus(damaged, on_error="skip"), tmp_path / "w", on_error="skip", **options)
    assert [name for name, _ in done.rejected] == ["u001"]
    second = recorded(tmp_path / "w")
    assert 0 < first < len(second) < len(expected)
    broken.write_bytes(content)
    ingest(model, read_corpus(damaged), tmp_path / "w", **options)
    assert_same(recorded(tmp_path / "w"), expected)
    assert [check for check in run_all(tmp_path / "w") if check.rows] == []


def run_all(folder: Path) -> list[Any]:
    with connect(folder) as con:
        return run_checks(con)


def test_compaction_keeps_them_in_order(
    study: Path, tmp_path: Path, expected: dict[Key, tuple[int, np.ndarray]]
) -> None:
    path = Path(shutil.copytree(study, tmp_path / "w"))
    assert len(snapshot(path).files("segment_means")) > 1
    compact(snapshot(path).layout, keep_seconds=0)
    (file,) = snapshot(path).files("segment_means")
    keys = rows([file]).select("kind", "layer", "utterance_id", "segment").rows()
    assert keys == sorted(keys)
    assert_same(recorded(path), expected)
    assert [check for check in run_all(path) if check.rows] == []


def test_a_corpus_without_labels_has_whole_utterances(
    speech: Path, tiny_model: Any, tmp_path: Path, capsys: Any
) -> None:
    corpus = Corpus.from_files(speech / "audio", name="bare")
    ingest(tiny_model(), corpus, tmp_path / "w", segment_means=("ffn",), **{**OPTIONS, "quiet": False})
    said = "corpus 'bare' has no phone labels: segment means are those of whole utterances"
    assert " ".join(capsys.readouterr().err.split()).count(said) == 1
    with connect(tmp_path / "w") as con:
        pairs = con.sql(
            "SELECT s.segment, s.n_frames = u.n_frames, s.mean, u.mean "
            "FROM segment_means AS s JOIN utterance_means AS u USING (kind, layer, utterance_id)"
        ).fetchall()
    assert len(pairs) == 4 * 2
    for segment, same, mean, of_utterance in pairs:
        assert (segment, same) == (0, True)
        np.testing.assert_allclose(mean, of_utterance, atol=1e-5)


@pytest.mark.parametrize(
    ("asked", "said"), [((), "block, ffn \\(here none\\)"), (("ffn",), r"block, ffn \(here ffn\)")]
)
def test_other_segment_means_under_one_name_are_refused(
    study: Path, speech: Path, tiny_model: Any, asked: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ModelError, match=f"with segment_means {said}; give this one another --name"):
        ingest(tiny_model(), read_corpus(speech), study, segment_means=asked, **OPTIONS)


def test_a_model_of_before_they_could_be_asked_for_goes_on_without(
    speech: Path, tiny_model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "w"
    ingest(tiny_model(), read_corpus(speech), path, **OPTIONS)
    assert not snapshot(path).files("segment_means")
    manifest = path / "manifests" / "model-tiny.json"
    content = json.loads(manifest.read_text())
    assert content["facts"].pop("segment_means") == []
    manifest.write_text(json.dumps(content))
    assert ingest(tiny_model(), read_corpus(speech), path, **OPTIONS).utterances == 4
    with pytest.raises(ModelError, match=r"segment_means none \(here block\)"):
        ingest(tiny_model(), read_corpus(speech), path, segment_means=("block",), **OPTIONS)


def test_means_that_a_model_does_not_have_are_refused(speech: Path, tiny_model: Any, tmp_path: Path) -> None:
    model = wrap(tiny_model(), layers=["feature_extractor.conv_layers.6.conv"], hop_ms=20, window_ms=25, offset_ms=12.5)
    with pytest.raises(ModelError, match=r"segment means of block, but no recorded layer .*: ask for ffn alone"):
        ingest(model, read_corpus(speech), tmp_path / "w", segment_means=BOTH, **OPTIONS)
    assert not (tmp_path / "w").exists()


def test_labels_of_other_audio_are_refused(tiny_model: Any) -> None:
    model = wrap(tiny_model())
    segments = [{model.grid: Segments.of(np.zeros(50, np.int32))}]
    with (
        Recorder(model, 5, segment_means=BOTH) as recorder,
        pytest.raises(ModelError, match="16000 samples are 49 frames where the labels have 50: restore the audio"),
    ):
        recorder.record([np.zeros(16_000, np.float32)], segments)


@pytest.mark.parametrize("wrong", ["blocks", "block ffn", ("ffn", "attention"), True, ""])
def test_a_wrong_kind_is_named(wrong: object) -> None:
    with pytest.raises(WarehouseError, match=r"segment_means is .*; give 'block', 'ffn' or both") as refused:
        Settings(segment_means=wrong)  # type: ignore[arg-type]
    assert repr(wrong) in str(refused.value)


def test_kinds_are_told_as_text_or_names_in_any_order() -> None:
    assert Settings().segment_means == ()
    assert Settings(segment_means=["ffn", "block", "ffn"]).segment_means == BOTH  # type: ignore[arg-type]
    assert Settings(segment_means="ffn").segment_means == ("ffn",)  # type: ignore[arg-type]


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, list[list[int] | None]]:
    """Activations (batch, T, D), often far from 0, and the segments' numbers of each frame in any order."""
    width = draw(st.sampled_from([1, 3, 17, IN_CACHE // 5, IN_CACHE + 1]))
    batch, n_frames = draw(st.integers(1, 4)), draw(st.integers(1, min(40, 3 * IN_CACHE // width)))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    x = random.standard_normal((batch, n_frames, width)) + draw(st.sampled_from([0.0, 100.0, -3e4]))
    of = st.none() | st.lists(st.integers(0, 9), min_size=n_frames, max_size=n_frames)
    return x.astype(np.float32), [draw(of) for _ in range(batch)]


@given(labelled())
@settings(max_examples=50, deadline=None)
def test_sums_are_those_of_the_definition(drawn: tuple[np.ndarray, list[list[int] | None]]) -> None:
    x, numbers = drawn
    segments = [None if of is None else Segments.of(np.array(of, np.int32)) for of in numbers]
    for values, of, segment, means in zip(
        x, numbers, segments, segment_means(torch.from_numpy(x), segments), strict=True
    ):
        if of is None or segment is None or means is None:
            assert of is segment is means is None
            continue
        assert segment.numbers.tolist() == sorted(set(of))
        assert segment.n_frames.tolist() == [of.count(number) for number in segment.numbers]
        assert means.dtype == torch.float32
        for number, mean in zip(segment.numbers, means.numpy(), strict=True):
            own = values.astype(np.float64)[[i for i, other in enumerate(of) if other == number]]
            assert np.array_equal(mean, own.mean(0).astype(np.float32)) or np.allclose(mean, own.mean(0), rtol=1e-7)


@given(st.lists(st.tuples(st.integers(0, 99), st.lists(st.integers(0, 5), min_size=1, max_size=9)), max_size=6))
def test_frames_are_cut_into_utterances(drawn: list[tuple[int, list[int]]]) -> None:
    by_utterance = dict(drawn)
    columns = {
        "utterance_id": [number for number, of in by_utterance.items() for _ in of],
        "segment": [segment for of in by_utterance.values() for segment in of],
    }
    frames = pa.table(columns, schema=pa.schema([("utterance_id", pa.int64()), ("segment", pa.int32())]))
    found = segments_of(frames)
    assert list(found) == list(by_utterance)
    for number, of in by_utterance.items():
        assert found[number].numbers[found[number].of_frame.numpy()].tolist() == of
