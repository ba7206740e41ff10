"""A query's rows a page at a time: read as they are asked for, so that a result may have as many as it likes."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from queries.connection import Connection
from warehouse.errors import QueryError

Row = tuple[Any, ...]

PAGE = 200
"""Rows of a page."""

MOST_CELLS = 60_000
"""Values of one result that are kept to be looked at; whoever wants more exports them."""

LONGEST = 2_000
"""Characters of the longest text that is kept to be looked at."""

MOST_ITEMS = 64
"""Items of the longest list that is kept to be looked at."""

_NESTED_AT_ONCE = 20
"""Rows that are fetched together where a value may be a list: of a thousand floats, say."""


class StoppedError(QueryError):
    """Somebody stopped the query."""


@dataclass(frozen=True)
class Page:
    """Some rows of a result.

    Attributes:
        rows: the rows; long texts, lists and structs as text that is cut.
        cut: values of these rows that were cut.
        more: whether further rows follow that can be read.
        truncated: whether further rows follow, but enough have been read to be looked at.
    """

    rows: tuple[Row, ...]
    cut: int
    more: bool
    truncated: bool = False


class Answer:
    """A query and its open result, on a cursor that is its own from now on, and closed with it.

    :meth:`ask` and :meth:`read` work for as long as DuckDB does, so call them in a thread; one at a time.
    :meth:`stop` comes from another.

    Attributes:
        query: what was asked.
        columns: names, once it is asked.
        types: DuckDB's names of their types.
        n_rows: rows read so far.
    """

    def __init__(self, con: Connection, query: str) -> None:
        self.query = query
        self.columns: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        self.n_rows = 0
        self._con = con
        self._result: Any = None
        self._ahead: list[Row] = []
        self._is_over = False
        self._stopped = threading.Event()
        self._reading = threading.Lock()

    @property
    def is_plan(self) -> bool:
        """Whether it is an EXPLAIN, whose rows are drawings."""
        return self.columns == ("explain_key", "explain_value")

    @property
    def most_rows(self) -> int:
        """Rows that are read at most to be looked at."""
        return max(PAGE, MOST_CELLS // max(1, len(self.columns)))

    def ask(self) -> None:
        """Run the query until its first rows are there to be read.

        Raises:
            QueryError: it is refused, because it could do more than read; StoppedError, when somebody stopped it.
            duckdb.Error: DuckDB's own message on a query that it cannot answer.
        """
        with self._reading:
            self._result = self._guarded(lambda: self._con.execute(self.query))
            described = self._result.description or []
            self.columns = tuple(name for name, *_ in described)
            self.types = tuple(str(kind) for _, kind, *_ in described)

    def read(self, n: int = PAGE) -> Page:
        """The next rows, at most ``n`` of them.

        Raises:
            QueryError: StoppedError, when somebody stopped it.
            duckdb.Error: a later row cannot be computed.
        """
        with self._reading:
            if self._is_over:
                return Page((), 0, more=False, truncated=bool(self._ahead))
            n = min(n, self.most_rows - self.n_rows)
            rows, cut = self._fetched(n + 1)  # one more says whether others follow
            self._ahead = rows[n:]
            self.n_rows += len(rows[:n])
            follow, enough = bool(self._ahead), self.n_rows >= self.most_rows
            self._is_over = not follow or enough
            if self._is_over:
                self._con.close()
            return Page(tuple(rows[:n]), cut, follow and not enough, follow and enough)

    def stop(self) -> None:
        """Interrupt what runs; again, where it goes on: between two steps there is nothing to interrupt."""
        self._stopped.set()
        if not self._is_over:
            with suppress(duckdb.ConnectionException):  # it was closed just now
                self._con.interrupt()

    def close(self) -> None:
        """Give up the rows that were not read; what is read at this moment is interrupted."""
        while not self._reading.acquire(timeout=0.05):
            self.stop()
        try:
            self._is_over = True
            self._con.close()
        finally:
            self._reading.release()

    def _fetched(self, n: int) -> tuple[list[Row], int]:
        rows, cut = list(self._ahead), 0  # the row ahead was counted when it was read
        nested = any(kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "BLOB")) for kind in self.types)
        while len(rows) < n:
            wanted = n - len(rows) if not nested else min(_NESTED_AT_ONCE, n - len(rows))
            fetched = self._guarded(lambda size=wanted: self._result.fetchmany(size))
            for row in fetched:
                kept = tuple(map(kept_value, row))
                cut += sum(was is not now for was, now in zip(row, kept, strict=True))
                rows.append(kept)
            if len(fetched) < wanted:
                break
        return rows, cut

    def _guarded(self, step: Any) -> Any:
        if self._stopped.is_set():
            raise StoppedError("stopped")
        try:
            found = step()
        except duckdb.InterruptException:
            raise StoppedError("stopped") from None
        if self._stopped.is_set():
            raise StoppedError("stopped")
        return found


def kept_value(value: Any) -> Any:
    """A value as it is kept to be looked at: long texts and lists end with ``…``; what is short is the same object."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, (bytes, bytearray)):
        return value if len(value) <= LONGEST // 2 else f"{value[: LONGEST // 2].hex()}…"
    if isinstance(value, dict):
        kept = {key: kept_value(item) for key, item in value.items()}
        return value if all(kept[key] is item for key, item in value.items()) else kept
    if isinstance(value, (list, tuple)):
        items = [kept_value(item) for item in value[:MOST_ITEMS]]
        same = len(value) <= MOST_ITEMS and all(was is now for was, now in zip(value, items, strict=True))
        return value if same else items if len(value) <= MOST_ITEMS else [*items, "…"]
    return value
