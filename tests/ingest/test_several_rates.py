"""Models whose layers have frames at different rates, or one an utterance [B]: from modules to sets of neurons.

A temporal CNN with known weights is written a second time in NumPy, frames are labelled by looking at every interval,
and the sets are made by the definitions of [A] word for word.
"""

import re
import shutil
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn

from ingest import Corpus, ingest, wrap
from ingest.models import SpeechModel
from ingest.recorder import Recorder
from queries import connect
from queries.certainty import bootstrap_sets, permutation_null, stability_by_amount
from queries.checks import Check, run_checks
from queries.confounds import confounds
from queries.curves import sizes_by_lambda, sizes_by_sigma
from queries.declare import declare_property
from queries.live_sets.answer import answer
from queries.live_sets.counts import Counts
from queries.live_sets.question import Question
from queries.neuron_card import Neuron, alike
from queries.patterns import neuron_clusters, pattern_matrices
from warehouse import ModelError, snapshot
from warehouse.compact import compact
from warehouse.grid import Grid
from warehouse.properties import UNVOICED, VOICED, VOWELS, Bins, Property, declare

WIDTHS = (20, 24, 18, 30, 15, 6)
LAMBDA = 10.0
TOP = [max(1, int(LAMBDA * width / 100 + 0.5)) for width in WIDTHS]
WINDOW, HOP = 400, 160


class Cnn(nn.Module):
    """Four convolutions over log energies of 10 ms frames, mean pooling, and two fully connected layers.

    The biases of the last two are such that what they give is around 0: which neurons are the strongest then depends on
    the utterance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.Conv1d(1, 16, WINDOW, HOP, bias=False)
        self.cnn = nn.ModuleList(
            [
                nn.Conv1d(16, WIDTHS[0], 5),
                nn.Conv1d(WIDTHS[0], WIDTHS[1], 7, stride=2),
                nn.Conv1d(WIDTHS[1], WIDTHS[2], 1),
                nn.Conv1d(WIDTHS[2], WIDTHS[3], 3, padding=1),
            ]
        )
        self.fc1 = nn.Linear(WIDTHS[3], WIDTHS[4])
        self.fc2 = nn.Linear(WIDTHS[4], WIDTHS[5])

    def forward(self, waveforms: Tensor) -> Tensor:
        x = (self.bands(waveforms[:, None]).square() + 1e-4).log()
        for layer in self.cnn:
            x = layer(x).relu()
        return self.fc2(self.fc1(x.mean(2)).relu())


def make() -> Cnn:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        module = Cnn().eval()
        # Voice-like sounds, high and low: what the pooled layers give for them on average becomes 0.
        time = torch.arange(8_000) / 16_000
        hums = [sum(torch.sin(2 * torch.pi * hum * k * time) / k for k in range(1, 13)) for hum in (115.0, 210.0)]
        noise = torch.randn(2, 8_000) / 100
        with torch.no_grad():
            for linear in (module.fc1, module.fc2):
                seen = []
                handle = linear.register_forward_hook(lambda m, x, y, seen=seen: seen.append(y))
                module(0.15 * torch.stack(hums) + noise)
                handle.remove()
                linear.bias -= seen[0].mean(0)
        return module


def convolved(x: np.ndarray, layer: nn.Conv1d) -> np.ndarray:
    """(channels, frames) -> (channels, frames), window by window."""
    weight = layer.weight.detach().numpy()  # (out, in, kernel)
    (kernel,), (stride,), (padding,) = layer.kernel_size, layer.stride, layer.padding
    x = np.pad(x, ((0, 0), (padding, padding)))
    rows = [np.tensordot(weight, x[:, at : at + kernel], 2) for at in range(0, x.shape[1] - kernel + 1, stride)]
    bias = 0 if layer.bias is None else layer.bias.detach().numpy()[:, None]
    return np.stack(rows, 1) + bias


def by_hand(module: Cnn, wave: np.ndarray) -> list[np.ndarray]:
    """What each named module gives, (frames, D)."""
    x = np.log(convolved(wave[None].astype(np.float64), module.bands) ** 2 + 1e-4)
    found = []
    for layer in module.cnn:
        x = convolved(x, layer)
        found.append(x.T)
        x = np.maximum(x, 0)
    row = x.mean(1)
    for linear in (module.fc1, module.fc2):
        row = linear.weight.detach().numpy() @ row + linear.bias.detach().numpy()
        found.append(row[None])
        row = np.maximum(row, 0)
    return found


# Hop and window in samples, worked out on paper: each convolution adds (kernel - 1) hops to the window.
GRIDS = [
    Grid(10_000, 32_500, 65_000),  # 25 ms + 4 · 10 ms
    Grid(20_000, 62_500, 125_000),  # + 6 · 10 ms
    Grid(20_000, 62_500, 125_000),
    Grid(20_000, 62_500, 125_000),  # + 2 · 20 ms, of which padding gives all
    Grid.UTTERANCE,
    Grid.UTTERANCE,
]


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    return wrap(make(), layers=["cnn.*", "fc*"])


def test_rates_widths_and_axes_are_found(model: SpeechModel) -> None:
    assert [site.site for site in model.sites] == ["cnn.0", "cnn.1", "cnn.2", "cnn.3", "fc1", "fc2"]
    assert [site.n_neurons for site in model.sites] == list(WIDTHS)
    assert [model.grid_of(site) for site in model.sites] == GRIDS
    assert [site.axes for site in model.sites] == ["bct"] * 4 + ["bc"] * 2
    assert model.grid == GRIDS[0]
    assert model.grids == (GRIDS[0], GRIDS[1], Grid.UTTERANCE)


def test_what_is_recorded_is_what_numpy_computes(model: SpeechModel) -> None:
    wave = np.random.default_rng(0).standard_normal(9_000).astype(np.float32) / 10
    truth = by_hand(model.module, wave)
    with Recorder(model, LAMBDA, values=True) as recorder:
        recording, other = recorder.record([wave, wave[::-1].copy()])
    assert recording.n_frames == len(truth[0]) == GRIDS[0].n_frames(9_000, 16_000)
    for place, expected in enumerate(truth):
        ranked = np.argsort(-np.abs(expected), axis=1, kind="stable")[:, : TOP[place]]
        assert np.array_equal(recording.neurons[place], ranked)
        assert np.allclose(recording.values[place], np.take_along_axis(expected, ranked, 1), atol=1e-4)
        assert np.allclose(recording.ffn_mean[place], expected.mean(0), atol=1e-4)
        assert np.allclose(recording.ffn_std[place], expected.std(0), atol=1e-4)
        assert other.neurons[place].shape == ranked.shape


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech) -> Path:
    return make_speech(tmp_path_factory.mktemp("speech"), n_utterances=8, n_speakers=4, seed=3)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, speech: Path, model: SpeechModel) -> Path:
    path = tmp_path_factory.mktemp("rates") / "rates.warehouse"
    files = speech / "audio", speech / "labels", speech / "metadata.csv"
    corpus = Corpus.from_files(*files, name="made", phones="arpabet")
    settings = {"lambda_pct": LAMBDA, "shard_minutes": 0.06, "batch": 2, "segment_means": ("ffn",)}
    ingest(model, corpus, path, model_name="cnn", quiet=True, **settings)
    return path


def intervals(path: Path) -> list[tuple[Fraction, Fraction, str]]:
    """Intervals of a TextGrid in hundredths of a second."""
    found = re.findall(r'xmin = ([\d.]+)\n\s+xmax = ([\d.]+)\n\s+text = "(\w*)"', path.read_text())
    return [(Fraction(a) * 100, Fraction(b) * 100, phone) for a, b, phone in found]


def interval_of(tiers: list[tuple[Fraction, Fraction, str]], frame: int, hop: int) -> int:
    """The interval that overlaps the hop around a frame's centre the longest, the earlier one on a tie."""
    centre = Fraction(GRIDS[0 if hop == 1 else 1].offset_us, 10_000) + frame * hop
    start, end = centre - Fraction(hop, 2), centre + Fraction(hop, 2)
    overlaps = [max(Fraction(0), min(b, end) - max(a, start)) for a, b, _ in tiers]
    return overlaps.index(max(overlaps))


CLASS = {**dict.fromkeys(VOWELS, "vowel"), **dict.fromkeys(VOICED, "voiced"), **dict.fromkeys(UNVOICED, "unvoiced")}


@pytest.fixture(scope="module")
def frames(speech: Path, model: SpeechModel) -> list[list[dict]]:
    """Of each layer every frame: utterance, phone ('*' where it stands for the utterance), gender, active neurons."""
    found: list[list[dict]] = [[] for _ in WIDTHS]
    for row in (speech / "metadata.csv").read_text().splitlines()[1:]:
        name, speaker, gender, *_ = row.split(",")
        wave, _ = soundfile.read(speech / "audio" / f"{name}.flac", dtype="float32")
        tiers = intervals(speech / "labels" / f"{name}.TextGrid")
        for place, values in enumerate(by_hand(model.module, wave)):
            hop = GRIDS[place].hop_us // 10_000
            for frame, of_frame in enumerate(values):
                active = np.argsort(-np.abs(of_frame), kind="stable")[: TOP[place]].tolist()
                phone = tiers[interval_of(tiers, frame, hop)][2] if hop else "*"
                found[place].append(
                    {"name": name, "frame": frame, "phone": phone, "gender": gender, "s": speaker, "active": active}
                )
    return found


def candidates_of(frames: list[dict], place: int, group_of, sigma: float) -> set[tuple[str, int]]:
    """N_i of [A] §4.1, word for word."""
    n_frames: dict = defaultdict(int)
    n_active: dict = defaultdict(int)
    for frame in frames:
        group = group_of(frame)
        if group is not None and frame["phone"] != "":
            n_frames[group, frame["phone"]] += 1
            for neuron in frame["active"]:
                n_active[group, frame["phone"], neuron] += 1
    groups = {group for group, _ in n_frames}
    found = set()
    for group in groups:
        phones = [phone for of, phone in n_frames if of == group]
        found |= {
            (group, neuron)
            for neuron in range(WIDTHS[place])
            if sum(
                Fraction(n_active[group, phone, neuron], n_frames[group, phone]) > Fraction(TOP[place], WIDTHS[place])
                for phone in phones
            )
            >= sigma * len(phones) - 1e-9
        }
    return found


def group_neurons(frames: list[dict], place: int, group_of, sigma: float) -> set[tuple[str, int]]:
    """G_i: N_i without every other N_j."""
    candidates = candidates_of(frames, place, group_of, sigma)
    return {(group, n) for group, n in candidates if not any(m == n and g != group for g, m in candidates)}


def of_gender(frame: dict) -> str:
    return frame["gender"]


def of_class(frame: dict) -> str | None:
    return CLASS.get(frame["phone"])


def expected_sets(frames: list[list[dict]], group_of, sigma: float, of=group_neurons) -> set[tuple[int, str, int]]:
    return {
        (place + 1, group, neuron)
        for place in range(len(WIDTHS))
        for group, neuron in of(frames[place], place, group_of, sigma)
    }


def test_the_tables_say_each_layers_frames(warehouse: Path, frames: list[list[dict]]) -> None:
    with connect(warehouse) as con:
        layers = con.sql("SELECT layer, site, n_neurons, top_k, hop_us, offset_us, window_us FROM layers ORDER BY 1")
        assert layers.fetchall() == [
            (place + 1, site, WIDTHS[place], TOP[place], grid.hop_us, grid.offset_us, grid.window_us)
            for place, (site, grid) in enumerate(
                zip(["cnn.0", "cnn.1", "cnn.2", "cnn.3", "fc1", "fc2"], GRIDS, strict=True)
            )
        ]
        recorded = con.sql(
            """
            SELECT a.layer, u.utterance, f.frame, f.phone, list(a.neuron ORDER BY a."rank")
            FROM activations AS a JOIN frames AS f USING (frame_id) JOIN utterances AS u USING (utterance_id)
            GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        assert recorded == sorted(
            (place + 1, f["name"], f["frame"], f["phone"], f["active"])
            for place, of_layer in enumerate(frames)
            for f in of_layer
        )
        per_layer = con.sql("SELECT layer, any_value(n_frames) FROM utterance_means GROUP BY 1 ORDER BY 1").fetchall()
        assert [n for layer, n in per_layer if layer > 4] == [1, 1]
        assert con.sql("SELECT count(*), min(n_frames) > 50 FROM recordings").fetchall() == [(8, True)]


def test_means_of_segments_are_over_each_layers_frames(warehouse: Path, speech: Path, model: SpeechModel) -> None:
    expected = {}
    for audio in (speech / "audio").iterdir():
        wave, _ = soundfile.read(audio, dtype="float32")
        tiers = intervals(speech / "labels" / f"{audio.stem}.TextGrid")
        for place, values in enumerate(by_hand(model.module, wave)[:4]):
            of_frame = [interval_of(tiers, frame, GRIDS[place].hop_us // 10_000) for frame in range(len(values))]
            for segment in set(of_frame):
                own = values[[other == segment for other in of_frame]]
                expected[place + 1, audio.stem, segment] = len(own), own.sum(0) / len(own)
    with connect(warehouse) as con:
        found = con.sql(
            "SELECT layer, utterance, segment, n_frames, mean FROM segment_means JOIN utterances USING (utterance_id)"
        ).fetchall()
        assert con.sql("SELECT DISTINCT kind FROM segment_means").fetchall() == [("ffn",)]
    assert {row[:3] for row in found} == expected.keys()
    assert len(found) == len(expected)
    for layer, name, segment, n_frames, mean in found:
        assert n_frames == expected[layer, name, segment][0]
        np.testing.assert_allclose(mean, expected[layer, name, segment][1], atol=1e-4)


@pytest.mark.parametrize("sigma", [0.5, 0.8])
@pytest.mark.parametrize(("prop", "group_of"), [("gender", of_gender), ("phone_class", of_class)])
def test_sets_are_those_of_the_definitions(
    warehouse: Path, frames: list[list[dict]], prop: str, group_of, sigma: float
) -> None:
    expected = expected_sets(frames, group_of, sigma)
    call = f"group_neurons(p_property := '{prop}', p_sigma := {sigma}{{}})"
    with connect(warehouse) as con:
        for more in ("", ", p_where := 'true'", f", p_lambda := {LAMBDA}"):
            found = con.sql(f'SELECT layer, "group", neuron FROM {call.format(more)}').fetchall()
            assert set(found) == expected
        one_by_one = [
            row
            for layer in range(1, 7)
            for row in con.sql(f'SELECT layer, "group", neuron FROM {call.format(f", p_layer := {layer}")}').fetchall()
        ]
        assert set(one_by_one) == expected
        expected = expected_sets(frames, group_of, sigma, candidates_of)
        asked = call.format("").replace("group_neurons", "group_candidates")
        assert set(con.sql(f'SELECT layer, "group", neuron FROM {asked}').fetchall()) == expected
    # Utterances have a gender, and no phone class.
    assert {layer for layer, *_ in expected if layer > 4} == ({5, 6} if prop == "gender" else set())


def test_pooled_layers_have_neurons_of_one_gender(frames: list[list[dict]]) -> None:
    assert {layer for layer, *_ in expected_sets(frames, of_gender, 0.8)} >= {5, 6}
    assert len({tuple(f["active"]) for f in frames[4]}) > 2


def test_a_condition_narrows_frames_of_every_rate(warehouse: Path, frames: list[list[dict]]) -> None:
    kept = [[f for f in of_layer if f["s"] != "s0"] for of_layer in frames]
    with connect(warehouse) as con:
        where = "p_where := 'speaker <> ''s0'''"
        sql = f"SELECT layer, \"group\", neuron FROM group_neurons(p_property := 'gender', {where})"
        assert set(con.sql(sql).fetchall()) == expected_sets(kept, of_gender, 0.8)
        # A frame that stands for an utterance has no phone, so a condition on phones leaves none.
        sql = "SELECT DISTINCT layer FROM activation_probabilities(p_property := 'gender', p_where := 'phone = ''AA''')"
        assert {layer for (layer,) in con.sql(sql).fetchall()} == {1, 2, 3, 4}


def test_every_reading_counts_whole_utterances(warehouse: Path) -> None:
    with connect(warehouse) as con:
        counts = [
            con.sql(
                "SELECT \"group\", phone, n_frames FROM counted_cells(p_property := 'gender', p_layer := 6, "
                f"p_frames := '{reading}') ORDER BY ALL"
            ).fetchall()
            for reading in ("all", "middle", "reference")
        ]
        assert counts == [[("F", "*", 4), ("M", "*", 4)]] * 3
        groups = "SELECT \"group\", n_phones FROM counted_groups(p_property := 'gender', p_layer := {}, p_frames := {})"
        assert con.sql(groups.format(6, "'reference'") + " ORDER BY ALL").fetchall() == [("F", 1), ("M", 1)]
        assert con.sql(groups.format(1, "'reference'") + " ORDER BY ALL").fetchall() == [("F", 39), ("M", 39)]


def broken(path: Path) -> list[Check]:
    with connect(path) as con:
        return [found for found in run_checks(con) if found.rows]


def test_invariants_hold(warehouse: Path) -> None:
    assert broken(warehouse) == []


def test_analyses_take_each_layers_own_frames(warehouse: Path, frames: list[list[dict]]) -> None:
    expected = expected_sets(frames, of_gender, 0.8)
    sizes = {(layer, group): 0 for layer in range(1, 7) for group in "FM"}
    for layer, group, _ in expected:
        sizes[layer, group] += 1
    with connect(warehouse) as con:
        counts = Counts()
        live = answer(con, counts, Question("cnn", "gender", {}), 6, seconds=60)
        assert live.sizes == sizes
        found = permutation_null(con, "gender", permutations=5).filter(group="F")
        assert dict(found.select("layer", "n").rows()) == {n: sizes[n, "F"] for n in range(1, 7)}
        found = bootstrap_sets(con, "gender", resamples=5).filter(group="M")
        assert dict(found.select("layer", "n").rows()) == {n: sizes[n, "M"] for n in range(1, 7)}
        by_sigma = sizes_by_sigma(con, "gender", [0.8])
        assert {(layer, group): n for layer, group, n in by_sigma.select("layer", "group", "n").rows()} == sizes
        by_lambda = sizes_by_lambda(con, "gender", [LAMBDA])
        assert {(layer, group): n for layer, group, n in by_lambda.select("layer", "group", "n").rows()} == sizes
        columns = 'layer, "group", n_frames, n_group_neurons'
        profile = con.sql(f"SELECT {columns} FROM layer_profiles(p_property := 'gender')")
        for layer, group, n_frames, n in profile.fetchall():
            own = [f for f in frames[layer - 1] if f["gender"] == group and f["phone"] != ""]
            assert (n_frames, n) == (len(own), sizes[layer, group])
        shapes = [(p.layer, len(p.groups)) for p in pattern_matrices(con, "gender")]
        cells = [len({(f["gender"], f["phone"]) for f in of_layer if f["phone"]}) for of_layer in frames]
        assert shapes == [(place + 1, n) for place, n in enumerate(cells)]
        top = con.sql("FROM top_segments(p_layer := 6, p_neuron := 0, p_limit := 3)").fetchall()
        assert all(row[5] is None and row[6] == "*" for row in top)


def test_a_property_declared_later_and_a_compacted_warehouse_say_the_same(
    warehouse: Path, frames: list[list[dict]], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.warehouse"
    shutil.copytree(warehouse, copy)
    layout = snapshot(copy).layout
    sql = "SELECT layer, \"group\", neuron FROM group_neurons(p_property := 'voice')"
    expected = expected_sets(frames, of_gender, 0.8)
    declare(layout, Property("voice", "gender"))
    with connect(copy) as con:
        assert set(con.sql(sql).fetchall()) == expected  # counted by the query
    compact(layout, keep_seconds=0)
    with connect(copy) as con:
        assert set(con.sql(sql).fetchall()) == expected  # counted by the compaction
    declare_property(copy, "region", column="accent")
    with connect(copy) as con:
        found = con.sql("SELECT DISTINCT layer FROM activation_probabilities(p_property := 'region') ORDER BY 1")
        assert [layer for (layer,) in found.fetchall()] == [1, 2, 3, 4, 5, 6]
    assert broken(copy) == []


def test_frames_that_differ_in_their_window_alone_stay_apart(speech: Path, tmp_path: Path, tiny_model) -> None:
    """Two models whose frames have one hop and offset, but of which one has a frame fewer at times."""
    files = speech / "audio", speech / "labels", speech / "metadata.csv"
    corpus = Corpus.from_files(*files, name="made", phones="arpabet")
    path = tmp_path / "w.warehouse"
    ingest(tiny_model(), corpus, path, model_name="one", lambda_pct=5, quiet=True)
    module = make()
    other = wrap(module, layers=["cnn.1"], offset_ms=12.5)
    assert (other.grid.hop_us, other.grid.offset_us) == (20_000, 12_500)
    ingest(other, corpus, path, model_name="two", lambda_pct=10, quiet=True)
    sql = "SELECT sum(n_frames) FROM {}(p_model := '{}', p_property := 'gender'{})"
    with connect(path) as con:
        for name in ("one", "two"):
            stored = con.sql(sql.format("stored_cells", name, "")).fetchall()
            fresh = con.sql(sql.format("fresh_cells", name, ", p_where := 'true'")).fetchall()
            assert stored == fresh
    assert broken(path) == []


def test_means_of_segments_of_pooled_layers_alone_are_refused(speech: Path, tmp_path: Path) -> None:
    corpus = Corpus.from_files(speech / "audio", speech / "labels", name="made", phones="arpabet")
    pooled = wrap(make(), layers=["fc*"])
    with pytest.raises(ModelError, match="segment means of a model whose layers have one row an utterance: leave them"):
        ingest(pooled, corpus, tmp_path / "w", model_name="cnn", quiet=True, segment_means=("ffn",))


def test_a_module_that_is_not_frames_is_named() -> None:
    class Pictures(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flat = nn.Conv2d(1, 4, 3)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.flat(waveforms[:, None, : waveforms.shape[1] // 40 * 40].unflatten(2, (-1, 40)))

    with pytest.raises(ModelError, match=r"layer 1 \(flat\) gives shape .*name another module"):
        wrap(Pictures(), layers=["flat"])


def test_frames_at_no_fixed_distance_ask_for_the_rate() -> None:
    class Growing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(4, 4)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.out(waveforms[:, : 4 * int(waveforms.shape[1] ** 0.5)].unflatten(1, (-1, 4)))

    with pytest.raises(ModelError, match=r"no fixed distance .*--hop-ms"):
        wrap(Growing(), layers=["out"])


def test_a_model_that_fails_on_noise_says_so_in_one_line() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(4, 4)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.out(waveforms)

    with pytest.raises(ModelError, match=r"Broken cannot be run on 1 waveform.*state --hop-ms") as caught:
        wrap(Broken(), layers=["out"])
    assert "\n" not in str(caught.value)


def test_folders_that_look_like_partitions_change_nothing(warehouse: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model=zzz" / "corpus=yyy" / "copy.warehouse"
    shutil.copytree(warehouse, copy)
    compact(snapshot(copy).layout, keep_seconds=0)
    with connect(copy) as con:
        assert con.sql("SELECT DISTINCT model, corpus FROM frame_counts").fetchall() == [("cnn", "made")]
        assert con.sql("SELECT DISTINCT model, corpus FROM activation_counts").fetchall() == [("cnn", "made")]
        assert "corpus" not in con.sql("FROM frames").columns


def test_what_looks_at_less_than_an_utterance_gives_whole_ones_no_group(warehouse: Path) -> None:
    looks = Property("looks", "CASE WHEN phone = 'AA' THEN 'aa' ELSE 'other' END")
    old = Property("old", "CASE WHEN age > 21 THEN 'old' ELSE 'young' END")
    sql = "SELECT DISTINCT layer FROM activation_probabilities(p_property := '{}') ORDER BY 1"
    with connect(warehouse, properties=[looks, old]) as con:
        assert [n for (n,) in con.sql(sql.format("looks")).fetchall()] == [1, 2, 3, 4]
        assert [n for (n,) in con.sql(sql.format("old")).fetchall()] == [1, 2, 3, 4, 5, 6]


def test_whole_utterances_are_cut_where_their_frames_are(warehouse: Path, tmp_path: Path) -> None:
    longer = Property("longer", "duration", Bins(quantiles=(0.5,)), ("short", "long"))
    groups = """
        SELECT u.utterance, list(DISTINCT g."group" ORDER BY g."group")
        FROM frame_groups AS g JOIN frames AS f USING (frame_id) JOIN utterances AS u USING (utterance_id)
        WHERE g.property = 'longer' GROUP BY ALL
    """
    with connect(warehouse, properties=[longer]) as con:
        asked = con.sql(groups).fetchall()
    assert all(len(found) == 1 for _, found in asked)
    assert {found[0] for _, found in asked} == {"short", "long"}
    copy = tmp_path / "copy.warehouse"
    shutil.copytree(warehouse, copy)
    declare_property(copy, "longer", column="duration", bins=[0.5], labels=["short", "long"])
    with connect(copy) as con:
        assert sorted(con.sql(groups).fetchall()) == sorted(asked)
    compacted = tmp_path / "compacted.warehouse"
    shutil.copytree(warehouse, compacted)
    declare(snapshot(compacted).layout, longer)
    compact(snapshot(compacted).layout)
    with connect(compacted) as con:
        assert sorted(con.sql(groups).fetchall()) == sorted(asked)


def test_analyses_divide_by_the_layers_own_time_and_cells(warehouse: Path, frames: list[list[dict]]) -> None:
    with connect(warehouse) as con:
        parts = stability_by_amount(con, "gender", shares=[1.0], draws=2).filter(group="F")
        for layer, n_frames, hours in parts.select("layer", "n_frames", "hours").rows():
            hop_us = GRIDS[layer - 1].hop_us
            assert hours == (pytest.approx(n_frames * hop_us / 3.6e9) if hop_us else None)
        alike_to = alike(con, Neuron("cnn", 2, 0), "phone", range(1, 7), p_min_frames=25)
        assert {found.layer for found in alike_to} <= {2, 3, 4}
        assert all(-1 <= (found.correlation or 0) <= 1 for found in alike_to)
        within = confounds(con, "gender", "phone_class", instead={}).filter(layer=5, within_group="vowel")
        assert within["n_within"].is_null().all()
        assert all("no frame that counts" in note for note in within["note"])
        clusters = neuron_clusters(con, p_layer=5, min_frames=1)
        often = {n: sum(n in f["active"] for f in frames[4]) for n in range(WIDTHS[4])}
        assert dict(clusters.select("neuron", "n_active").rows()) == often
