"""The probes of the study: each is made once, and found again in the warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.probing.models import CORPUS, Studied
from queries import connect
from queries.probes import Label, probe, verify

AGES = Label("age band", sql="SELECT utterance_id, age AS label FROM utterances", edges=(20, 24))
LABELS = (Label("gender"), Label("speaker"), AGES)
KINDS = ("block", "ffn")
WOMEN = (0.1, 0.5, 0.9)
"""Shares of women in the training part of the probes that are to be biased."""


@dataclass(frozen=True)
class Made:
    """Identifiers of the study's probes.

    Attributes:
        probes: (label, model, kind) -> probe.
        verified: model -> probe of task verification.
        biased: (share of women, model) -> probe for age bands.
    """

    probes: dict[tuple[str, str, str], str]
    verified: dict[str, str]
    biased: dict[tuple[float, str], str]

    @property
    def all(self) -> list[str]:
        """Every one of them."""
        return [*self.probes.values(), *self.verified.values(), *self.biased.values()]


def made(studied: Studied, seeds: int) -> Made:
    """The probes, those that are missing made now."""
    at = studied.warehouse
    probes, verified, biased = {}, {}, {}
    for model in studied.models:
        common: dict[str, Any] = {
            "model": model,
            "twin": studied.twins.get(model),
            "corpus": CORPUS,
            "seeds": seeds,
            "tell": print,
        }
        for kind in KINDS:
            for label in LABELS:
                found = _known(studied, label.name, model, kind, "classification", seeds)
                if found is None:
                    (one,) = probe(at, label, kind=kind, by=("gender",), **common)
                    found = one.probe
                probes[label.name, model, kind] = found
        found = _known(studied, "speaker", model, "block", "verification", seeds)
        if found is None:
            (one,) = verify(at, **common)
            found = one.probe
        verified[model] = found
    for model in studied.models[1:]:
        for share in WOMEN:
            name = f"age band, {share:.0%} women"
            label = Label(name, AGES.sql, AGES.edges)
            found = _known(studied, name, model, "block", "classification", seeds)
            if found is None:
                asked = {"balance": f"gender:F={share}", "by": ("gender",), "hidden": 0, "shares": ()}
                common = {"model": model, "corpus": CORPUS, "seeds": seeds, "tell": print}
                (one,) = probe(at, label, **common, **asked)
                found = one.probe
            biased[share, model] = found
    return Made(probes, verified, biased)


def _known(studied: Studied, label: str, model: str, kind: str, task: str, seeds: int) -> str | None:
    with connect(studied.warehouse, comments=False) as con:
        found: Sequence[tuple[str]] = con.sql(
            "SELECT probe FROM probe_runs WHERE label = $label AND model = $model AND kind = $kind AND task = $task "
            "AND len(seeds) = $seeds AND corpus = $corpus ORDER BY made DESC LIMIT 1",
            {"label": label, "model": model, "kind": kind, "task": task, "seeds": seeds, "corpus": CORPUS},
        ).fetchall()
    return found[0][0] if found else None
