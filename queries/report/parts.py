"""What a page of a report is made of, as plain values: sections, figures, tables, and where their numbers are from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """How to get the same numbers again.

    Attributes:
        sql: questions that ``neurons sql`` answers as they are.
        python: calls on an open connection ``con``, where the numbers are computed and not only asked for.
    """

    sql: tuple[str, ...] = ()
    python: str = ""


class Written(float):
    """A number of a table that sorts as such and is written in its own way, such as ``97.3 ± 0.4``.

    Attributes:
        text: how it is written.
    """

    text: str

    def __new__(cls, value: float, text: str) -> "Written":
        """A number and its text."""
        made = super().__new__(cls, value)
        made.text = text
        return made


@dataclass(frozen=True)
class Table:
    """Rows that a reader may sort.

    Attributes:
        caption: what the rows are.
        columns: their names.
        rows: values, as SQL or Polars gives them; None = not known.
        total: rows that there are; more than are given here when the table was cut.
        meanings: what columns hold.
        source: where the rows are from.
        notes: what a reader must know, such as why there is no row.
        folded: whether the table is folded up until somebody opens it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    meanings: Mapping[str, str]
    source: Source = Source()
    notes: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with the numbers that it shows.

    Attributes:
        caption: what it shows, and how to read it.
        spec: a Vega-Lite chart with its data inside; None where nothing can be drawn, which the notes explain.
        source: where the numbers are from.
        table: the numbers; None where they stand in a table of the same section.
        notes: what a reader must know.
    """

    caption: str
    spec: Mapping[str, Any] | None
    source: Source = Source()
    table: Table | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gallery:
    """Figures side by side where there is room."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Section:
    """A part of the page with a title of its own.

    Attributes:
        title: its heading.
        text: paragraphs; a word in backticks is code.
        parts: what stands in it, in order; sections within a section have smaller headings.
    """

    title: str
    text: tuple[str, ...] = ()
    parts: "Sequence[Section | Gallery | Figure | Table]" = ()
