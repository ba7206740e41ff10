"""All figures by name."""

import re

from queries.plot.figure import Figure
from queries.plot.figures import (
    best_silhouettes,
    comparison,
    confounds,
    heatmap,
    lambda_,
    neuron,
    neurons_per_layer,
    null,
    overlap,
    patterns,
    probabilities,
    rankings,
    sigma,
    silhouettes,
    stability,
    twin,
)
from warehouse.errors import QueryError

_MODULES = (
    probabilities,
    patterns,
    silhouettes,
    best_silhouettes,
    neurons_per_layer,
    overlap,
    heatmap,
    neuron,
    lambda_,
    sigma,
    null,
    stability,
    twin,
    rankings,
    confounds,
    comparison,
)

FIGURES: dict[str, Figure] = {module.FIGURE.name: module.FIGURE for module in _MODULES}

_NUMBERED = re.compile(r"(?:figure|fig)?[ ._-]*(\d+)", re.IGNORECASE)


def find(figure: str | int) -> Figure:
    """A figure by its name, or by its number in the paper: ``3``, ``"3"``, ``"fig3"``, ``"figure_3"``.

    Raises:
        QueryError: there is none; the message lists what there is.
    """
    text = str(figure).strip()
    numbered = _NUMBERED.fullmatch(text)
    for found in FIGURES.values():
        if found.name == text.lower().replace("-", "_") or (numbered and found.number == int(numbered[1])):
            return found
    listed = ", ".join(f"{x.name} ({x.number})" if x.number else x.name for x in FIGURES.values())
    raise QueryError(f"there is no figure {text}; there are, with their numbers in the paper: {listed}")
