"""The three tasks: who speaks, which phones, at what pitch. Each has a head, a loss, and an error per speaker."""

from typing import Protocol

import numpy as np
import torch
import torchaudio
from torch import Tensor, nn

from benchmarks.replication.augment import augmented
from benchmarks.replication.speech import NO_PHONE, UNVOICED, Speech
from ingest.models.mel_encoder import MelEncoder, standardized

TEST_SEED = 7
"""Crops and channels of the tests: the same for every model."""

BLANK = 0
"""CTC's symbol for nothing; phones follow."""

CTC = 0.1
"""Weight of CTC beside the aligned path: with 1 a model that learns for minutes stays with blank."""


class TaskModel(nn.Module):
    """An encoder under the head of a task."""

    def __init__(self, encoder: MelEncoder, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.width, outputs)


class Task(Protocol):
    """What tuning and tests need to know.

    Attributes:
        name: of the task.
        error: what its errors are, with the unit.
        outputs: of the head.
    """

    name: str
    error: str
    outputs: int

    def loss(self, model: TaskModel, draw: np.random.Generator, random: torch.Generator) -> Tensor:
        """Loss of one random batch of training utterances."""

    def errors(self, model: TaskModel) -> np.ndarray:
        """Error of every speaker (speakers,) on test utterances."""


class SpeakerTask:
    """Who of the speakers it is, from a crop: mean over frames, linear, cross-entropy.

    It is learned on seconds and tested on half seconds, which leaves room for errors to change in.

    Args:
        speech: the corpus.
        among: speakers that are learned; None = all, as in the tests.
        learned: frames of a crop that is learned.
        tested: frames of a crop that is tested.
        crops: of each utterance that is tested.
        batch: crops that are learned at a time.
    """

    name = "speaker identification"
    error = "error, %"

    def __init__(
        self,
        speech: Speech,
        among: np.ndarray | None = None,
        learned: int = 50,
        tested: int = 25,
        crops: int = 4,
        batch: int = 64,
    ) -> None:
        self.speech, self.batch, self.frames = speech, batch, learned
        self.outputs = len(speech.speakers)
        learns = ~speech.test if among is None else ~speech.test & np.isin(speech.speaker, among)
        self.training = np.flatnonzero(learns)
        tests = np.repeat(np.flatnonzero(speech.test), crops)
        at = speech.crops(tests, tested, np.random.default_rng(TEST_SEED))
        self.tests = augmented(speech.mel_of(at), torch.Generator().manual_seed(TEST_SEED))
        self.wanted = speech.speaker[tests]

    def loss(self, model: TaskModel, draw: np.random.Generator, random: torch.Generator) -> Tensor:
        chosen = draw.choice(self.training, self.batch)
        at = self.speech.crops(chosen, self.frames, draw)
        frames = model.encoder.encode(augmented(self.speech.mel_of(at), random))
        scores = model.head(frames.mean(1)).float()
        return nn.functional.cross_entropy(scores, torch.from_numpy(self.speech.speaker[chosen]))

    @torch.no_grad()
    @torch.autocast("cpu", torch.bfloat16)
    def errors(self, model: TaskModel) -> np.ndarray:
        model.eval()
        said = torch.cat([model.head(model.encoder.encode(crops).mean(1)).argmax(1) for crops in self.tests.split(256)])
        return per_speaker(said.numpy() != self.wanted, self.wanted, self.outputs) * 100


SMOOTH = 5
"""Frames that probabilities are averaged over before the best symbol is taken: without it, every frame in which a weak
model changes its mind is an insertion."""


class PhoneTask:
    """The phones of an utterance, by CTC; the error is their edit distance over their number.

    CTC alone says nothing but blank for longer than these models learn, so the aligned path (every frame's phone,
    blank in silence), which is one of those that CTC sums over, is a second target. Utterances are heard as they are:
    the channel tells nothing of the phones.
    """

    name = "phone recognition"
    error = "phone error, %"

    def __init__(self, speech: Speech, batch: int = 12) -> None:
        self.speech, self.batch = speech, batch
        self.outputs = len(speech.phones) + 1
        self.training = np.flatnonzero(~speech.test)
        tests = np.flatnonzero(speech.test)
        self.tests = tests[np.argsort(speech.lengths[tests])]
        # Utterances of about the same length go together, so that little of a batch is padding.
        self.by_length = self.training[np.argsort(speech.lengths[self.training])]

    def loss(self, model: TaskModel, draw: np.random.Generator, random: torch.Generator) -> Tensor:
        first = int(draw.integers(0, len(self.by_length) - self.batch + 1))
        chosen = self.by_length[first : first + self.batch]
        scores, lengths = self._scores(model, chosen)
        wanted = [torch.from_numpy(self.speech.sequences[u]) + 1 for u in chosen]
        sizes = torch.tensor([len(said) for said in wanted])
        summed = nn.functional.ctc_loss(
            scores.transpose(0, 1), torch.cat(wanted), lengths, sizes, BLANK, zero_infinity=True
        )
        aligned = torch.cat([self.speech.phone[self.speech.starts[u] : self.speech.starts[u + 1]] + 1 for u in chosen])
        spoken = torch.arange(scores.shape[1]) < lengths[:, None]
        return CTC * summed + nn.functional.nll_loss(scores[spoken], aligned)

    @torch.no_grad()
    @torch.autocast("cpu", torch.bfloat16)
    def errors(self, model: TaskModel) -> np.ndarray:
        model.eval()
        wrong, total = np.zeros(len(self.speech.speakers)), np.zeros(len(self.speech.speakers))
        for first in range(0, len(self.tests), 32):
            chosen = self.tests[first : first + 32]
            scores, lengths = self._scores(model, chosen)
            smooth = nn.functional.avg_pool1d(
                scores.exp().transpose(1, 2), SMOOTH, 1, SMOOTH // 2, count_include_pad=False
            ).transpose(1, 2)
            for utterance, best, length in zip(chosen, smooth.argmax(-1), lengths, strict=True):
                said = [symbol - 1 for symbol in best[:length].unique_consecutive().tolist() if symbol != BLANK]
                wanted = self.speech.sequences[utterance].tolist()
                wrong[self.speech.speaker[utterance]] += torchaudio.functional.edit_distance(wanted, said)
                total[self.speech.speaker[utterance]] += len(wanted)
        return wrong / total * 100

    def _scores(self, model: TaskModel, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        """Log-probabilities (batch, T, symbols) and lengths (batch,)."""
        lengths = torch.from_numpy(self.speech.lengths[chosen])
        longest = int(lengths.max())
        mel = torch.zeros(len(chosen), 2 * longest, self.speech.mel.shape[2])
        for row, utterance in enumerate(chosen):
            at = np.arange(self.speech.starts[utterance], self.speech.starts[utterance + 1])[None]
            mel[row, : 2 * len(at[0])] = standardized(self.speech.mel_of(at))[0]
        padding = torch.arange(longest) >= lengths[:, None]
        frames = model.encoder.encode(mel, padding=padding)
        return model.head(frames).float().log_softmax(-1), lengths


class PitchTask:
    """F0 of voiced frames of a crop, in semitones, by absolute error."""

    name = "F0 reconstruction"
    error = "absolute error, semitones"
    outputs = 1

    def __init__(self, speech: Speech, frames: int = 50, crops: int = 1, batch: int = 48) -> None:
        self.speech, self.batch, self.frames = speech, batch, frames
        voiced = speech.f0 != UNVOICED
        # A frame in silence that the extractor calls voiced is its mistake.
        self.counts = voiced & (speech.phone != NO_PHONE)
        self.semitones = torch.where(voiced, 12 * torch.log2(speech.f0.clamp(min=1) / 150), 0.0)
        self.training = np.flatnonzero(~speech.test)
        self.tested = np.repeat(np.flatnonzero(speech.test), crops)
        self.at = speech.crops(self.tested, frames, np.random.default_rng(TEST_SEED))
        self.tests = augmented(speech.mel_of(self.at), torch.Generator().manual_seed(TEST_SEED))

    def loss(self, model: TaskModel, draw: np.random.Generator, random: torch.Generator) -> Tensor:
        at = self.speech.crops(draw.choice(self.training, self.batch), self.frames, draw)
        said = self._said(model, augmented(self.speech.mel_of(at), random))
        counts = self.counts[torch.from_numpy(at)]
        return (said - self.semitones[torch.from_numpy(at)])[counts].abs().mean() / 6

    @torch.no_grad()
    @torch.autocast("cpu", torch.bfloat16)
    def errors(self, model: TaskModel) -> np.ndarray:
        model.eval()
        said = torch.cat([self._said(model, crops) for crops in self.tests.split(256)])
        at = torch.from_numpy(self.at)
        off = ((said - self.semitones[at]).abs() * self.counts[at]).sum(1).numpy()
        speaker = self.speech.speaker[self.tested]
        n = len(self.speech.speakers)
        return np.bincount(speaker, off, n) / np.bincount(speaker, self.counts[at].sum(1).numpy(), n)

    def _said(self, model: TaskModel, mel: Tensor) -> Tensor:
        return model.head(model.encoder.encode(mel))[..., 0].float() * 6


def per_speaker(values: np.ndarray, speaker: np.ndarray, speakers: int) -> np.ndarray:
    """Mean of values over each speaker (speakers,)."""
    return np.bincount(speaker, values, speakers) / np.bincount(speaker, minlength=speakers)
