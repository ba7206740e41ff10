"""The rankings of a probe, and how many of their first neurons to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.probe_card.card import Minimal
from queries.probe_card.question import Ranked, question
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

SMALLEST, PAPER = "smallest", "paper"


@dataclass(frozen=True)
class Feature:
    """A feature of a ranking.

    Attributes:
        rank: 1 = the most salient.
        layer: of the neuron, from 1.
        neuron: of the layer, from 0.
        statistic: ``mean`` or ``std``.
        weight: for the class; of all classes together, the one furthest from 0.
    """

    rank: int
    layer: int
    neuron: int
    statistic: str
    weight: float


@dataclass(frozen=True)
class Ranking:
    """The beginning of a ranking.

    Attributes:
        about: which one.
        features: the first ones.
        n_ranked: features that it names.
        n_features: features that there are, of the layer or of all layers together.
    """

    about: Ranked
    features: Sequence[Feature]
    n_ranked: int
    n_features: int


def ranking(con: "Connection", about: Ranked, most: int) -> Ranking:
    """The beginning of a ranking; without a feature where there is no such ranking.

    Args:
        con: an open warehouse.
        about: which one.
        most: features to read.
    """
    ((n_features, n_ranked),) = con.sql(question("ranked", about)).fetchall()
    rows = con.sql(question("ranking", about)).order('"rank"').limit(most).fetchall()
    return Ranking(about, [Feature(*row) for row in rows], n_ranked, n_features)


def ranking_sql(about: Ranked) -> str:
    """The whole of a ranking, as ``neurons sql`` takes it."""
    return question("ranking", about)


def top_neurons_sql(about: Ranked, n: int) -> str:
    """The neurons of the first n features, columns layer and neuron."""
    return question("top_neurons", about, n)


def how_many(wanted: str, minimal: Minimal | None, found: Ranking) -> int:
    """How many features of a ranking are meant.

    Args:
        wanted: ``smallest`` or ``paper`` = as many as that minimal set has, which no text means, too; a number; or a
            percentage of the features that there are, such as ``5%``, rounded as probes round theirs.
        minimal: the sets that were found for the layer; None = none.
        found: the ranking.

    Raises:
        QueryError: no such number, no minimal set, or more than the ranking names.
    """
    text = wanted.strip().lower() or SMALLEST
    if text in (SMALLEST, PAPER):
        if minimal is None:
            raise QueryError("no minimal set was looked for here; give a number of neurons, or a percentage such as 5%")
        n = minimal.smallest_n if text == SMALLEST else minimal.paper_n
    else:
        n = _number(text, found.n_features)
    if n > found.n_ranked:
        raise QueryError(f"the ranking names {found.n_ranked:,} features, not {n:,}; give a smaller number")
    return n


def _number(text: str, of: int) -> int:
    digits, percent = text.removesuffix("%").strip().replace(",", ""), text.endswith("%")
    try:
        value = float(digits) if percent else int(digits)
    except ValueError:
        value = 0
    if not 0 < value < float("inf") or (percent and value > 100):
        raise QueryError(f"{text!r}: give {SMALLEST}, {PAPER}, a number such as 100, or a percentage such as 5%")
    return max(1, int(value * of / 100 + 0.5)) if percent else int(value)
