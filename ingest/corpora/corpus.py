"""What a corpus is once it has been read: utterances with audio, phone segments and metadata.

Every label format and every corpus layout ends in these values; what follows never asks where they came from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ingest.corpora.phone_set import PhoneSet
from ingest.corpora.times import samples_to_us

PathLike = str | Path


@dataclass(frozen=True, slots=True)
class Segment:
    """An interval of the phone tier.

    Attributes:
        start_us: start, integer microseconds from the start of the utterance.
        end_us: end, microseconds.
        phone: canonical: ``''`` silence, ``'spn'`` spoken noise, stress dropped; ``'*'`` without labels.
        word: the word it belongs to, None where the labels do not say.
    """

    start_us: int
    end_us: int
    phone: str
    word: str | None = None


@dataclass(frozen=True)
class Utterance:
    """One audio file, what is said in it and by whom.

    Attributes:
        name: unique in its corpus.
        audio: the file.
        segments: as labelled: in order, without overlaps, within the audio; gaps are allowed.
        metadata: every metadata column of the corpus (str, int, float, bool or None), the same keys for
            every utterance; always with ``speaker``, ``gender`` ('M', 'F' or None) and ``text``.
        given_pitch: the authors' discretised pitch, int8 per 20 ms frame (-1 none, 0 low, 1 middle,
            2 high), as in the file, not padded; None when no pitch file was given.
        frame_labels_hop_us: 20,000 when the labels came per frame (the authors' JSON), else None.
        n_samples: length of the audio at its own rate, per channel, as its header says.
        sample_rate: of the file, Hz.
    """

    name: str
    audio: Path
    segments: tuple[Segment, ...]
    metadata: Mapping[str, object]
    given_pitch: np.ndarray | None = field(default=None, compare=False)
    frame_labels_hop_us: int | None = None
    n_samples: int = field(kw_only=True)
    sample_rate: int = field(kw_only=True)

    @property
    def duration_us(self) -> int:
        """Length of the audio, microseconds."""
        return samples_to_us(self.n_samples, self.sample_rate)


@dataclass(frozen=True)
class Rejected:
    """An utterance that was left out, and the one-line reason."""

    utterance: str
    reason: str


@dataclass
class Corpus:
    """A corpus ready to be ingested.

    Attributes:
        name: what the corpus is called in the warehouse.
        utterances: in the order of their names.
        labelled: whether there are phone labels; without, every utterance is one segment ``*``.
        phone_set: the phones that exist and their classes.
        rejected: what was left out under ``on_error="skip"``.
        notes: what the reader changed or missed, each worth saying once (a renamed column, …).
    """

    name: str
    utterances: list[Utterance]
    labelled: bool
    phone_set: PhoneSet
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_files(
        cls,
        audio: PathLike | Sequence[PathLike],
        labels: PathLike | None = None,
        metadata: PathLike | Iterable[PathLike] | None = None,
        *,
        name: str,
        label_map: PathLike | None = None,
        pitch: PathLike | None = None,
        phones: str | Path | PhoneSet = "auto",
        tier: str | None = None,
        names: Literal["stem", "path"] = "stem",
        on_error: Literal["stop", "skip"] = "stop",
    ) -> "Corpus":
        """Reads a corpus from audio, labels and metadata.

        Args:
            audio: a folder (searched through), a list of files, or a Kaldi ``wav.scp``.
            labels: a folder (searched through) of .TextGrid, .PHN, .lab or .ctm, matched to the audio by
                name; or one .ctm; or the frame-label JSON of the *Property Neurons* authors. Where several
                kinds label one utterance, the first in this order is taken. None: a corpus without labels.
            metadata: one file or several: CSV, TSV, Parquet, LibriSpeech's SPEAKERS.TXT, Kaldi's two-column
                files (``spk2gender``, ``utt2spk``, ``text``, …), the authors' JSON of genders. Tables with
                a column ``utterance`` join on it, others on ``speaker``. Every column is kept.
            name: the corpus's name in the warehouse.
            label_map: the authors' JSON ``{phone: [id, count]}``, for frame labels.
            pitch: the authors' JSON of discretised pitch.
            phones: the phone set: ``auto``, ``arpabet``, ``timit``, ``mfa-ipa``, ``any``, a CSV map
                (columns phone, phone_class, rename) or a PhoneSet.
            tier: the name of the phone tier, for TextGrids that need it.
            names: ``stem`` names an utterance after its file; ``path`` by its path below the audio folder,
                for corpora like TIMIT that use a file name once per speaker.
            on_error: ``stop`` raises at the first utterance that cannot be used; ``skip`` leaves it out
                and lists it in `rejected`.

        The speaker of an utterance comes from the metadata. Where they have none it is the name up to
        the first ``-`` for the authors' frame labels and for names like LibriSpeech's
        (``84-121123-0000``); otherwise the folder the file is in, when it is below the audio folder.

        Raises:
            CorpusError: what is wrong, with the file and the row or utterance, and what to do.
        """
        from ingest.corpora.reading import read_corpus

        return read_corpus(
            audio,
            labels,
            metadata,
            name=name,
            label_map=label_map,
            pitch=pitch,
            phones=phones,
            tier=tier,
            names=names,
            on_error=on_error,
        )
