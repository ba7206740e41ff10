"""The corpus as the studies train on it: log-mel frames in memory, and what the warehouse knows of every frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from ingest.models.mel_encoder import N_MELS, STACK, MelEncoder, MelEncoderConfig
from queries import connect

UNVOICED, NO_PHONE = -1.0, -1

_FRAMES = (
    "frames AS f JOIN utterances AS u USING (utterance_id) "
    "JOIN (SELECT DISTINCT hop_us, offset_us, window_us FROM models WHERE family = 'mel') USING (hop_us, offset_us, "
    "window_us)"
)
"""Frames of the encoder; the warehouse may have those of other models."""


@dataclass(frozen=True, eq=False)
class Speech:
    """All utterances one after another; frames are the encoder's, 20 ms.

    Attributes:
        utterances: names.
        mel: log-mel energies (frames, 2, 40).
        starts: first frame of every utterance, and one past the last (utterances + 1,).
        speaker: index of the speaker of every utterance.
        male: for every speaker.
        speakers: their names.
        test: for every utterance, whether it is one that errors are measured on.
        train_part: for every utterance, whether it is of the folder that pretraining may see.
        phone: index of each frame's phone, or NO_PHONE in silence (frames,).
        phones: their names.
        f0: of each frame in Hz, or UNVOICED (frames,).
        sequences: the phones of every utterance in order, as indices, without silence.
    """

    utterances: Sequence[str]
    mel: Tensor
    starts: np.ndarray
    speaker: np.ndarray
    male: np.ndarray
    speakers: Sequence[str]
    test: np.ndarray
    train_part: np.ndarray
    phone: Tensor
    phones: Sequence[str]
    f0: Tensor
    sequences: Sequence[np.ndarray]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Frames of every utterance."""
        return np.diff(self.starts)

    def crops(self, utterances: np.ndarray, frames: int, draw: np.random.Generator) -> np.ndarray:
        """Indices (utterances, frames) of crops at random places; the last frame of a shorter utterance is repeated."""
        room = np.maximum(self.lengths[utterances] - frames, 0)
        first = self.starts[utterances] + (draw.random(len(utterances)) * (room + 1)).astype(np.int64)
        return np.minimum(first[:, None] + np.arange(frames), self.starts[utterances + 1][:, None] - 1)

    def mel_of(self, frames: np.ndarray) -> Tensor:
        """Log-mel energies (batch, 2T, 40) of frame indices (batch, T)."""
        return self.mel[torch.from_numpy(frames)].reshape(len(frames), -1, N_MELS)


def load_speech(warehouse: Path, work: Path) -> Speech:
    """Read the corpus through a warehouse that has it; log-mel energies are computed once and kept in ``work``."""
    with connect(warehouse, comments=False) as con:
        table = con.sql(
            "SELECT utterance, speaker, gender, part, fold, path FROM utterances ORDER BY speaker, utterance"
        ).pl()
        frames = con.sql(f"SELECT f.phone, f.f0_hz FROM {_FRAMES} ORDER BY u.speaker, u.utterance, f.frame").pl()
        counts = con.sql(
            f"SELECT count(*) AS n FROM {_FRAMES} GROUP BY u.speaker, u.utterance ORDER BY u.speaker, u.utterance"
        ).pl()["n"]
        spoken = con.sql(
            "SELECT list(s.phone ORDER BY s.segment) FILTER (s.phone NOT IN ('', 'spn')) AS phones FROM segments s "
            "JOIN utterances u USING (utterance_id) GROUP BY u.speaker, u.utterance "
            "ORDER BY u.speaker, u.utterance"
        ).pl()["phones"]
    speakers = sorted(set(table["speaker"]))
    gender = dict(zip(table["speaker"], table["gender"], strict=True))
    phones = sorted(set(frames["phone"]) - {"", "spn"})
    index = {phone: i for i, phone in enumerate(phones)}
    return Speech(
        utterances=table["utterance"].to_list(),
        mel=_mel(table["path"].to_list(), counts.to_list(), work),
        starts=np.concatenate([[0], np.cumsum(counts.to_numpy())]).astype(np.int64),
        speaker=np.array([speakers.index(name) for name in table["speaker"]]),
        male=np.array([gender[name] == "M" for name in speakers]),
        speakers=speakers,
        test=(table["fold"] == "test").to_numpy(),
        train_part=(table["part"] == "train").to_numpy(),
        phone=torch.tensor([index.get(phone, NO_PHONE) for phone in frames["phone"]]),
        phones=phones,
        f0=torch.from_numpy(frames["f0_hz"].fill_null(UNVOICED).to_numpy().astype(np.float32)),
        sequences=[np.array([index[phone] for phone in said]) for said in spoken],
    )


def _mel(paths: Sequence[str], counts: Sequence[int], work: Path) -> Tensor:
    kept = work / "mel.npy"
    if not kept.exists():
        encoder = MelEncoder(MelEncoderConfig())
        parts = []
        for path, frames in zip(paths, counts, strict=True):
            samples, _ = soundfile.read(path, dtype="float32")
            mel = encoder.log_mel(torch.from_numpy(samples)[None])[0]
            if len(mel) != STACK * frames:
                raise SystemExit(f"{path}: {len(mel)} mel frames for {frames} frames of the warehouse; remove {kept}")
            parts.append(mel.half().reshape(frames, STACK, N_MELS))
        aside = kept.with_suffix(".partial.npy")
        np.save(aside, torch.cat(parts).numpy())
        aside.rename(kept)
    return torch.from_numpy(np.load(kept)).float()
