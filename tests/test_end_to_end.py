"""The paper's definitions written out again in plain Python, over activations captured by other means.

From audio, TextGrids and a model to property neurons, nothing of the project is used on this side but its grid; on
the other side one ingest and the SQL surface.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ingest import Corpus, ingest
from queries import connect

VOWELS = {"AA", "IY", "UW"}
VOICED = {"M", "N", "L", "Z", "B"}
UNVOICED = {"P", "S", "T", "SH"}
ARPABET_CLASS_SIZES = {"vowel": 15, "voiced": 15, "unvoiced": 9}
READINGS = ("all", "middle", "reference")


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech: Callable[..., Path]) -> Path:
    return make_speech(tmp_path_factory.mktemp("speech"), n_utterances=10, n_speakers=4, seed=3)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model: Callable[..., torch.nn.Module]) -> Path:
    path = tmp_path_factory.mktemp("study") / "study.warehouse"
    corpus = Corpus.from_files(
        speech / "audio", speech / "labels", speech / "metadata.csv", name="made", phones="arpabet"
    )
    ingest(tiny_model(), corpus, path, model_name="tiny", lambda_pct=10, shard_minutes=0.05, quiet=True)
    return path


def intervals(path: Path) -> list[tuple[int, int, str]]:
    found = re.findall(r'xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "(.*)"', path.read_text())
    return [(round(float(a) * 1e6), round(float(b) * 1e6), text) for a, b, text in found]


def frame_phones(labels: list[tuple[int, int, str]], n_frames: int) -> list[str]:
    phones = []
    for frame in range(n_frames):
        start, end = frame * 20_000, (frame + 1) * 20_000
        overlaps = [max(0, min(b, end) - max(a, start)) for a, b, _ in labels]
        phones.append(labels[overlaps.index(max(overlaps))][2])  # index: the earlier one on a tie
    return phones


def frames_that_count(phones: list[str], reading: str) -> list[int]:
    if reading == "all":
        return list(range(len(phones)))
    runs: list[list[int]] = []
    for frame, phone in enumerate(phones):
        if frame and phones[frame - 1] == phone:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    if reading == "reference":
        runs.pop()
    return [(run[0] + run[-1]) // 2 for run in runs]


class Frame:
    """What is known of a frame: phone, class, gender, and the strongest neurons of each layer in order."""

    def __init__(self, phone: str, row: dict[str, str], strongest: list[list[int]]) -> None:
        self.phone = phone
        self.phone_class = "vowel" if phone in VOWELS else "voiced" if phone in VOICED else "unvoiced"
        self.gender, self.speaker = row["gender"], row["speaker"]
        self.strongest = strongest


@pytest.fixture(scope="module")
def observed(speech: Path, tiny_model: Callable[..., torch.nn.Module]) -> dict[str, list[Frame]]:
    """The frames of each reading, silence left out."""
    model = tiny_model()
    taken: list[torch.Tensor] = []
    for block in model.encoder.transformer.layers:
        block.feed_forward.output_dense.register_forward_pre_hook(lambda m, x: taken.append(x[0][0].abs()))
    found: dict[str, list[Frame]] = {reading: [] for reading in READINGS}
    for row in csv.DictReader((speech / "metadata.csv").open()):
        wave, _ = soundfile.read(speech / "audio" / f"{row['utterance']}.flac", dtype="float32")
        taken.clear()
        with torch.inference_mode():
            model(torch.from_numpy(wave)[None])
        orders = [np.argsort(-values.numpy(), axis=1, kind="stable") for values in taken]
        phones = frame_phones(intervals(speech / "labels" / f"{row['utterance']}.TextGrid"), len(orders[0]))
        for reading in READINGS:
            for frame in frames_that_count(phones, reading):
                if phones[frame]:
                    strongest = [order[frame].tolist() for order in orders]
                    found[reading].append(Frame(phones[frame], row, strongest))
    return found


def property_neurons(
    frames: list[Frame], prop: str, layer: int, k: int, sigma: float, baseline: float, reading: str
) -> tuple[dict, dict[str, set[int]]]:
    """Equations 3 to 5: p by (group, phone, neuron), and G_i by group."""
    cells: Counter = Counter()
    active: Counter = Counter()
    for frame in frames:
        group = getattr(frame, prop)
        cells[group, frame.phone] += 1
        for neuron in frame.strongest[layer - 1][:k]:
            active[group, frame.phone, neuron] += 1
    p = {(g, phone, j): n / cells[g, phone] for (g, phone, j), n in active.items()}
    phones_of = defaultdict(set)
    for (group, _phone, neuron), value in p.items():
        if value > baseline:
            phones_of[group, neuron].add(_phone)
    shown = {group: {phone for g, phone in cells if g == group} for group, _ in cells}
    candidates: dict[str, set[int]] = defaultdict(set)
    for (group, neuron), found in phones_of.items():
        size = len(shown[group])
        if reading == "reference":
            size = ARPABET_CLASS_SIZES[group] if prop == "phone_class" else 39
        if len(found) >= sigma * size - 1e-9:
            candidates[group].add(neuron)
    everywhere = Counter(neuron for neurons in candidates.values() for neuron in neurons)
    return p, {group: {j for j in neurons if everywhere[j] == 1} for group, neurons in candidates.items()}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("prop", ["phone_class", "gender", "speaker"])
@pytest.mark.parametrize(
    ("lambda_pct", "k", "sigma", "baseline"),
    [(None, 6, 0.8, None), (None, 6, 0.2, None), (5.0, 3, 0.3, None), (2.0, 1, 0.1, 0.05), (None, 6, 0.05, 0.3)],
)
def test_sql_gives_what_the_definitions_give(
    study: Path,
    observed: dict[str, list[Frame]],
    prop: str,
    reading: str,
    lambda_pct: float | None,
    k: int,
    sigma: float,
    baseline: float | None,
) -> None:
    options = f"p_property := '{prop}', p_frames := '{reading}'"
    if lambda_pct is not None:
        options += f", p_lambda := {lambda_pct}"
    sets = f"{options}, p_sigma := {sigma}" + (f", p_baseline := {baseline}" if baseline is not None else "")
    threshold = k / 64 if baseline is None else baseline
    with connect(study) as con:
        p_rows = con.sql(f'SELECT layer, "group", phone, neuron, p FROM activation_probabilities({options})').fetchall()
        g_rows = con.sql(f'SELECT layer, "group", neuron FROM group_neurons({sets})').fetchall()
        all_rows = con.sql(f"SELECT layer, neuron FROM property_neurons({sets})").fetchall()
    for layer in (1, 2):
        p, groups = property_neurons(observed[reading], prop, layer, k, sigma, threshold, reading)
        mine = {(group, phone, neuron): value for number, group, phone, neuron, value in p_rows if number == layer}
        assert mine.keys() == p.keys()
        assert all(abs(mine[key] - p[key]) < 1e-12 for key in p)
        expected = {(group, neuron) for group, neurons in groups.items() for neuron in neurons}
        assert {(group, neuron) for number, group, neuron in g_rows if number == layer} == expected
        assert sorted(n for number, n in all_rows if number == layer) == sorted(n for _, n in expected)


def test_the_cases_are_not_empty(study: Path) -> None:
    with connect(study) as con:
        for sigma in (0.2, 0.3):
            assert con.sql(f"FROM property_neurons(p_property := 'gender', p_sigma := {sigma})").fetchall()
