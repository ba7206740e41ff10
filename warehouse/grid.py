"""The frame grid: at which instants a model looks at an utterance.

Labels and F0 are prepared on a grid, not for a model, so every model on the same grid reuses them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Grid:
    """Frames of equal hop: frame i stands for [hop·i, hop·(i+1)) and is centred at offset + hop·i.

    All times are integer microseconds, because aligners work on a 10 ms lattice where ties between two
    phones are common and must not be decided by floating-point noise.

    Attributes:
        hop_us: distance between the centres of two frames.
        offset_us: centre of frame 0 (12,500 for the convolutional front ends of HuBERT and wav2vec 2.0).
        window_us: span of audio that one frame needs (25,000 for them); fixes the number of frames.
    """

    hop_us: int
    offset_us: int
    window_us: int

    def n_frames(self, n_samples: int, sample_rate: int) -> int:
        """Frames of an utterance, ``floor((n_samples - window) / hop) + 1``; 0 when shorter than a window."""
        room = n_samples * 1_000_000 - self.window_us * sample_rate
        return room // (self.hop_us * sample_rate) + 1 if room >= 0 else 0

    def centre_us(self, frame: int) -> int:
        """Centre of a frame, in microseconds from the start of the utterance."""
        return self.offset_us + self.hop_us * frame
