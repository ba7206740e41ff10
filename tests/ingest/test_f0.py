"""F0: the library's own numbers, on the model's frame centres."""

import subprocess
import sys
import warnings

import amfm_decompy.basic_tools as library_tools
import numpy as np
import pytest
import soundfile
from amfm_decompy import pYAAPT
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from ingest import yaapt
from ingest.f0 import f0_on_grid
from warehouse.errors import CorpusError
from warehouse.grid import Grid

RATE = 16_000
HUBERT = Grid(20_000, 12_500, 25_000)
MELHUBERT = Grid(20_000, 17_500, 25_000)


def vowel(f0, rate=RATE):
    """Pulses at the given F0 (Hz per sample; 0 = silence) through three formants, over a little noise."""
    f0 = np.asarray(f0, dtype=np.float64)
    sound = np.zeros(len(f0))
    sound[1:] = np.diff(np.floor(np.cumsum(f0) / rate)) > 0
    for formant, width in ((600, 80), (1100, 90), (2400, 120)):
        radius = np.exp(-np.pi * width / rate)
        sound = lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * formant / rate), radius**2], sound)
    noise = np.random.default_rng(1).standard_normal(len(f0))
    return (0.3 * sound / max(np.abs(sound).max(), 1e-9) + 1e-4 * noise).astype(np.float32)


def of_library(signal, hop):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        track = pYAAPT.yaapt(
            library_tools.SignalObj(np.asarray(signal, np.float64), RATE),
            f0_min=71.0,
            f0_max=800.0,
            frame_space=hop * 1000 / RATE,
        )
    return track.samp_values


def speechlike(seed, seconds=2.0):
    """Vowels of changing F0 with noise and pauses between them."""
    rng = np.random.default_rng(seed)
    pieces = []
    while sum(map(len, pieces)) < seconds * RATE:
        n = int(rng.integers(1000, 6000))
        kind = rng.integers(4)
        if kind == 0:
            pieces.append(np.zeros(n) if rng.random() < 0.3 else 1e-3 * rng.standard_normal(n))
        elif kind == 1:
            pieces.append(0.02 * np.diff(rng.standard_normal(n + 1)))
        else:
            pieces.append(vowel(np.linspace(*rng.uniform(80, 350, 2), n)) * rng.uniform(0.1, 1))
    return np.concatenate(pieces).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("hop", [320, 160])
def test_track_is_the_librarys_bit_for_bit(seed, hop):
    signal = speechlike(seed)
    expected = of_library(signal, hop)
    assert (expected > 0).mean() > 0.1
    np.testing.assert_array_equal(yaapt.pitch_track(signal, hop), expected)


@pytest.mark.parametrize("name", ["sine", "loud", "burst", "half silent", "quiet"])
def test_track_is_the_librarys_for_odd_signals(name):
    rng, t = np.random.default_rng(3), np.arange(RATE)
    signal = {
        "sine": np.sin(2 * np.pi * 100 * t / RATE),
        "loud": 30 * vowel(np.full(RATE, 220.0)),
        "burst": vowel(130.0 * (t > 8000)) + 0.5 * rng.standard_normal(RATE) * (t < 3000),
        "half silent": vowel(np.full(RATE, 130.0)) * (t > 5000),
        "quiet": 1e-4 * vowel(np.full(RATE, 120.0)),
    }[name]
    expected = of_library(signal, 320)
    assert expected.any()
    np.testing.assert_array_equal(yaapt.pitch_track(signal, 320), expected)


def test_real_speech_is_the_librarys_bit_for_bit(shared):
    files = sorted((shared / "speechocean762/eval/audio").rglob("*.flac"))[::80]
    assert files
    for file in files:
        signal = soundfile.read(file, dtype="float32")[0]
        np.testing.assert_array_equal(yaapt.pitch_track(signal, 320), of_library(signal, 320))


def test_f0_is_the_librarys_of_the_padded_signal():
    signal = speechlike(7)
    padded = np.pad(signal, (5, 400))  # 12.8 ms, where the library looks first, against 12.5
    n_frames = HUBERT.n_frames(len(signal), RATE)
    expected = of_library(padded[: yaapt.min_samples(n_frames, 320)], 320)
    assert len(expected) == n_frames
    np.testing.assert_array_equal(np.nan_to_num(f0_on_grid(signal, RATE, HUBERT)), expected.astype(np.float32))


def test_the_library_itself_is_left_alone():
    assert pYAAPT.time_track.__module__ == "amfm_decompy.pYAAPT"
    track = pYAAPT.yaapt(library_tools.SignalObj(vowel(np.full(RATE, 120.0)).astype(float), RATE))
    assert len(track.values) == RATE


GRIDS = [
    HUBERT,
    MELHUBERT,
    Grid(10_000, 12_500, 25_000),
    Grid(10_000, 17_500, 25_000),
    Grid(20_000, 10_000, 20_000),
    Grid(20_000, 200_000, 400_000),
    Grid(40_000, 20_000, 40_000),
    Grid(11_610, 5_805, 23_220),
]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_estimates_belong_to_the_frame_centres(grid):
    """What glides say about time; that each is also heard backwards cancels pYAAPT's bias in Hz.

    The cross correlation looks at the beginning of its window more than at the end: up to 4 ms early.
    """
    delays = []
    for start, end in ((110, 190), (190, 110), (130, 220), (220, 130), (90, 160), (160, 90)):
        f0 = f0_on_grid(vowel(np.linspace(start, end, RATE)), RATE, grid)
        centres = (grid.offset_us + grid.hop_us * np.arange(len(f0))) / 1e6
        middle = (centres > 0.15) & (centres < 0.85)  # the library's median flattens the ends of a glide
        delays.append(np.nanmedian(((f0 - start) / (end - start) - centres)[middle]))
    early = 0.006 if grid.hop_us == 11_610 else 0.005  # no whole number of samples: the nearest estimate
    assert -early < np.mean(delays) < 0


@pytest.mark.parametrize("grid", GRIDS[:5], ids=str)
@pytest.mark.parametrize(("start", "end"), [(0.5, 1.0), (0.3137, 0.9351), (0.0, 0.4), (1.1, 1.5)])
def test_voicing_begins_and_ends_with_the_voice(grid, start, end):
    t = np.arange(int(1.5 * RATE)) / RATE
    f0 = f0_on_grid(vowel(130.0 * ((t >= start) & (t < end))), RATE, grid)
    voiced = np.flatnonzero(~np.isnan(f0))
    first, last = (grid.centre_us(int(i)) / 1e6 for i in voiced[[0, -1]])
    slack = grid.hop_us / 1e6 + 0.0175  # half a window of pYAAPT, and then the next frame
    assert start - 0.0175 <= first <= start + slack
    assert end - slack - 0.02 <= last <= end + 0.0175
    assert np.diff(voiced).max() == 1
    assert np.nanmedian(f0) == pytest.approx(130, abs=1.5)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("n", [0, 1, 399, 400, 401, 719, 720, 1040, 1360, 2000, 3000, 9999, 16_123])
def test_one_value_per_frame_whatever_the_length(grid, n):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f0 = f0_on_grid(vowel(np.full(n, 130.0)) if n else np.zeros(0, np.float32), RATE, grid)
    assert f0.shape == (grid.n_frames(n, RATE),)
    assert f0.dtype == np.float32
    if n >= 3000 and grid.hop_us <= 20_000 and grid.window_us < 100_000:
        assert np.nanmedian(f0) == pytest.approx(130, abs=1.5)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_signal_on_any_grid(data):
    grid = Grid(
        data.draw(st.integers(2_000, 90_000), "hop"),
        data.draw(st.integers(0, 60_000), "offset"),
        data.draw(st.integers(1_000, 90_000), "window"),
    )
    n, rate = data.draw(st.integers(0, 8_000), "n"), data.draw(st.sampled_from([8_000, 16_000, 44_100]), "rate")
    rng = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
    signal = data.draw(st.sampled_from([1.0, 1e-3, 1e-8, 1e-20, 1e-38])) * rng.standard_normal(n)
    for _ in range(data.draw(st.integers(0, 3), "silences")):
        start, stop = sorted(rng.integers(0, n + 1, 2))
        signal[start:stop] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f0 = f0_on_grid(signal.astype(np.float32), rate, grid)
    assert f0.shape == (grid.n_frames(n, rate),)
    voiced = f0[~np.isnan(f0)]
    assert ((voiced >= 60) & (voiced <= 1000)).all()


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_other_sample_rates_give_the_same_track(rate):
    t = np.arange(rate) / rate
    f0 = 150 + 30 * np.sin(2 * np.pi * t)
    track = f0_on_grid(vowel(f0, rate), rate, HUBERT)
    assert len(track) == HUBERT.n_frames(rate, rate) == 49
    expected = f0[((12_500 + 20_000 * np.arange(49)) * rate // 1_000_000)]
    assert np.nanmedian(np.abs(track[4:-4] - expected[4:-4])) < 2.5


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 1e-3, 1e-8, 1e-30])
def test_noise_is_unvoiced(amplitude):
    noise = (amplitude * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    assert np.isnan(f0_on_grid(noise, RATE, HUBERT)).all()


@pytest.mark.parametrize("signal", [np.zeros(RATE), np.full(RATE, 0.5), np.eye(1, RATE, 8000)[0]])
def test_silence_a_constant_and_a_click_are_unvoiced(signal):
    f0 = f0_on_grid(signal.astype(np.float32), RATE, HUBERT)
    assert f0.shape == (49,)
    assert np.isnan(f0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_an_error(bad):
    signal = vowel(np.full(RATE, 130.0))
    signal[4_000] = bad
    with pytest.raises(CorpusError, match=r"0\.250 s") as error:
        f0_on_grid(signal, RATE, HUBERT)
    assert "\n" not in str(error.value)


def test_importing_loads_no_torch():
    code = "import sys, ingest.f0, ingest.f0_pool, ingest.f0_worker; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
