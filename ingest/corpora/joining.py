"""Joins metadata tables to utterances: by the utterance, or by its speaker."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ingest.corpora.metadata import FILE_NAMES, UTTERANCE_NAMES, Table, Value
from warehouse.errors import CorpusError

OWN_COLUMNS = frozenset(
    (
        "utterance_id",
        "corpus",
        "utterance",
        "duration",
        "path",
        "frame_id",
        "hop_us",
        "offset_us",
        "frame",
        "segment",
        "phone",
        "phone_class",
        "word",
        "start_s",
        "end_s",
        "segment_s",
        "is_middle",
        "is_last_run",
        "f0_hz",
        "given_pitch",
        "property",
        "group",
    )
)
"""What tables and views call their own; a metadata column of that name would be ambiguous in SQL."""

_GENDERS = {
    **dict.fromkeys(("m", "male", "man", "masculine", "male_masculine"), "M"),
    **dict.fromkeys(("f", "female", "woman", "feminine", "female_feminine"), "F"),
    **dict.fromkeys(("", "u", "unk", "unknown", "na", "n/a", "nan", "none", "null", "-", "?"), None),
}


class _Keyed(NamedTuple):
    """A table with its rows by key."""

    table: Table
    columns: dict[str, int]  # our name of a column -> its place in a row
    rows: dict[str, int]  # key -> index of its row


class Metadata:
    """The metadata of a corpus, ready to be asked for one utterance at a time.

    Attributes:
        columns: every column an utterance gets: speaker, gender, text, then the tables' own.
        notes: columns that had to be renamed, and speakers without a row.
    """

    def __init__(self, tables: list[Table], utterances: Mapping[str, str | None]) -> None:
        """Finds each table's key.

        Args:
            tables: the files, in the user's order.
            utterances: the corpus's utterances → the speaker that the file's name or folder tells.

        Raises:
            CorpusError: a table has no key, repeats one, or none of its rows is of this corpus.
        """
        self.notes: list[str] = []
        self._spelling: dict[str, str] = {}  # SQL minds no case: one spelling of a column for all tables
        self._by_utterance: list[_Keyed] = []
        self._by_speaker: list[_Keyed] = []
        self._fallback = utterances
        for table in tables:
            at, by_utterance = _key(table, utterances)
            keyed = self._keyed(table, at, by_utterance, utterances)
            (self._by_utterance if by_utterance else self._by_speaker).append(keyed)
        everything = (*self._by_utterance, *self._by_speaker)
        names = [column for keyed in everything for column in keyed.columns]
        self.columns = tuple(dict.fromkeys(("speaker", "gender", "text", *names)))
        self._casts = {column: _common_type(column, everything) for column in names if names.count(column) > 1}
        self._tells_speaker = any("speaker" in keyed.columns for keyed in self._by_utterance)
        self._check_speakers()

    def of(self, utterance: str) -> dict[str, Value]:
        """All columns of an utterance, None where no table has a value.

        Raises:
            CorpusError: an utterance table lacks the utterance, two tables disagree, or a gender is neither.
        """
        values: dict[str, Value] = dict.fromkeys(self.columns)
        for keyed in self._by_utterance:
            if utterance not in keyed.rows:
                raise CorpusError(
                    f"{keyed.table.path}: has no row for utterance {utterance!r}; add it, "
                    f"or leave such utterances out with on_error='skip' (--on-error skip)"
                )
            self._add(values, keyed, utterance, utterance)
        if not self._tells_speaker:
            values["speaker"] = self._fallback[utterance]
        speaker = values["speaker"]
        for keyed in self._by_speaker:
            if isinstance(speaker, str) and speaker in keyed.rows:
                self._add(values, keyed, speaker, utterance)
        return values

    def _add(self, values: dict[str, Value], keyed: _Keyed, key: str, utterance: str) -> None:
        row = keyed.table.rows[keyed.rows[key]]
        where = f"{keyed.table.path}: {keyed.table.unit} {row.place}"
        for column, place in keyed.columns.items():
            value = row.values[place]
            if column == "gender":
                try:
                    value = gender_of(value)
                except ValueError as error:
                    raise CorpusError(f"{where}: utterance {utterance!r}: {error}") from None
            if value is None:
                continue
            value = self._casts[column](value) if column in self._casts else value
            if values[column] is not None and values[column] != value:
                raise CorpusError(
                    f"{where}: utterance {utterance!r}: {column} is {value!r} here and {values[column]!r} "
                    f"in another metadata file; correct one"
                )
            values[column] = value

    def _keyed(self, table: Table, at: int, by_utterance: bool, utterances: Collection[str]) -> _Keyed:
        rows: dict[str, int] = {}
        for index, row in enumerate(table.rows):
            key = row.values[at]
            if not isinstance(key, str):
                continue
            if by_utterance:
                key = _utterance_named(key, utterances) or key
            other = rows.setdefault(key, index)
            if other != index and table.rows[other].values != row.values:
                raise CorpusError(
                    f"{table.path}: {table.unit} {row.place}: {key!r} has other values in "
                    f"{table.unit} {table.rows[other].place}; keep one of the two"
                )
        if by_utterance and rows and rows.keys().isdisjoint(utterances):
            raise CorpusError(
                f"{table.path}: no row is of an utterance of this corpus; its rows are named like "
                f"{next(iter(rows))!r}, the audio like {min(utterances)!r}"
            )
        columns = {}
        for place, column in enumerate(table.columns):
            if place == at:
                continue
            name = f"meta_{column}" if column.lower() in OWN_COLUMNS else column
            while name in columns:
                name += "_"
            name = self._spelling.setdefault(name.lower(), name)
            if name != column:
                self.notes.append(f"{table.path}: column {column!r} is kept as {name!r}, because the name is taken")
            columns[name] = place
        return _Keyed(table, columns, rows)

    def _check_speakers(self) -> None:
        if not self._by_speaker:
            return
        speakers: set[Value] = set(self._fallback.values())
        if self._tells_speaker:
            speakers = {speaker for keyed in self._by_utterance for speaker in _speakers(keyed, self._fallback)}
        known = sorted(str(speaker) for speaker in speakers if speaker)
        for keyed in self._by_speaker:
            path = keyed.table.path
            if not known:
                raise CorpusError(
                    f"{path}: is by speaker, and nothing says who speaks; add a table with the columns "
                    f"utterance and speaker (or a Kaldi utt2spk)"
                )
            missing = [speaker for speaker in known if speaker not in keyed.rows]
            if len(missing) == len(known):
                raise CorpusError(
                    f"{path}: no row is of a speaker of this corpus; its rows are of speakers like "
                    f"{next(iter(keyed.rows), None)!r}, the corpus has speakers like {known[0]!r}"
                )
            if missing:
                shown = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
                self.notes.append(f"{path}: has no row for {len(missing)} of {len(known)} speakers: {shown}")


def gender_of(value: Value) -> str | None:
    """'M', 'F' or None for what a metadata file calls a gender; ValueError when it is neither."""
    if value is None:
        return None
    text = str(value).strip().lower()
    if text not in _GENDERS:
        raise ValueError(f"gender {value!r} is neither M nor F; write M or F, or leave it empty when it is unknown")
    return _GENDERS[text]


def _common_type(column: str, tables: Iterable[_Keyed]) -> type[int] | type[float] | type[bool] | type[str]:
    """The type for a column that several tables have: float for whole and broken numbers, text for a mixture."""
    types = {
        type(value)
        for keyed in tables
        if column in keyed.columns
        for row in keyed.table.rows
        if (value := row.values[keyed.columns[column]]) is not None
    }
    if len(types) == 1:
        return types.pop()
    return float if types == {int, float} else str


def _key(table: Table, utterances: Mapping[str, str | None]) -> tuple[int, bool]:
    """Where a table's key is, and whether it is an utterance (else a speaker)."""
    if table.key is not None:
        return 0, table.key == "utterance" or (table.key == "either" and _share(table, 0, utterances) > 0)
    plain = [column.lower() for column in table.columns]
    for name in UTTERANCE_NAMES:
        if name in plain:
            return plain.index(name), True
    for name in FILE_NAMES:
        if name in plain and _share(table, plain.index(name), utterances):
            return plain.index(name), True
    if "speaker" in plain:
        return plain.index("speaker"), False
    if "id" in plain:
        return plain.index("id"), False
    raise CorpusError(
        f"{table.path}: has no column utterance and no column speaker, only {', '.join(table.columns)}; "
        f"name the column to join on so"
    )


def _share(table: Table, at: int, utterances: Collection[str]) -> int:
    """How many rows name an utterance of the corpus in a column, as such or as a file's name."""
    return sum(_utterance_named(str(row.values[at]), utterances) is not None for row in table.rows)


def _utterance_named(key: str, utterances: Collection[str]) -> str | None:
    """The utterance that a cell names: as such, or as the path of its file."""
    if key in utterances:
        return key
    path = key.replace("\\", "/")
    head, dot, suffix = path.rpartition(".")
    bare = head if dot and "/" not in suffix else path
    return next((name for name in (bare, bare.rpartition("/")[2]) if name in utterances), None)


def _speakers(keyed: _Keyed, utterances: Collection[str]) -> set[Value]:
    at = keyed.columns.get("speaker")
    if at is None:
        return set()
    return {keyed.table.rows[index].values[at] for key, index in keyed.rows.items() if key in utterances}
