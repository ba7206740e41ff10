"""What probes found, in the tables and figures of [B]: one page that needs nothing else, and a CSV file for each.

This package loads Altair and polars where it writes; ``write_probe_report`` is all that others need of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.probe_report.report import write_probe_report

__all__ = ["write_probe_report"]


def __getattr__(name: str) -> Any:
    if name != "write_probe_report":
        raise AttributeError(f"module 'queries.probe_report' has no attribute {name!r}")
    return import_module("queries.probe_report.report").write_probe_report
