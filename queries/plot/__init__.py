"""Pictures of a warehouse: the paper's figures for any model, and more, as charts of Altair."""

from queries.plot.drawing import chart
from queries.plot.figure import Figure
from queries.plot.registry import FIGURES, find
from queries.plot.save import PPI, SUFFIXES, check_suffix, save

__all__ = ["FIGURES", "PPI", "SUFFIXES", "Figure", "chart", "check_suffix", "find", "save"]
