"""The query interface: a sandboxed DuckDB over a snapshot of a warehouse, with every table, view and macro."""

from queries.catalog import write_catalog
from queries.connection import Connection, connect

__all__ = ["Connection", "connect", "write_catalog"]
