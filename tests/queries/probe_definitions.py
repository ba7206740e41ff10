"""Minimal sets, redundancy and overlaps of probes once more, in plain Python and exact numbers, from [B] §3."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from written_probes import Probe

Place = int | None
"""A layer; None = all layers concatenated."""


class Sets(NamedTuple):
    """Shares, in percent, of the set that the paper takes and of the smallest one, and the oracle."""

    oracle: Fraction
    paper: float
    smallest: float


def accuracy(probe: Probe, layer: Place, treatment: str, neurons: str, share: float) -> Fraction | None:
    """Mean over the seeds of a linear probe's accuracy on true labels."""
    found = [
        Fraction(str(row["value"]))
        for row in probe.scores
        if (row["layer"], row["treatment"], row["neurons"], row["share"]) == (layer, treatment, neurons, share)
        and (row["architecture"], row["labels"], row["source"]) == ("linear", "true", "model")
        and (row["measure"], row.get("by_column")) == ("accuracy", None)
    ]
    return sum(found) / Fraction(len(found)) if found else None


def shares(probe: Probe, layer: Place, neurons: str = "top") -> list[float]:
    """Shares of the features that were trained on."""
    wanted = ("retrained", neurons, layer)
    return sorted({r["share"] for r in probe.scores if (r["treatment"], r["neurons"], r["layer"]) == wanted})


def places(probe: Probe) -> list[Place]:
    """What was probed."""
    found: set[Place] = {row["layer"] for row in probe.scores if row["architecture"] == "linear"}
    return sorted(found, key=lambda layer: layer or 0)


def minimal_set(probe: Probe, layer: Place, delta: Fraction) -> Sets | None:
    """Of the shares at most delta points below all features: the most accurate (or smaller) one, and the smallest."""
    oracle = accuracy(probe, layer, "trained", "all", 100.0)
    tried = shares(probe, layer)
    if oracle is None or not tried:
        return None
    good = []
    for share in tried:
        reached = accuracy(probe, layer, "retrained", "top", share)
        if reached is not None and oracle - reached <= delta / 100:
            good.append((reached, share))
    if not good:
        return Sets(oracle, 100.0, 100.0)
    best = max(reached for reached, _ in good)
    return Sets(oracle, min(s for reached, s in good if reached == best), min(s for _, s in good))


def size(probe: Probe, layer: Place, share: float) -> int:
    """Features that a share keeps, as the rows say."""
    (n,) = {r["n_features"] for r in probe.scores if (r["layer"], r["share"]) == (layer, share) and r["n_features"]}
    return n


def members(probe: Probe, layer: Place, delta: Fraction, choice: str) -> set[tuple[int, int, str]]:
    """The first features of the ranking."""
    found = minimal_set(probe, layer, delta)
    if found is None:
        return set()
    n = size(probe, layer, getattr(found, choice))
    ranked = [r for r in probe.rankings if r["of_layer"] == layer and r.get("class") is None and r.get("seed") is None]
    first = sorted(ranked, key=lambda row: row["rank"])[:n]
    return {(row["layer"], row["neuron"], row["statistic"]) for row in first}


def redundancy(
    probe: Probe, delta: Fraction, enough: Fraction, near: Fraction
) -> Iterator[tuple[str, Place, float, bool]]:
    """(criterion, layer, share, whether it is met)."""
    everything = accuracy(probe, None, "trained", "all", 100.0)
    for layer in places(probe):
        oracle = accuracy(probe, layer, "trained", "all", 100.0)
        if oracle is None:
            continue
        if layer is not None and everything is not None:
            yield "layer", layer, 100.0, everything - oracle <= delta / 100
        for share in shares(probe, layer):
            top = accuracy(probe, layer, "retrained", "top", share)
            other = accuracy(probe, layer, "retrained", "random", share)
            if top is not None:
                yield "rest", layer, share, top >= enough / 100 * oracle
                if other is not None:
                    yield "random", layer, share, top - other <= near / 100


def overlaps(probes: Iterable[Probe], delta: Fraction, choice: str) -> dict[tuple[str, str, Place], tuple[Any, ...]]:
    """(probe, probe, layer) -> features of each, of both, Jaccard index, and that of sets drawn by lot."""
    found = {}
    for pair in combinations(probes, 2):
        a, b = sorted(pair, key=lambda probe: (probe.label, probe.name))
        alike = (a.model, a.kind, a.statistics) == (b.model, b.kind, b.statistics)
        for layer in set(places(a)) & set(places(b)) if alike else ():
            first, second = (members(probe, layer, delta, choice) for probe in (a, b))
            if first and second:
                by_lot = Fraction(len(first) * len(second), size(a, layer, 100.0))
                jaccard = Fraction(len(first & second), len(first | second))
                chance = by_lot / (len(first) + len(second) - by_lot)
                found[a.name, b.name, layer] = (len(first), len(second), len(first & second), jaccard, chance)
    return found


def polysemous(probes: Iterable[Probe], delta: Fraction, choice: str) -> Mapping[tuple[str, str, int, int], set[str]]:
    """(model, kind, layer, neuron) -> labels, of neurons in the minimal sets of several."""
    found: dict[tuple[str, str, int, int], set[str]] = {}
    for probe in probes:
        for layer, neuron, _ in members(probe, None, delta, choice):
            found.setdefault((probe.model, probe.kind, layer, neuron), set()).add(probe.label)
    return {neuron: labels for neuron, labels in found.items() if len(labels) > 1}
