"""What is known of one probe: its accuracies, how few features are enough, and where these lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.probe_card.question import Ranked, question

if TYPE_CHECKING:
    from queries.connection import Connection

Spread = tuple[float | None, float | None]
"""Mean and sample standard deviation over the seeds; None = nothing was measured, or of one seed."""
_NOTHING: Spread = (None, None)


@dataclass(frozen=True)
class Accuracy:
    """How often the probe of a layer is right, beside what that is to be compared with.

    Attributes:
        layer: that was probed; None = all layers together.
        linear: accuracy of the linear probe, and its standard deviation.
        hidden: the same of the probe with a hidden layer.
        majority: accuracy of the largest class.
        twin: of the linear probe of a model with random weights.
        control: of the linear probe on permuted labels.
        selectivity: accuracy less that.
    """

    layer: int | None
    linear: Spread = _NOTHING
    hidden: Spread = _NOTHING
    majority: float | None = None
    twin: Spread = _NOTHING
    control: Spread = _NOTHING
    selectivity: Spread = _NOTHING


@dataclass(frozen=True)
class Kept:
    """Accuracies of probes that were trained anew on a share of the features.

    Attributes:
        share: features that were kept, percent.
        n: how many these are.
        top: accuracy with the first ones of the ranking; None = not measured.
        random: with some drawn by lot.
        bottom: with the last ones.
    """

    share: float
    n: int
    top: float | None
    random: float | None
    bottom: float | None


@dataclass(frozen=True)
class Minimal:
    """Two sets of top features that are about as good as all.

    Attributes:
        n_features: of the layer, or of all layers together.
        oracle: accuracy with all features.
        paper_share: size of the set that the paper takes, percent.
        paper_n: its features.
        paper_accuracy: accuracy with them.
        smallest_share: size of the smallest set, percent.
        smallest_n: its features.
        smallest_accuracy: accuracy with them.
    """

    n_features: int
    oracle: float
    paper_share: float
    paper_n: int
    paper_accuracy: float
    smallest_share: float
    smallest_n: int
    smallest_accuracy: float


@dataclass(frozen=True)
class Place:
    """How much of the minimal sets lies in a layer.

    Attributes:
        layer: from 1.
        smallest_n: features of the smallest set.
        smallest_share: these over the features of the set.
        paper_n: features of the set that the paper takes.
        paper_share: these over the features of that set.
        by_chance: share that is expected of features drawn by lot.
    """

    layer: int
    smallest_n: int
    smallest_share: float
    paper_n: int
    paper_share: float
    by_chance: float


@dataclass(frozen=True)
class ProbeCard:
    """What is known of a probe.

    Attributes:
        probe: identifier.
        accuracies: layer by layer, all together last.
        kept: layer -> what shares of its features reach, the smallest share first.
        minimal: layer -> its minimal sets.
        places: where those of all layers together lie; empty where all together were not probed.
    """

    probe: str
    accuracies: Sequence[Accuracy]
    kept: Mapping[int | None, Sequence[Kept]]
    minimal: Mapping[int | None, Minimal]
    places: Sequence[Place]


def probe_card(con: "Connection", probe: str) -> ProbeCard:
    """What is known of a probe.

    Args:
        con: an open warehouse.
        probe: identifier of the probe.

    Raises:
        duckdb.Error: there is no such probe; the message lists those that there are.
    """
    about = Ranked(probe)
    kept: dict[int | None, list[Kept]] = {}
    for layer, *told in con.sql(question("kept", about)).fetchall():
        kept.setdefault(layer, []).append(Kept(*told))
    return ProbeCard(
        probe,
        _accuracies(con, about),
        kept,
        {layer: Minimal(*told) for layer, *told in con.sql(question("minimal", about)).fetchall()},
        [Place(*row) for row in con.sql(question("places", about)).fetchall()],
    )


def accuracies_sql(probe: str) -> str:
    """The question of the accuracies, as ``neurons sql`` takes it."""
    return question("accuracies", Ranked(probe))


def kept_sql(probe: str) -> str:
    """The question of what shares of the features reach."""
    return question("kept", Ranked(probe))


def places_sql(probe: str) -> str:
    """The question of where the minimal sets lie."""
    return question("places", Ranked(probe))


def _accuracies(con: "Connection", about: Ranked) -> list[Accuracy]:
    rows: dict[int | None, dict[str, tuple[float | None, ...]]] = {}
    for layer, architecture, *numbers in con.sql(question("accuracies", about)).fetchall():
        rows.setdefault(layer, {})[architecture] = tuple(numbers)
    found = []
    for layer, of_layer in rows.items():
        mean, sd, majority, *others = of_layer.get("linear", (None,) * 9)
        hidden = of_layer.get("hidden", _NOTHING)
        twin, control, selectivity = ((others[at], others[at + 1]) for at in (0, 2, 4))
        found.append(Accuracy(layer, (mean, sd), (hidden[0], hidden[1]), majority, twin, control, selectivity))
    return found
