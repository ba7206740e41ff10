"""The probes of the study: each is made once, and found again in the warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.probing.models import CORPUS, Studied
from benchmarks.probing.unequal import UNSEEN, WOMEN, unequal_models
from queries import connect
from queries.probes import Label, probe, verify

AGES = Label("age band", sql="SELECT utterance_id, age AS label FROM utterances", edges=(20, 24))
LABELS = (Label("gender"), Label("speaker"), AGES)
KINDS = ("block", "ffn")


@dataclass(frozen=True)
class Made:
    """Identifiers of the study's probes.

    Attributes:
        probes: (label, model, kind) -> probe.
        verified: model -> probe of task verification.
        biased: (share of women, model) -> probe for age bands.
        unequal: (share of women, model) -> probe for unseen speakers of an encoder that heard so many women; of none,
            that of random weights.
    """

    probes: dict[tuple[str, str, str], str]
    verified: dict[str, str]
    biased: dict[tuple[float, str], str]
    unequal: dict[tuple[float | None, str], str]

    @property
    def all(self) -> list[str]:
        """Every one of them."""
        return [*self.probes.values(), *self.verified.values(), *self.biased.values(), *self.unequal.values()]


def made(studied: Studied, seeds: int) -> Made:
    """The probes, those that are missing made now."""
    probes, verified, biased = {}, {}, {}
    for model in studied.models:
        twin = studied.twins.get(model)
        for kind in KINDS:
            for label in LABELS:
                asked = {"kind": kind, "twin": twin, "by": ("gender",)}
                probes[label.name, model, kind] = _one(studied, label, model, seeds, **asked)
        found = _known(studied, "speaker", model, "block", "verification", seeds)
        if found is None:
            (one,) = verify(studied.warehouse, model=model, twin=twin, corpus=CORPUS, seeds=seeds, tell=print)
            found = one.probe
        verified[model] = found
    plain: dict[str, Any] = {"by": ("gender",), "hidden": 0, "shares": ()}
    for model in studied.models[1:]:
        for share in WOMEN:
            label = Label(f"age band, {share:.0%} women", AGES.sql, AGES.edges)
            biased[share, model] = _one(studied, label, model, seeds, balance=f"gender:F={share}", **plain)
    heard = [(None, studied.models[0]), *((share, which.name) for share, which in unequal_models())]
    unequal = {
        (share, model): _one(studied, UNSEEN, model, seeds, leave_out_missing=True, **plain) for share, model in heard
    }
    return Made(probes, verified, biased, unequal)


def _one(studied: Studied, label: Label, model: str, seeds: int, kind: str = "block", **asked: Any) -> str:
    """The probe of a label, made where it is not there."""
    found = _known(studied, label.name, model, kind, "classification", seeds)
    if found is None:
        common: dict[str, Any] = {"model": model, "kind": kind, "corpus": CORPUS, "seeds": seeds, "tell": print}
        (one,) = probe(studied.warehouse, label, **common, **asked)
        found = one.probe
    return found


def _known(studied: Studied, label: str, model: str, kind: str, task: str, seeds: int) -> str | None:
    with connect(studied.warehouse, comments=False) as con:
        found: Sequence[tuple[str]] = con.sql(
            "SELECT probe FROM probe_runs WHERE label = $label AND model = $model AND kind = $kind AND task = $task "
            "AND len(seeds) = $seeds AND corpus = $corpus ORDER BY made DESC LIMIT 1",
            {"label": label, "model": model, "kind": kind, "task": task, "seeds": seeds, "corpus": CORPUS},
        ).fetchall()
    return found[0][0] if found else None
