"""Label files ending in .lab, a name that three conventions share.

Which one a file follows is read off the file:

- a line holding only ``#`` ends a header: xlabel, as Festival writes it. Each line after it is
  ``end colour label``, in seconds, and an interval starts where the one before ends;
- otherwise each line is ``start end label``. When every time is a whole number it is HTK, in units of
  100 ns, unless the whole file would then last less than 1 ms;
- the rest is in seconds, such as an Audacity label track.

A line without a label is silence. What follows an HTK label (scores, words) is ignored.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from sys import intern

from ingest.corpora.encoding import read_text
from ingest.corpora.intervals import Interval, in_order
from ingest.corpora.times import micros
from warehouse.errors import CorpusError

_HTK_UNITS_A_MILLISECOND = 10_000


def read_lab(path: Path) -> list[Interval]:
    """The intervals of a .lab file in order; the module says how its convention is found."""
    return parse_lab(read_text(path), str(path))


def parse_lab(text: str, where: str) -> list[Interval]:
    """The intervals of a .lab text in order; `place` is the line.

    Raises:
        CorpusError: a line has no times (a transcript is no label file), or intervals overlap.
    """
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1)]
    if lines and lines[0][1][:1] == ["#!MLF!#"]:
        raise CorpusError(f"{where}: is an HTK master label file; split it into one .lab an utterance")
    marks = [at for at, (_, fields) in enumerate(lines) if fields == ["#"]]
    intervals = _xlabel(lines[marks[0] + 1 :], where) if marks else _start_end(lines, where)
    if not intervals:
        raise CorpusError(f"{where}: has no labels; align the utterance or remove the file")
    return in_order(intervals, where, "line")


def _xlabel(lines: list[tuple[int, list[str]]], where: str) -> list[Interval]:
    intervals = []
    start = 0
    for number, fields in lines:
        if not fields:
            continue
        label = fields[2].rstrip(";") if len(fields) > 2 else ""
        end = _time(micros, fields[0], where, number)
        intervals.append(Interval(start, end, intern(label), number))
        start = end
    return intervals


def _start_end(lines: list[tuple[int, list[str]]], where: str) -> list[Interval]:
    rows = [(number, fields) for number, fields in lines if fields and fields != ["."]]
    for number, fields in rows:
        if len(fields) < 2:
            raise CorpusError(
                f"{where}: line {number}: {' '.join(fields)!r} has no start and end; "
                f"a label file has them, a transcript does not"
            )
    whole = all(time.isdecimal() and len(time) < 18 for _, fields in rows for time in fields[:2])
    htk = whole and max(int(fields[1]) for _, fields in rows) >= _HTK_UNITS_A_MILLISECOND
    read = _hundreds_of_ns if htk else micros
    return [
        Interval(
            _time(read, fields[0], where, number),
            _time(read, fields[1], where, number),
            intern(fields[2].strip('"')) if len(fields) > 2 else "",
            number,
        )
        for number, fields in rows
    ]


def _hundreds_of_ns(time: str) -> int:
    return int((Decimal(time) / 10).to_integral_value())


def _time(read: Callable[[str], int], text: str, where: str, number: int) -> int:
    try:
        return read(text)
    except ValueError:
        raise CorpusError(
            f"{where}: line {number}: {text!r} is no time; a label file has them, a transcript does not"
        ) from None
