"""TIMIT .PHN: ``start end phone`` in samples, and its sibling .WRD with the words.

TIMIT writes a stop as two intervals, closure and release (``tcl t``). `with_whole_stops` joins them, so
that one phone is one segment with one duration.
"""

from pathlib import Path
from sys import intern

from ingest.corpora.encoding import read_text
from ingest.corpora.intervals import Interval, in_order, with_words
from ingest.corpora.times import samples_to_us
from warehouse.errors import CorpusError

_RELEASES = {
    "bcl": ("b",),
    "dcl": ("d", "jh"),
    "gcl": ("g",),
    "pcl": ("p",),
    "tcl": ("t", "ch"),
    "kcl": ("k",),
}


def read_phn(path: Path, sample_rate: int) -> list[Interval]:
    """The phones of a .PHN file in order, with the words of the .WRD beside it when there is one.

    Args:
        path: the .PHN file.
        sample_rate: of the audio, because the file counts samples.

    Raises:
        CorpusError: a line is not ``start end label`` in samples, or phones overlap.
    """
    phones = in_order(parse_phn(read_text(path), str(path), sample_rate), str(path), "line")
    for suffix in (".WRD", ".wrd"):
        words = path.with_suffix(suffix)
        if words.is_file():
            return with_words(phones, parse_phn(read_text(words), str(words), sample_rate))
    return phones


def parse_phn(text: str, where: str, sample_rate: int) -> list[Interval]:
    """The intervals of a text of ``start end label`` lines in samples, in the file's order."""
    intervals = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 3 or not all(time.isdecimal() and len(time) < 15 for time in fields[:2]):
            raise CorpusError(f"{where}: line {number}: {line.strip()!r} is not start, end and label in samples")
        start, end = (samples_to_us(int(field), sample_rate) for field in fields[:2])
        intervals.append(Interval(start, end, intern(fields[2]), number))
    if not intervals:
        raise CorpusError(f"{where}: has no labels; align the utterance or remove the file")
    return intervals


def with_whole_stops(intervals: list[Interval]) -> list[Interval]:
    """Joins TIMIT's closures with the release that follows at once; a closure alone stays as it is.

    ``tcl`` is also the closure of ``ch``, and ``dcl`` that of ``jh``.
    """
    whole: list[Interval] = []
    for interval in intervals:
        before = whole[-1] if whole else None
        if (
            before is not None
            and before.end_us == interval.start_us
            and interval.label.lower() in _RELEASES.get(before.label.lower(), ())
        ):
            whole[-1] = interval._replace(start_us=before.start_us)
        else:
            whole.append(interval)
    return whole
