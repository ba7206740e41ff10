"""What a probe is to tell: a class for every utterance or segment that a model has means of."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.probes.settings import Settings
from warehouse.errors import QueryError, first_line

if TYPE_CHECKING:
    from queries.connection import Connection

OF_SEGMENTS = ("phone", "word", "phone_class")
"""Labels that segments have rather than utterances."""

_KEYS = ("utterance_id", "segment")
_NO_PHONES = ("", "spn")


@dataclass(frozen=True)
class Label:
    """A label by its name, and where it is taken from.

    Attributes:
        name: a column of utterances, or phone, word or phone_class of segments; with ``sql`` any name.
        sql: SELECT of utterance_id, label and, for segments, segment.
        edges: where a number is cut into classes; a value on an edge belongs below.
        bins: instead, how many classes of about as many rows.
    """

    name: str
    sql: str | None = None
    edges: tuple[float, ...] = ()
    bins: int | None = None

    @property
    def definition(self) -> str:
        """Where it is taken from, in words."""
        cut = f" cut at {', '.join(f'{edge:.15g}' for edge in self.edges)}" if self.edges else ""
        return (self.sql or f"column {self.name}") + (f" cut into {self.bins}" if self.bins else cut)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with their classes, by utterance and segment.

    Attributes:
        label: what they are labelled by.
        unit: ``utterance`` or ``segment``.
        rows: utterance_id, segment (null = utterance), corpus, utterance, speaker (null = unknown), class.
        classes: names of the classes, numbers by size, others by the alphabet.
        target: class of each row as a place in ``classes``, int64 (n,).
        is_speaker: whether the classes are the speakers, so that a split cannot be disjoint in them.
    """

    label: Label
    unit: str
    rows: pl.DataFrame
    classes: tuple[str, ...]
    target: np.ndarray
    is_speaker: bool

    @property
    def group(self) -> np.ndarray:
        """What must not be on both sides of a split, as int64 (n,): the speaker, or the utterance if he is the class.

        An utterance whose speaker is unknown stands for a speaker of its own.
        """
        of_utterance = pl.format("utterance {}", "utterance_id")
        key = of_utterance if self.is_speaker else pl.coalesce(pl.format("speaker {}", "speaker"), of_utterance)
        names = self.rows.select(key.alias("key"))["key"].to_numpy()
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    @property
    def n_speakers(self) -> int:
        """Speakers; an utterance without one counts as one."""
        known = self.rows["speaker"].drop_nulls().n_unique()
        return known + self.rows.filter(pl.col("speaker").is_null())["utterance_id"].n_unique()

    def same_rows(self, other: "Labelled") -> bool:
        """Whether another label has the same utterances and segments, in the same order."""
        return self.rows.select(_KEYS).equals(other.rows.select(_KEYS))

    def name_of(self, row: int) -> str:
        """An utterance's name, with the segment where there is one."""
        found = self.rows.row(row, named=True)
        return name_of(found["utterance"], found["segment"])


def name_of(utterance: str, segment: int | None) -> str:
    """What a row is called in messages."""
    return f"utterance {utterance}" if segment is None else f"utterance {utterance}, segment {segment}"


def labelled(con: "Connection", label: Label, model: str, settings: Settings) -> Labelled:
    """The rows that a model has means of, with their classes.

    Args:
        con: an open warehouse.
        label: what to label them by.
        model: name of the model.
        settings: which corpus, classes and how many rows; whether rows without a label are left out.

    Raises:
        QueryError: a label that there is not, that rows lack, that has one class, or numbers that are no classes.
    """
    given = _given(con, label)
    of_segments = label.sql is None and label.name in OF_SEGMENTS
    if "segment" not in given.columns:
        given = given.with_columns(pl.lit(None, pl.Int32).alias("segment"))
    unit = "segment" if of_segments or given["segment"].is_not_null().any() else "utterance"
    rows = _recorded(con, label, model, unit, settings)
    keys = list(_KEYS) if unit == "segment" else ["utterance_id"]
    given = given.select("utterance_id", pl.col("segment").cast(pl.Int32), "label")
    twice = given.filter(given.select(keys).is_duplicated()).sort("utterance_id")
    if len(twice):
        at = rows.filter(pl.col("utterance_id") == twice["utterance_id"][0])
        name = at["utterance"][0] if len(at) else twice["utterance_id"][0]
        raise QueryError(f"label {label.name}: {name_of(name, twice['segment'][0])} has several; select one row each")
    rows = rows.join(
        given.drop("segment") if unit == "utterance" else given, on=keys, how="left", maintain_order="left"
    )
    rows = _without_missing(label, rows, settings)
    rows, classes = _classes(label, rows)
    if settings.without:
        if unknown := sorted(set(settings.without) - set(classes)):
            raise QueryError(f"label {label.name} has no class {unknown[0]}; there are: {_listed(classes)}")
        rows = rows.filter(~pl.col("class").is_in(settings.without))
        classes = tuple(name for name in classes if name not in settings.without)
    rows = _drawn(rows, settings.rows)
    if len(classes) < 2:
        has = f"one class, {classes[0]}," if classes else "no class"
        needs = "a probe needs two"
        if not classes and label.name == "phone_class":
            needs = "phones need a map to classes, which is given at ingest"
        raise QueryError(f"label {label.name} has {has} in the {len(rows)} rows of {model}; {needs}")
    place = {name: number for number, name in enumerate(classes)}
    target = rows["class"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    is_speaker = bool((rows["class"] == rows["speaker"]).fill_null(False).all())
    return Labelled(label, unit, rows, classes, target, is_speaker)


def _given(con: "Connection", label: Label) -> pl.DataFrame:
    """utterance_id, label, and segment where segments have the label; whether or not the model saw them."""
    import duckdb

    if label.sql is not None:
        try:
            found = con.sql(label.sql).pl()
        except (duckdb.Error, pl.exceptions.PolarsError) as error:
            raise QueryError(f"label {label.name}: {first_line(error)}") from None
        for column in ("utterance_id", "label"):
            if column not in found.columns:
                raise QueryError(
                    f"label {label.name}: the query gives no column {column}, only {', '.join(found.columns)}; select "
                    "utterance_id, label and, for segments, segment"
                )
        for column in ("utterance_id", "segment"):
            if column in found.columns and not found[column].dtype.is_integer():
                raise QueryError(f"label {label.name}: {column} must be the number that the warehouse has")
        return found.filter(pl.col("utterance_id").is_not_null())
    if label.name in OF_SEGMENTS:
        of_phone = "segments JOIN utterances USING (utterance_id) LEFT JOIN phones USING (corpus, phone)"
        sql = f"SELECT utterance_id, segment, phone, word, phone_class FROM {of_phone}"
        found = con.sql(sql).pl().filter(~pl.col("phone").is_in(_NO_PHONES))
        return found.select("utterance_id", "segment", pl.col(label.name).alias("label"))
    utterances = con.sql("FROM utterances").pl()
    if label.name not in utterances.columns:
        known = [name for name in utterances.columns if name != "utterance_id"]
        raise QueryError(
            f"there is no label {label.name}; there are the columns of utterances ({', '.join(known)}), of segments "
            f"({', '.join(OF_SEGMENTS)}), and whatever --sql selects"
        )
    return utterances.select("utterance_id", pl.col(label.name).alias("label"))


def _recorded(con: "Connection", label: Label, model: str, unit: str, settings: Settings) -> pl.DataFrame:
    """Rows that the model has means of, in the order of utterances."""
    table, segment = ("segment_means", "m.segment") if unit == "segment" else ("utterance_means", "NULL::INTEGER")
    corpora = [name for (name,) in con.sql("SELECT DISTINCT corpus FROM utterances ORDER BY 1").fetchall()]
    if settings.corpus is not None and settings.corpus not in corpora:
        raise QueryError(f"there is no corpus {settings.corpus}; there are: {', '.join(corpora)}")
    rows = con.sql(
        f"SELECT DISTINCT m.utterance_id, {segment} AS segment, u.corpus, u.utterance, u.speaker FROM {table} AS m "
        "JOIN utterances AS u USING (utterance_id) WHERE m.model = $model AND m.kind = $kind "
        "AND ($corpus IS NULL OR u.corpus = $corpus) ORDER BY ALL",
        {"model": model, "kind": settings.kind, "corpus": settings.corpus},
    ).pl()
    if not len(rows):
        of = "segments" if unit == "segment" else "utterances"
        remedy = (
            f"ingest it with --segment-means {settings.kind}, under another name"
            if unit == "segment"
            else "ingest it without --no-means, under another name, or probe the other --kind"
        )
        raise QueryError(f"label {label.name}: model {model} has no means of {of} of kind {settings.kind}; {remedy}")
    return rows


def _without_missing(label: Label, rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    if rows["label"].dtype.is_float():
        rows = rows.with_columns(pl.col("label").fill_nan(None))
    there = rows.filter(pl.col("label").is_not_null())
    if label.sql is None and label.name in OF_SEGMENTS:
        return there  # silence has no phone, and is nobody's mistake
    if len(there) < len(rows) and not settings.leave_out_missing:
        first = rows.filter(pl.col("label").is_null()).row(0, named=True)
        raise QueryError(
            f"label {label.name} misses {len(rows) - len(there)} of {len(rows)} rows, the first is "
            f"{name_of(first['utterance'], first['segment'])}; leave them out with --leave-out-missing, or label them"
        )
    return there


def _drawn(rows: pl.DataFrame, most: int | None) -> pl.DataFrame:
    if most is None or len(rows) <= most:
        return rows
    chosen = np.random.default_rng(0).choice(len(rows), most, replace=False)
    return rows[np.sort(chosen)]


def _classes(label: Label, rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Rows with their class in place of the label, and the classes in order."""
    values = rows["label"]
    if not len(rows):
        return rows.drop("label").with_columns(pl.lit(None, pl.String).alias("class")), ()
    if values.dtype.is_nested() or values.dtype == pl.Duration:
        raise QueryError(
            f"label {label.name} is {values.dtype}, which is no class; make a text or a number of it by --sql"
        )
    number = values.dtype.is_numeric()
    if values.dtype.is_float() and not values.is_finite().all():
        raise QueryError(f"label {label.name} has infinite values; leave these rows out by --sql")
    if label.edges or label.bins:
        if not number:
            raise QueryError(f"label {label.name} is no number (such as {values[0]!r}), so that it cannot be cut")
        edges = _edges(label, values)
        names = _bands(edges)
        found = pl.Series("class", [names[i] for i in np.searchsorted(edges, values.to_numpy(), side="left")])
        seen = set(found)
        return rows.drop("label").with_columns(found), tuple(name for name in names if name in seen)
    if values.dtype.is_float() and (values != values.round()).any():
        raise QueryError(f"label {label.name} is a number; cut it into classes with --edges or --bins")
    if values.dtype.is_float():
        values = values.cast(pl.Int64)
    classes = tuple(values.unique().sort().cast(pl.String))
    return rows.drop("label").with_columns(values.cast(pl.String).alias("class")), classes


def _edges(label: Label, values: pl.Series) -> np.ndarray:
    if label.edges and label.bins:
        raise QueryError(f"label {label.name}: cut it at edges or into bins, not both")
    if label.bins is not None:
        if label.bins < 2:
            raise QueryError(f"label {label.name}: {label.bins} bins tell nothing apart; give 2 or more")
        shares = np.arange(1, label.bins) / label.bins
        # A value of the data, so that rows of one value are never torn apart by how a mean is rounded.
        edges = np.unique(np.quantile(values.to_numpy(), shares, method="inverted_cdf").astype(float))
        if len(edges) < label.bins - 1 or edges[-1] >= values.to_numpy().max():
            raise QueryError(
                f"label {label.name} cannot be cut into {label.bins} bins of about as many rows: too many have one "
                "value; cut it with --edges, or into fewer"
            )
        return edges
    edges = np.array(label.edges, float)
    if not np.isfinite(edges).all() or not all(a < b for a, b in pairwise(label.edges)):
        raise QueryError(f"label {label.name}: edges must be numbers that ascend, not {_listed(label.edges)}")
    return edges


def _bands(edges: np.ndarray) -> list[str]:
    texts = [f"{edge:.15g}" for edge in edges]
    return [f"up to {texts[0]}", *(f"{a} to {b}" for a, b in pairwise(texts)), f"above {texts[-1]}"]


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(map(str, names[:30]))
    return shown if len(names) <= 30 else f"{shown} and {len(names) - 30} more"
