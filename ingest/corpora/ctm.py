"""Kaldi CTM: one line an interval, ``utterance channel start duration phone [confidence]``."""

import re
from collections.abc import Mapping
from pathlib import Path
from sys import intern

from ingest.corpora.encoding import read_text
from ingest.corpora.intervals import Interval
from ingest.corpora.phone_set import is_noise, is_silence
from ingest.corpora.times import micros
from warehouse.errors import CorpusError

_POSITION = re.compile(r"(.+)_[BIES]")

CtmUtterances = Mapping[str, list[Interval] | CorpusError]


def read_ctm(path: Path) -> CtmUtterances:
    """The intervals of every utterance in a CTM file; `parse_ctm` says what is read."""
    return parse_ctm(read_text(path), str(path))


def parse_ctm(text: str, where: str) -> CtmUtterances:
    """The intervals of every utterance, in the file's order; a line that is wrong spoils its utterance only.

    Comments begin with ``;;``. When every phone but silence and noise ends in ``_B``, ``_I``, ``_E`` or
    ``_S``, these are Kaldi's positions in the word and are dropped.

    Args:
        text: the file's text.
        where: the file's name, for messages.

    Returns:
        Utterance → its intervals (`place` is the line), or the error that its first wrong line deserves.
    """
    utterances: dict[str, list[Interval] | CorpusError] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";;"):
            continue
        intervals = utterances.setdefault(fields[0], [])
        if isinstance(intervals, CorpusError):
            continue
        try:
            if len(fields) not in (5, 6):
                raise ValueError(f"{len(fields)} columns instead of utterance, channel, start, duration and phone")
            start = micros(fields[2])
            end = micros(fields[3]) + start
        except ValueError as error:
            utterances[fields[0]] = CorpusError(
                f"{where}: line {number}: utterance {fields[0]!r}: {error}; correct the line"
            )
            continue
        intervals.append(Interval(start, end, intern(fields[4]), number))
    return _without_positions(utterances)


def _without_positions(utterances: dict[str, list[Interval] | CorpusError]) -> CtmUtterances:
    lists = [intervals for intervals in utterances.values() if isinstance(intervals, list)]
    labels = {interval.label for intervals in lists for interval in intervals}
    bare = {label: match[1] for label in labels if (match := _POSITION.fullmatch(label))}
    if not bare or any(label not in bare and not is_silence(label) and not is_noise(label) for label in labels):
        return utterances
    for intervals in lists:
        intervals[:] = [interval._replace(label=bare.get(interval.label, interval.label)) for interval in intervals]
    return utterances
