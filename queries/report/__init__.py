"""A report: one page with what was measured and how, every picture, tables that sort, and the SQL behind each.

This package loads Altair and polars; import it where it is used.
"""

from queries.report.report import PERMUTATIONS, RESAMPLES, report, write_report

__all__ = ["PERMUTATIONS", "RESAMPLES", "report", "write_report"]
