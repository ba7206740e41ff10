"""The frame grid: at which instants a model looks at an utterance.

Labels and F0 are prepared on a grid, not for a model, so every model on the same grid reuses them.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, order=True)
class Grid:
    """Frames of equal hop: frame i is centred at offset + hop·i and stands for a hop of the utterance.

    That is [hop·i, hop·(i+1)), in which the centre lies for the front ends of the papers, or close to it. Where a wide
    window moves the centre two hops or more from the start, it is the hop around the centre.

    All times are integer microseconds, because aligners work on a 10 ms lattice where ties between two
    phones are common and must not be decided by floating-point noise.

    Attributes:
        hop_us: distance between the centres of two frames.
        offset_us: centre of frame 0 (12,500 for the convolutional front ends of HuBERT and wav2vec 2.0).
        window_us: span of audio that one frame needs (25,000 for them); fixes the number of frames.

    ``Grid.UTTERANCE``, whose hop is 0, is that of layers behind a pooling over time [B]: one frame an utterance.
    """

    UTTERANCE: ClassVar["Grid"]

    hop_us: int
    offset_us: int
    window_us: int

    def n_frames(self, n_samples: int, sample_rate: int) -> int:
        """Frames of an utterance, ``floor((n_samples - window) / hop) + 1``; 0 when shorter than a window."""
        if self.hop_us == 0:
            return int(n_samples > 0)
        room = n_samples * 1_000_000 - self.window_us * sample_rate
        return room // (self.hop_us * sample_rate) + 1 if room >= 0 else 0

    @property
    def is_whole(self) -> bool:
        """Whether a frame is a whole utterance; a key of ``sorted`` that puts those behind grids that have frames."""
        return self == Grid.UTTERANCE

    @property
    def start_us(self) -> int:
        """Start of what frame 0 stands for, in microseconds from the start of the utterance."""
        return 0 if self.offset_us < 2 * self.hop_us else self.offset_us - self.hop_us // 2

    def centre_us(self, frame: int) -> int:
        """Centre of a frame, in microseconds from the start of the utterance."""
        return self.offset_us + self.hop_us * frame

    def __str__(self) -> str:
        if self.hop_us == 0:
            return "one frame an utterance"
        hop, offset, window = (f"{value / 1000:g}" for value in (self.hop_us, self.offset_us, self.window_us))
        return f"a frame every {hop} ms, the first at {offset} ms, each of {window} ms"


Grid.UTTERANCE = Grid(0, 0, 0)
