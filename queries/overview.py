"""What a warehouse holds at a glance: models by corpora, from the manifests alone, and neurons by property."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.properties import declared
from warehouse.snapshot import Snapshot

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Recorded:
    """What one model has recorded of one corpus.

    Attributes:
        model: name of the model.
        corpus: name of the corpus; None = nothing is recorded by the model yet.
        utterances: that it has seen, of ``planned`` ones.
        planned: utterances of the corpus.
        frames: frames it has recorded in every layer.
        layers: layers of the model.
        neurons: neurons of a layer; of the widest, where they differ.
        lambda_pct: recorded λ, percent.
        bytes: size of what it recorded.
    """

    model: str
    corpus: str | None
    utterances: int
    planned: int
    frames: int
    layers: int
    neurons: int
    lambda_pct: float
    bytes: int


def recorded(state: Snapshot) -> list[Recorded]:
    """A row for every model and corpus, and for every model that recorded nothing; alphabetically."""
    planned: dict[str, int] = {}
    for facts in state.facts("corpus"):
        planned[facts["corpus"]] = planned.get(facts["corpus"], 0) + facts["n_utterances"]
    sums: dict[tuple[str, str], list[int]] = {}
    for manifest in state.of_kind("shard", "counts"):
        told = manifest.facts
        row = sums.setdefault((told["model"], told["corpus"]), [0, 0, 0])
        row[2] += sum(file.bytes for file in manifest.files)
        if manifest.kind == "shard":
            row[0] += len(told["utterance_ids"])
            row[1] += told["n_frames"]
    found = []
    for facts in state.facts("model"):
        name, layers = facts["model"], facts["layers"]
        model = len(layers), max(layer["n_neurons"] for layer in layers), float(facts["lambda_pct"])
        seen: list[str | None] = [corpus for of_model, corpus in sums if of_model == name]
        for corpus in seen or [None]:
            utterances, frames, size = sums[name, corpus] if corpus is not None else (0, 0, 0)
            found.append(Recorded(name, corpus, utterances, planned.get(corpus or "", 0), frames, *model, size))
    return sorted(found, key=lambda row: (row.model, row.corpus or ""))


def total_bytes(state: Snapshot) -> int:
    """Size of all files of a snapshot."""
    return sum(file.bytes for manifest in state.manifests for file in manifest.files)


def definitions(state: Snapshot) -> dict[str, str]:
    """Property -> the expression that defines it, in the order of their declaration."""
    return {name: prop.definition for name, prop in declared(state).items()}


def neurons_by_layer(con: "Connection", model: str, prop: str) -> dict[int, int]:
    """Layer -> number of property neurons ([A] eq. 5) of a model under the defaults, for every layer.

    Args:
        con: an open warehouse.
        model: name of the model.
        prop: name of the property.

    Raises:
        duckdb.Error: an unknown name; the message lists what exists.
    """
    from queries.calls import call

    asked = call("property_neurons", {"p_model": model, "p_property": prop})
    rows = con.sql(
        f"SELECT l.layer, count(f.neuron) FROM layers AS l LEFT JOIN {asked} AS f ON l.layer = f.layer "
        "WHERE l.model = $model GROUP BY ALL ORDER BY ALL",
        params={"model": model},
    )
    return dict(rows.fetchall())
