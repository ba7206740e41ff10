"""The query interface: a sandboxed DuckDB over a snapshot of a warehouse, with every table, view and macro."""

from queries.connection import Connection, connect

__all__ = ["Connection", "connect"]
