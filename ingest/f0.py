"""F0 of an utterance on a model's frame centres.

The authors' tracks are shorter than their labels and padded on the left, which misaligns one utterance in
eight (docs/method.md). Here the signal is padded so that the centres of pYAAPT's frames fall on the centres of
the model's, and frame i of the result belongs to the instant `grid.centre_us(i)`, from the first to the last.
"""

from typing import Any

import numpy as np
from scipy.signal import resample_poly

from ingest.yaapt import FRAME_CENTRE, SAMPLE_RATE, min_samples, pitch_track
from warehouse.errors import CorpusError
from warehouse.grid import Grid

Waveform = np.ndarray[Any, np.dtype[np.float32]]
Track = np.ndarray[Any, np.dtype[np.float32]]

FEWEST_FRAMES = 7  # the span of pYAAPT's median filter; a shorter signal is followed by silence


def f0_on_grid(waveform: Waveform, sample_rate: int, grid: Grid) -> Track:
    """F0 of every frame of the grid by pYAAPT with the authors' settings (docs/method.md): 71 to 800 Hz.

    The estimates are the library's own for the signal so shifted. A signal of another rate is brought to
    16 kHz first, the authors' rate.

    Args:
        waveform: (n,) samples as in the file, not normalised for a model.
        sample_rate: of the waveform, in Hz.
        grid: the frames; where its hop is no whole number of samples at 16 kHz, the nearest estimate counts.

    Returns:
        (T,) float32 Hz with T = `grid.n_frames(n, sample_rate)`; NaN = unvoiced. Digital silence is unvoiced.

    Raises:
        CorpusError: a sample is NaN or infinite.
    """
    n_frames = grid.n_frames(len(waveform), sample_rate)
    if not np.isfinite(waveform).all():
        where = int(np.flatnonzero(~np.isfinite(waveform))[0]) / sample_rate
        raise CorpusError(f"no F0: a sample at {where:.3f} s is NaN or infinite; mend the audio or leave it out")
    if n_frames == 0 or not waveform.any():
        return np.full(n_frames, np.nan, np.float32)
    if sample_rate != SAMPLE_RATE:
        divisor = int(np.gcd(sample_rate, SAMPLE_RATE))
        waveform = resample_poly(waveform.astype(np.float64), SAMPLE_RATE // divisor, sample_rate // divisor)

    hop = max(1, grid.hop_us * SAMPLE_RATE // 1_000_000)
    centres = (grid.offset_us + grid.hop_us * np.arange(n_frames)) * SAMPLE_RATE / 1_000_000  # in samples
    padding = (FRAME_CENTRE - round(float(centres[0]))) % hop  # a frame of pYAAPT lands on centres[0]
    nearest = np.rint((centres + padding - FRAME_CENTRE) / hop).astype(np.int64)
    missing = min_samples(max(int(nearest[-1]) + 1, FEWEST_FRAMES), hop) - (padding + len(waveform))
    track = pitch_track(np.pad(waveform, (padding, max(0, missing))), hop)[nearest]
    return np.where(track > 0, track, np.nan).astype(np.float32)
