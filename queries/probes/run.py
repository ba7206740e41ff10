"""Probes of a warehouse: from labels and recorded means to rows of the same warehouse."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from queries.probes.features import Features, probed_layers, read_features
from queries.probes.labels import Label, Labelled, labelled
from queries.probes.one_split import Measured, measure
from queries.probes.ranked import ranking_rows, rankings
from queries.probes.settings import Fitting, Settings, seeds_of
from queries.probes.splits import column_of, splits
from queries.probes.store import Described, commit_probe, layer_names, new_identifier
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Probed:
    """A probe that is in the warehouse.

    Attributes:
        probe: its identifier, by which its rows are found in ``probe_runs``, ``probe_scores`` and ``probe_rankings``.
        model: name of the model.
        label: name of the label.
    """

    probe: str
    model: str
    label: str


def probe(
    path: str | os.PathLike[str],
    label: str | Label | Sequence[str | Label],
    *,
    model: str | Sequence[str] | None = None,
    twin: str | None = None,
    tell: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> list[Probed]:
    """Find out what the layers of a model, and its neurons, tell of a label ([B] §3).

    For every seed the rows are split, so that no speaker is on both sides, and on the training part a linear probe and
    one with a hidden layer are fitted to every layer and to all layers together; beside them stand the largest class,
    the same probes on control labels and on a twin of random weights. The linear probes rank the neurons; then it is
    measured how well the top, random and bottom neurons do, alone and trained anew. Each label and model is one commit.

    Args:
        path: the warehouse.
        label: a column of utterances, ``phone``, ``word`` or ``phone_class`` of segments, or a
            :class:`queries.probes.labels.Label` of any query; several are probed one after the other.
        model: name of a model, or several, which see the same splits; None = the only one.
        twin: name of a model of the same shape with random weights; None = none.
        tell: is told what is being computed.
        **settings: fields of :class:`queries.probes.settings.Settings` and of
            :class:`queries.probes.settings.Fitting`, such as ``kind="ffn"``, ``seeds=5`` or ``solver="converged"``.

    Returns:
        The probes, label after label, each for every model.

    Raises:
        QueryError: an unknown name, a label that cannot be probed, a split with a leak, a mean that is no number.
        WarehouseError: the disk is full or not writable.
    """
    from queries.connection import connect

    chosen = settings_of(**settings)
    labels = [label] if isinstance(label, str | Label) else list(label)
    with connect(path, comments=False) as con:
        models = chosen_models(con, model)
        if twin is not None:
            (twin,) = chosen_models(con, twin)
        held = _Held(con)
        return [
            _probed(con, held, Label(one) if isinstance(one, str) else one, name, twin, chosen, tell)
            for one in labels
            for name in models
        ]


def settings_of(**given: Any) -> Settings:
    """Settings from the fields of ``Settings`` and ``Fitting`` alike; ``seeds`` may be how many.

    Raises:
        QueryError: a field that there is not, or a value out of range.
    """
    known = {field.name for field in fields(Settings)} - {"fitting"}
    of_fitting = {field.name for field in fields(Fitting)}
    if unknown := sorted(set(given) - known - of_fitting):
        listed = ", ".join(sorted(known | of_fitting))
        raise QueryError(f"probes have no setting {unknown[0]}; they have: {listed}")
    own: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if "seeds" in own:
        own["seeds"] = seeds_of(own["seeds"])
    fitting = Fitting(**{name: own.pop(name) for name in of_fitting & own.keys()})
    return Settings(**own, fitting=fitting)


def chosen_models(con: "Connection", wanted: str | Sequence[str] | None) -> list[str]:
    """Names of models that there are; the only one where none is named.

    Raises:
        QueryError: an unknown name, or none of several; the message lists what there is.
    """
    known = [name for (name,) in con.sql("SELECT model FROM models ORDER BY model").fetchall()]
    if wanted is None:
        if len(known) != 1:
            listed = f"; name one (--model): {', '.join(known)}" if known else "; `neurons ingest` records one"
            raise QueryError(f"there are {len(known) or 'no'} models{listed}")
        return known
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    for name in names:
        if name not in known:
            raise QueryError(f"there is no model {name}; there are: {', '.join(known) or 'none'}")
    return names


class _Held:
    """The features that were read last of a model and of its twin: labels often have the same rows."""

    def __init__(self, con: "Connection") -> None:
        self._con = con
        self._last: dict[str, tuple[Any, Features]] = {}

    def read(self, rows: Labelled, model: str, settings: Settings, layers: tuple[int, ...], role: str) -> Features:
        key = (model, layers, rows.unit, rows.rows.select("utterance_id", "segment"))
        last = self._last.get(role)
        if last is not None and last[0][:3] == key[:3] and last[0][3].equals(key[3]):
            return last[1]
        self._last.pop(role, None)  # before the next is read: only one is in memory
        found = read_features(self._con, rows, model, settings, layers)
        self._last[role] = (key, found)
        return found


def _probed(
    con: "Connection",
    held: _Held,
    label: Label,
    model: str,
    twin: str | None,
    settings: Settings,
    tell: Callable[[str], None],
) -> Probed:
    rows = labelled(con, label, model, settings)
    layers, views = probed_layers(con, model, settings)
    found_splits = list(splits(con, rows, settings))
    groups = {column: column_of(con, rows, column) for column in settings.by}
    features = held.read(rows, model, settings, layers, "model")
    of_twin = _twin_features(con, held, rows, model, twin, settings, features)
    measured: dict[int, Measured] = {}
    for number, split in enumerate(found_splits, 1):
        tell(f"{label.name}, {model}: seed {split.seed} ({number} of {len(found_splits)})")
        measured[split.seed] = measure(features, of_twin, rows, split, views, settings, groups)
    described = Described(
        new_identifier(),
        "classification",
        model,
        twin if of_twin is not None else None,
        tuple(layer_names(views)),
        features.n,
        con.snapshot.id,
    )
    ranked = rankings(measured, features, views, rows.classes, settings.class_depth)
    commit_probe(
        con.snapshot.layout,
        described,
        rows,
        settings,
        found_splits,
        [score for found in measured.values() for score in found.scores],
        (ranking_rows(described.probe, one, features) for one in ranked),
    )
    return Probed(described.probe, model, label.name)


def _twin_features(
    con: "Connection",
    held: _Held,
    rows: Labelled,
    model: str,
    twin: str | None,
    settings: Settings,
    features: Features,
) -> Features | None:
    if twin is None or twin == model:
        return None
    found = held.read(rows, twin, settings, features.layers, "twin")
    if found.slices != features.slices:
        raise QueryError(f"twin {twin} has other layers than {model}; record the same model with --random-init SEED")
    return found
