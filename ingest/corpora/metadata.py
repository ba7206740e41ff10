"""Metadata tables: who speaks in which utterance, and whatever else a corpus records about either.

CSV, TSV, Parquet, LibriSpeech's SPEAKERS.TXT, Kaldi's two-column files and the authors' JSON of genders
all become a `Table`. `ingest.corpora.joining` joins tables to utterances.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ingest.corpora.encoding import read_text
from ingest.corpora.frame_labels import read_json_object
from warehouse.errors import CorpusError

UTTERANCE_NAMES = ("utterance", "utterance_id", "utt", "utt_id", "uttid")
FILE_NAMES = ("id", "file", "path", "filename", "file_name", "audio", "audio_file", "wav")
SPEAKER_NAMES = (
    "speaker",
    "speaker_id",
    "spk",
    "spk_id",
    "spkid",
    "spkr",
    "reader",
    "reader_id",
    "client_id",
)
_MEANT = {
    "speaker": SPEAKER_NAMES,
    "gender": ("gender", "sex"),
    "text": ("text", "transcript", "transcription", "sentence"),
}
_TEXTUAL = frozenset((*UTTERANCE_NAMES, *FILE_NAMES, *_MEANT))
_KALDI = re.compile(r"(utt|utterance|spk|speaker)2(\w+)")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MISSING = frozenset(("na", "n/a", "nan", "null", "none"))

Value = str | int | float | bool | None


class Row(NamedTuple):
    """A row: where it is in its file (a line or a row, from 1), and its values."""

    place: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """A metadata file.

    Attributes:
        path: the file.
        columns: names; a speaker, a gender and a text are called so, whatever the file calls them.
        rows: the rows, in the file's order.
        key: the column to join on when the format fixes it (``"utterance"``, ``"speaker"``, or ``"either"``
            for a two-column file that does not say), else None: found among the columns.
        unit: what a row's place counts, ``"line"`` or ``"row"``.
    """

    path: Path
    columns: tuple[str, ...]
    rows: list[Row]
    key: str | None = None
    unit: str = "line"


def read_table(path: Path) -> Table:
    """Reads a metadata file; its name and, for text without a suffix, its first line say what it is.

    Raises:
        CorpusError: the file cannot be read, has no header, repeats a column, or a row has too many cells.
    """
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return _parquet(path)
    text = read_text(path)
    if suffix == ".json":
        return _json(path)
    if suffix in (".csv", ".tsv"):
        return _separated(path, text, suffix)
    data = [line for line in text.splitlines() if line.strip() and not line.startswith(";")]
    if data and data[0].count("|") >= 4:
        return _speakers_txt(path, text)
    return _kaldi(path, text)


def _separated(path: Path, text: str, suffix: str) -> Table:
    header = text.lstrip("\n").partition("\n")[0]
    separator = "\t" if suffix == ".tsv" else ";" if ";" in header and "," not in header else ","
    quoting: Literal[0, 3] = csv.QUOTE_NONE if suffix == ".tsv" else csv.QUOTE_MINIMAL  # TSV has no quotes
    lines = csv.reader(io.StringIO(text, newline=None), delimiter=separator, quoting=quoting)
    columns: tuple[str, ...] = ()
    rows = []
    try:
        for line in lines:
            cells = [cell.strip() for cell in line]
            if not any(cells):
                continue
            if not columns:
                columns = _columns(cells, path)
                continue
            if any(cells[len(columns) :]):
                raise CorpusError(
                    f"{path}: line {lines.line_num}: has {len(cells)} cells and the header {len(columns)}; "
                    f"quote cells that hold {separator!r}"
                )
            rows.append(Row(lines.line_num, tuple([*cells, *[""] * len(columns)][: len(columns)])))
    except csv.Error as error:
        raise CorpusError(f"{path}: line {lines.line_num}: is no CSV ({error}); export the table again") from None
    return Table(path, columns, _typed(columns, rows))


def _parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        read = pyarrow.parquet.ParquetFile(path).read()
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise CorpusError(f"{path}: is no Parquet file that can be read ({reason}); make it again") from None
    columns = _columns(read.column_names, path)
    cells = [
        [_plain(value, column) for value in values.to_pylist()]
        for column, values in zip(columns, read.columns, strict=True)
    ]
    rows = [Row(place, values) for place, values in enumerate(zip(*cells, strict=True), start=1)]
    return Table(path, columns, rows, unit="row")


def _plain(value: object, column: str) -> Value:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if column.lower() in _TEXTUAL:
        return str(value)
    if isinstance(value, (str, int, float)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.dumps(value, default=str) if isinstance(value, (list, dict)) else str(value)


def _json(path: Path) -> Table:
    genders = read_json_object(path)
    wrong = next((key for key, value in genders.items() if not isinstance(value, (str, type(None)))), None)
    if wrong is not None:
        raise CorpusError(
            f'{path}: speaker {wrong!r} has {genders[wrong]!r} instead of "M" or "F"; '
            f"other metadata go in CSV or Parquet"
        )
    rows = [Row(place, pair) for place, pair in enumerate(genders.items(), start=1)]
    return Table(path, ("speaker", "gender"), rows, key="either", unit="entry")


def _speakers_txt(path: Path, text: str) -> Table:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(";"):
            continue
        cells = tuple(cell.strip() for cell in line.split("|", 4))  # a name may hold a bar
        if len(cells) != 5:
            raise CorpusError(f"{path}: line {number}: is not ID | SEX | SUBSET | MINUTES | NAME; correct it")
        rows.append(Row(number, cells))
    columns = ("speaker", "gender", "subset", "minutes", "name")
    return Table(path, columns, _typed(columns, rows), key="speaker")


def _kaldi(path: Path, text: str) -> Table:
    stem = path.name.lower().removesuffix(".txt")
    named = _KALDI.fullmatch(stem)
    key, column = "either", stem
    if named:
        key, column = ("utterance" if named[1].startswith("utt") else "speaker"), named[2]
    elif stem == "text" or stem.endswith(".trans"):
        key, column = "utterance", "text"
    column = next((meant for meant, names in _MEANT.items() if column in names), column)
    lists_utterances = key == "speaker" and column in ("utt", "utts", "utterance")
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split(None, 1)
        if not fields or fields[0].startswith(";;"):
            continue
        value = fields[1].strip() if len(fields) == 2 else ""
        if lists_utterances:
            rows += [Row(number, (utterance, fields[0])) for utterance in value.split()]
        else:
            rows.append(Row(number, (fields[0], value)))
    if lists_utterances:
        key, column = "utterance", "speaker"
    columns = ("key", column)
    return Table(path, columns, _typed(columns, rows), key=key)


def _columns(names: Sequence[str], path: Path) -> tuple[str, ...]:
    """The names of a header, with the first alias of speaker, gender and text replaced by what it means."""
    columns = [name.strip() or f"column_{at}" for at, name in enumerate(names, start=1)]
    plain = [re.sub(r"[\s-]+", "_", column.lower()) for column in columns]
    for meant, aliases in _MEANT.items():
        at = next((plain.index(alias) for alias in aliases if alias in plain), None)
        if at is not None:
            columns[at] = meant
    for at, name in enumerate(plain):
        if name in UTTERANCE_NAMES or name in FILE_NAMES:
            columns[at] = name
    folded = [column.lower() for column in columns]
    twice = next((column for at, column in enumerate(columns) if folded[at] in folded[:at]), None)
    if twice is not None:
        raise CorpusError(f"{path}: has two columns called {twice!r} (SQL minds no case); rename one")
    return tuple(columns)


def _typed(columns: Sequence[str], rows: list[Row]) -> list[Row]:
    """Gives each column of text the narrowest type that all its cells have; an empty cell is None."""
    if not rows:
        return rows
    cells = list(zip(*(row.values for row in rows), strict=True))
    for at, column in enumerate(columns):
        textual = column.lower() in _TEXTUAL or column == "key"
        cells[at] = tuple(_narrow(cells[at], textual))
    return [Row(row.place, values) for row, values in zip(rows, zip(*cells, strict=True), strict=True)]


def _narrow(cells: Iterable[str], textual: bool) -> list[Value]:
    values = list(cells)
    present = [cell for cell in values if cell and cell.lower() not in _MISSING]
    convert: Callable[[str], Value] | None = None
    if present and not textual:
        if all(map(_INTEGER.fullmatch, present)):
            convert = int
        elif all(map(_NUMBER.fullmatch, present)) and not any(map(_padded, present)):
            convert = float
        elif all(cell.lower() in ("true", "false") for cell in present):
            convert = _truth
    if convert is None:
        return [cell or None for cell in values]
    return [convert(cell) if cell and cell.lower() not in _MISSING else None for cell in values]


def _padded(number: str) -> bool:
    """Whether a whole number is written with leading zeros or too long: an identifier, not a quantity."""
    return number.lstrip("+-").isdecimal() and not _INTEGER.fullmatch(number)


def _truth(cell: str) -> bool:
    return cell.lower() == "true"
