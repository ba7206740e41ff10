"""A query's whole answer as a file, written beside other work: with its progress told, and to be stopped."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queries.pages import StoppedError
from tui.output import FOR_PEOPLE, FORMATS, SUFFIXES, Rows, text_out, write_parquet, write_text
from warehouse.errors import QueryError, first_line

if TYPE_CHECKING:
    from queries import Connection

EXPORTED = tuple(kind for kind in FORMATS if kind not in FOR_PEOPLE)
"""Formats that are written as the rows come, however many there are."""

_BATCH = 1_000
"""Rows that are fetched together: few, so that others who wait for Python do not wait long."""


def export_format(path: Path) -> str:
    """The format that a file's suffix says.

    Raises:
        QueryError: the suffix says none, or the file cannot be made where it should be.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind not in EXPORTED:
        known = ", ".join(suffix for suffix, kind in SUFFIXES.items() if kind in EXPORTED)
        raise QueryError(f"{path.name or path}: end the name with one of {known}")
    if path.is_dir():
        raise QueryError(f"{path}: is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise QueryError(f"{path.parent}: there is no such folder; make it, or give another")
    return kind


class Export:
    """An answer on its way into a file.

    Attributes:
        n_rows: rows that are written so far.
    """

    def __init__(self, query: str, path: Path) -> None:
        self.query, self.path = query, path
        self.n_rows = 0
        self._con: Connection | None = None
        self._stopped = threading.Event()

    def write(self, con: "Connection") -> int:
        """Run the query again, all of it, and write its rows; the file appears whole or not at all.

        Args:
            con: is used until the rows are written.

        Returns:
            How many rows there are.

        Raises:
            QueryError: the path says no format; the folder does not take the file; StoppedError, when it was stopped.
            duckdb.Error: the query cannot be answered.
        """
        kind = export_format(self.path)
        self._con = con
        try:
            if kind == "parquet":
                self._write_parquet(con)
            else:
                self._write_text(con, kind)
        except Exception as error:  # what an interrupted reader raises depends on where it was
            if self._stopped.is_set():
                raise StoppedError("stopped; no file was written") from None
            if not isinstance(error, OSError):
                raise
            if error.errno is None:  # Arrow's word for what DuckDB says of a row
                raise QueryError(first_line(error)) from None
            raise QueryError(f"{self.path}: cannot be written ({error.strerror}); give another place") from None
        return self.n_rows

    def stop(self) -> None:
        """Interrupt it; again, where it goes on: between two steps there is nothing to interrupt."""
        self._stopped.set()
        if self._con is not None:
            import duckdb

            with suppress(duckdb.ConnectionException):  # it is through, and was closed just now
                self._con.interrupt()

    def _write_text(self, con: "Connection", kind: str) -> None:
        result = con.execute(self.query)
        described = result.description or []
        batches = self._counted(iter(lambda: result.fetchmany(_BATCH), []), len)
        rows = Rows(
            [name for name, *_ in described], [str(kind) for _, kind, *_ in described], chain.from_iterable(batches)
        )
        with text_out(self.path) as out:
            write_text(rows, kind, out)

    def _write_parquet(self, con: "Connection") -> None:
        import pyarrow as pa

        with closing(con.sql(self.query).to_arrow_reader(100_000)) as reader:
            batches = self._counted(iter(reader), lambda batch: int(batch.num_rows))
            write_parquet(pa.RecordBatchReader.from_batches(reader.schema, batches), self.path)

    def _counted(self, batches: Iterator[Any], size: Callable[[Any], int]) -> Iterator[Any]:
        for batch in batches:
            if self._stopped.is_set():
                raise StoppedError("stopped")
            yield batch
            self.n_rows += size(batch)
            time.sleep(0.0005)  # a thread that answers keys goes first
