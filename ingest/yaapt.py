"""pYAAPT, nearly three times as fast: the library's algorithm with its hot stages batched over the frames.

AMFM_decompy's pYAAPT is the F0 extractor of *Property Neurons* (docs/method.md). It works frame by frame in
Python, and in the end upsamples its track to the rate of the signal, which nobody here reads. This module
runs the library's own `yaapt` in a private copy of its module (nobody else's pYAAPT changes), in which four
stages are batched and the upsampling is left out.

The library decides between pitch candidates of equal cost by the last bit of their merits, and ties are the
rule there: a step costs the distance between two pitches, so whatever lies between them costs the same.
Where the last bit counts (energies, normalised cross correlation) the operations below are therefore the very
same, and the track is the library's, bit for bit. So is its bias: it counts lags from 1 and hence reads F0
one part in a period's samples too low, 0.8% at 130 Hz.
"""

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from amfm_decompy import basic_tools
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import rfft
from scipy.interpolate import PchipInterpolator
from scipy.signal import lfilter, medfilt
from scipy.signal.windows import hann, kaiser

F0_MIN, F0_MAX = 71.0, 800.0  # Hz, the authors' search range
SAMPLE_RATE = 16_000  # Hz, the authors' audio; the library's filter order and FFT length are meant for it
WINDOW = 560  # samples, the library's 35 ms
FILTER_ORDER = 150  # of the library's band-pass, which delays the signal by half of that
ROWS = 16  # frames whose spectra fit the cache together

Array = np.ndarray[Any, np.dtype[Any]]
Parameters = dict[str, Any]

FRAME_CENTRE = WINDOW // 2 - FILTER_ORDER // 2
"""Where frame 0 of a track looks, in samples: the middle of the window less the delay of the filter.

The library's own `frames_pos` leaves the delay out: it says 17.5 ms where the audio is that of 12.8 ms.
"""


def min_samples(n_frames: int, hop: int) -> int:
    """Length of the shortest signal whose track has that many frames."""
    return WINDOW + 1 + hop * (n_frames - 1)


def pitch_track(signal: Array, hop: int) -> Array:
    """F0 of every frame of a signal: `pYAAPT.yaapt(...).samp_values` with the authors' settings, bit for bit.

    Args:
        signal: (n,) samples at 16 kHz: finite, not all zero, at least `min_samples(4, hop)` of them.
        hop: samples from one frame to the next.

    Returns:
        (n_frames,) Hz, 0 where unvoiced. Frame i is centred at sample `FRAME_CENTRE + hop·i`.
    """
    settings = {
        "f0_min": F0_MIN,
        "f0_max": F0_MAX,
        "frame_length": WINDOW * 1000 / SAMPLE_RATE,
        "frame_space": hop * 1000 / SAMPLE_RATE,
        "bp_forder": FILTER_ORDER,
    }
    with np.errstate(all="ignore"):
        track = _library.yaapt(basic_tools.SignalObj(signal.astype(np.float64), SAMPLE_RATE), **settings)
    return np.asarray(track.samp_values)


def _find_energetic(signal: Any, pitch: Any, parameters: Parameters) -> None:
    """`nlfer`: how much energy every frame has where F0 can be, and so which may be voiced."""
    positions = np.arange(WINDOW // 2, signal.size - WINDOW // 2, pitch.frame_jump)
    low = int(np.around(parameters["f0_min"] * 2 / signal.new_fs * pitch.nfft)) - 1
    high = int(np.around(parameters["f0_max"] / signal.new_fs * pitch.nfft))
    window = hann(WINDOW + 2)[1:-1]
    frames = sliding_window_view(signal.filtered, WINDOW)[:: pitch.frame_jump][: len(positions)]
    batches = (frames[row : row + ROWS] * window for row in range(0, len(frames), ROWS))
    energy = [np.abs(np.fft.rfft(batch, pitch.nfft)[:, low:high]).sum(axis=1) for batch in batches]
    pitch.set_energy(np.concatenate(energy), parameters["nlfer_thresh1"])
    pitch.set_frames_pos(positions)


def _track_harmonics(signal: Any, pitch: Any, parameters: Parameters) -> tuple[Array, float]:
    """`spec_track`: a gapless track, (n_frames,) Hz, that guides the search in time; and its spread in Hz."""
    n_candidates, order = parameters["shc_maxpeaks"], max(1, parameters["median_value"] - 2)
    candidates, merits = np.zeros((n_candidates, pitch.nframes)), np.ones((n_candidates, pitch.nframes))
    energetic = np.flatnonzero(pitch.vuv)
    if len(energetic):
        bin_hz = signal.new_fs / pitch.nfft
        correlation = _harmonic_correlation(signal, pitch, parameters, energetic, bin_hz)
        candidates[:, energetic], merits[:, energetic] = _harmonic_peaks(correlation, bin_hz, parameters)

    track = candidates[0].copy()
    voiced = track > 0
    n_voiced = int(voiced.sum())
    path = np.full(max(n_voiced, 1), 150.0)
    if n_voiced > 2:
        candidates, merits = candidates[:, voiced], merits[:, voiced]
        mean, spread = candidates[0].mean(), candidates[0].std()
        best = (np.abs(candidates - 0.8 * mean) * (3 - merits)).argmin(axis=0), np.arange(n_voiced)
        candidates[best] = _median(candidates[best], order)
        weight = parameters["dp5_k1"] * spread / mean
        path = _median(_library.dynamic5(candidates, merits, weight, parameters["f0_min"]), order)
    mean = path.mean()
    spread = max(path.std(), mean * parameters["spec_pitch_min_std"])

    if n_voiced:
        track[voiced] = path
    track[[0, -1]] = np.where(track[[0, -1]] < mean / 2, mean, track[[0, -1]])
    known = np.flatnonzero(track)
    track = PchipInterpolator(known, track[known])(np.arange(pitch.nframes))
    track = lfilter(np.ones(3) / 3, 1.0, track)
    track[:2] = track[2:4]
    return track, spread


def _harmonic_correlation(signal: Any, pitch: Any, parameters: Parameters, which: Array, bin_hz: float) -> Array:
    """Spectral harmonic correlation of some frames, (frames, bins): how well bin b explains the harmonics.

    Around every bin b the product of the magnitudes at b + w, 2b + w, … is summed over a window of w.
    """
    size, n_harmonics = 2 * WINDOW, parameters["shc_numharms"] + 1
    half = int(np.fix(parameters["shc_window"] / bin_hz)) // 2
    width = 2 * half + 1
    top = int(np.fix((parameters["f0_max"] + 2 * parameters["shc_pwidth"]) / bin_hz))
    bottom = int(np.ceil(parameters["f0_min"] / bin_hz))
    n_bins = top * n_harmonics + width - half

    frames = sliding_window_view(np.append(signal.filtered, np.zeros(size)), size)[:: pitch.frame_jump]
    window = kaiser(size, 0.5)
    magnitude = np.zeros((half + n_bins, len(which)))  # (bins, frames): the products run along frames
    for row in range(0, len(which), ROWS):
        batch = frames[which[row : row + ROWS]] * window
        batch -= batch.mean(axis=1, keepdims=True)
        magnitude[half:, row : row + ROWS] = np.abs(rfft(batch, pitch.nfft)[:, :n_bins]).T

    n = top - bottom + 1
    correlation = np.zeros((top, len(which)))
    for offset in range(width):
        product = magnitude[bottom + offset :][:n].copy()
        for harmonic in range(2, n_harmonics + 1):
            product *= magnitude[bottom * harmonic + offset :: harmonic][:n]
        correlation[bottom - 1 :] += product
    return np.ascontiguousarray(correlation.T)


def _harmonic_peaks(correlation: Array, bin_hz: float, parameters: Parameters) -> tuple[Array, Array]:
    """`peaks` of all frames: candidates in Hz and their merits, both (candidates, frames), best first.

    A frame without a clear peak, or with as many as there are places, has no candidate: 0 Hz, merit 1.
    """
    n_places, threshold = parameters["shc_maxpeaks"], parameters["shc_thresh1"]
    reach = int(np.fix(parameters["shc_pwidth"] / bin_hz)) // 2 + 1
    first = max(1, int(np.fix(parameters["f0_min"] / bin_hz - reach)))
    last = int(np.fix(parameters["f0_max"] / bin_hz + reach))
    highest = correlation[:, first : last + 1].max(axis=1, keepdims=True)
    correlation = np.where(highest > 1e-14, correlation / highest, correlation)
    mean = correlation[:, first : last + 1].mean(axis=1)

    inner = slice(first + reach + 1, last - reach + 1)
    frame, at = _local_maxima(correlation, inner, (parameters["shc_thresh2"] * mean)[:, None])
    is_peak = _is_window_maximum(correlation, frame, at, reach)
    frame, at = frame[is_peak], at[is_peak]
    rank, count = _rank(frame, correlation[frame, at], len(correlation))

    clear = (mean <= 1 / threshold) & (count > 0) & (count < n_places)
    best = np.zeros(len(correlation))
    np.maximum.at(best, frame, correlation[frame, at])
    use = (clear & (best / mean >= threshold))[frame]
    candidates, merits = np.zeros((n_places, len(correlation))), np.ones((n_places, len(correlation)))
    winner = use & (rank == 0)  # fills the places that the others leave
    for some, place in ((winner, slice(None)), (use, rank[use])):
        candidates[place, frame[some]] = at[some] * bin_hz
        merits[place, frame[some]] = correlation[frame[some], at[some]]
    return candidates, merits


def _track_periods(signal: Any, guide: Array, spread: float, pitch: Any, parameters: Parameters) -> tuple[Array, Array]:
    """`time_track`: candidates in Hz near the guide and their merits, both (candidates, frames)."""
    hop = pitch.frame_jump
    n_frames = min(len(guide), (len(signal.data) - WINDOW + hop) // hop)
    guide = guide[:n_frames]
    lowest = np.maximum(guide - 2 * spread, parameters["f0_min"])
    highest = np.minimum(guide + 2 * spread, parameters["f0_max"])
    margin = parameters["nccf_pwidth"] // 2
    first = np.fix(signal.new_fs / highest).astype(np.int64) - margin
    last = np.fix(signal.new_fs / lowest).astype(np.int64) + margin

    correlation = _cross_correlation(signal.filtered, hop, first, last)
    candidates, merits = _correlation_peaks(correlation, signal.new_fs, first, last, parameters)
    distance = np.abs(candidates - guide)
    closeness = (1 - distance / (5.0 * spread)) * (distance < 5.0 * spread)
    return candidates, (1 + parameters["merit_boost"]) * merits * closeness


def _cross_correlation(filtered: Array, hop: int, first: Array, last: Array) -> Array:
    """`crs_corr` of all frames, (frames, lags): with itself at first[i] ≤ lag < last[i], 0 elsewhere.

    Frame by frame, and with these very operations, because their last bits decide ties (see the top).
    The library subtracts a frame's mean in place, from samples that the next frame shares: so must we.
    """
    signal = np.array(filtered, dtype=np.float64)
    correlation = np.zeros((len(first), int(last.max()) + 1))
    for i, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        frame = signal[i * hop : i * hop + WINDOW]
        frame -= np.add.reduce(frame) / WINDOW
        shape = stop - start, WINDOW - stop
        head, tail = frame[: WINDOW - stop], frame[start:]
        squares = tail * tail
        # (lags, n): overlapping rows; the constructor, as as_strided takes as long as the arithmetic
        shifted = np.ndarray(shape, np.float64, tail, 0, (8, 8))
        energy = np.add.reduce(np.ndarray(shape, np.float64, squares, 0, (8, 8)), axis=1)
        correlation[i, start:stop] = np.dot(shifted, head) / np.sqrt(energy * np.dot(head, head))
    return correlation


def _correlation_peaks(
    correlation: Array, sample_rate: float, first: Array, last: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """`cmp_rate` of all frames: candidates in Hz and their merits, both (candidates, frames), best first."""
    n_places, reach = parameters["nccf_maxcands"], parameters["nccf_pwidth"] // 2
    inner = slice(reach, correlation.shape[1] - reach)
    frame, at = _local_maxima(correlation, inner, parameters["nccf_thresh1"])
    searched = (at >= first[frame] + reach) & (at <= last[frame] - reach)
    frame, at = frame[searched], at[searched]
    sure = correlation.max(axis=1) > parameters["nccf_thresh2"]  # then the best one alone
    keep = sure[frame] | _is_window_maximum(correlation, frame, at, reach)
    frame, at = frame[keep], at[keep]

    rank, _ = _rank(frame, correlation[frame, at], len(correlation))
    use = rank < np.where(sure, 1, n_places)[frame]
    frame, at, rank = frame[use], at[use], rank[use]
    candidates, merits = np.zeros((n_places, len(correlation))), np.zeros((n_places, len(correlation)))
    candidates[rank, frame] = sample_rate / (at + 1.0)
    merits[rank, frame] = correlation[frame, at]
    return candidates, merits / np.maximum(merits.max(axis=0), 1.0)


def _local_maxima(values: Array, inner: slice, threshold: Any) -> tuple[Array, Array]:
    """(row, column) of what exceeds both its neighbours and the threshold, in the columns of `inner`."""
    middle = values[:, inner]
    left, right = values[:, inner.start - 1 : inner.stop - 1], values[:, inner.start + 1 : inner.stop + 1]
    row, column = np.nonzero((middle > left) & (middle > right) & (middle > threshold))
    return row, column + inner.start


def _is_window_maximum(values: Array, row: Array, column: Array, reach: int) -> Array:
    """Whether a value is the first maximum within `reach` columns on either side; NaN counts as maximum."""
    window = values[row[:, None], column[:, None] + np.arange(-reach, reach + 1)]
    return np.asarray(window.argmax(axis=1) == reach)


def _median(values: Array, order: int) -> Array:
    """Running median with zeros beyond the ends; `medfilt` warns where the order exceeds the values."""
    return np.asarray(medfilt(np.pad(values, (0, max(0, order - len(values)))), order)[: len(values)])


def _rank(row: Array, value: Array, n_rows: int) -> tuple[Array, Array]:
    """Place of every value in its row, 0 = largest, and the values per row; `row` ascends."""
    count = np.bincount(row, minlength=n_rows)
    rank = np.empty(len(row), np.int64)
    rank[np.lexsort((-value, row))] = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return rank, count


def _best_path(
    dynamic: Callable[..., Array], candidates: Array, merits: Array, pitch: Any, parameters: Parameters
) -> Array:
    """`dynamic` of the library, but all unvoiced where no frame has a voiced first choice.

    The library measures steps in units of the mean of those choices; of none, the mean is NaN and its path
    arbitrary.
    """
    if not (candidates[-2] > 0).any():
        return np.zeros(pitch.nframes)
    return dynamic(candidates, merits, pitch, parameters)


def _cheapest_path(local: Array, transition: Array, n_candidates: int, n_frames: int) -> Array:
    """`path1`: the candidate of every frame on the path of least cost; of equal ones the last candidate.

    Args:
        local: (candidates, frames) cost of a candidate.
        transition: (from, to, frames) cost of a step.
        n_candidates: as in the library's signature.
        n_frames: likewise.
    """
    steps = np.ascontiguousarray(transition[::-1].T)  # (frames, to, from reversed): the last one wins a tie
    costs = np.ascontiguousarray(local.T)
    came_from = np.zeros((n_frames, n_candidates), np.int64)
    total, row = costs[0].copy(), np.arange(n_candidates) * n_candidates
    through = np.empty((n_candidates, n_candidates))
    for frame in range(1, n_frames):
        np.add(steps[frame], total[::-1], out=through)
        came_from[frame] = through.argmin(axis=1)
        total = through.ravel()[row + came_from[frame]] + costs[frame]
    back = (n_candidates - 1 - came_from).tolist()
    path = [n_candidates - 1 - int(total[::-1].argmin())]
    for frame in range(n_frames - 1, 0, -1):
        path.append(back[frame][path[-1]])
    return np.array(path[::-1])


def _private_library() -> Any:
    """A copy of the library's module, not in `sys.modules`, with the stages above in place of its own."""
    spec = importlib.util.find_spec("amfm_decompy.pYAAPT")
    assert spec is not None
    assert spec.loader is not None
    library: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)

    class Track(library.PitchObj):
        def set_values(self, values: Array, *_: object) -> None:
            self.samp_values = values

    library.PitchObj = Track
    library.nlfer = _find_energetic
    library.spec_track = _track_harmonics
    library.time_track = _track_periods
    library.dynamic = partial(_best_path, library.dynamic)
    library.path1 = _cheapest_path
    return library


_library = _private_library()
