"""Probes by name: by identifier, or the newest one of a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from queries.masks.recorded import recorded_model
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

SHOWN = 20
"""Probes, or classes, that are listed when one is not found."""

_RUNS = "SELECT probe, task, model, kind, label, classes FROM probe_runs ORDER BY made DESC, probe DESC"


@dataclass(frozen=True)
class ProbeRun:
    """A probe, and which of its rankings is meant.

    Attributes:
        probe: identifier.
        task: ``classification`` or ``verification``.
        model: its model.
        kind: ``ffn`` or ``block``.
        label: what it predicts.
        classes: of the label.
        class_: the class whose ranking is meant; None = that of all classes.
    """

    probe: str
    task: str
    model: str
    kind: str
    label: str
    classes: tuple[str, ...]
    class_: str | None = None

    def __str__(self) -> str:
        """As a ranking names it."""
        return self.probe if self.class_ is None else f"{self.probe}={self.class_}"


def probe_run(con: "Connection", text: str, model: str | None) -> ProbeRun:
    """The probe whose feed-forward neurons are ranked: ``ID``, ``LABEL``, ``ID=CLASS`` or ``LABEL=CLASS``.

    An identifier comes before a label, and both may hold ``=``. Of a label it is the newest classification of
    feed-forward neurons of the model.

    Args:
        con: an open warehouse.
        text: the name.
        model: name of the model; needed where there are several and a label is named.

    Raises:
        QueryError: no such probe, class or model, with those that exist; or a probe of block outputs.
    """
    runs = [
        ProbeRun(probe, task, of_model, kind, label, tuple(classes or ()))
        for probe, task, of_model, kind, label, classes in con.sql(_RUNS).fetchall()
    ]
    for name, class_ in _readings(text):
        if named := [run for run in runs if run.probe == name]:
            if model is not None and recorded_model(con, model).name != named[0].model:
                raise QueryError(f"probe {name} is of model {named[0].model}, not of {model}")
            return _for_class(named[0], class_)
    for name, class_ in _readings(text):
        if any(run.label == name for run in runs):
            wanted = recorded_model(con, model).name
            labelled = [r for r in runs if (r.label, r.model, r.task) == (name, wanted, "classification")]
            if labelled:
                return _for_class(next((run for run in labelled if run.kind == "ffn"), labelled[0]), class_)
    raise _unknown(text, runs)


def _readings(text: str) -> Iterator[tuple[str, str | None]]:
    """What a text can mean: a name, or a name and a class."""
    yield text, None
    for at, sign in enumerate(text):
        if sign == "=":
            yield text[:at], text[at + 1 :]


def _for_class(run: ProbeRun, class_: str | None) -> ProbeRun:
    if run.kind != "ffn":
        raise QueryError(
            f"probe {run.probe} ({run.label}) is of kind {run.kind}, whose coordinates are no feed-forward neurons, so "
            "it gives no mask: probe with --kind ffn"
        )
    if class_ is not None and class_ not in run.classes:
        raise QueryError(f"probe {run.probe} ({run.label}) has no class {class_!r}; there are: {_listed(run.classes)}")
    return replace(run, class_=class_)


def _unknown(text: str, runs: Sequence[ProbeRun]) -> QueryError:
    known = [f"{run.probe} ({run.label}, {run.model}, {run.kind})" for run in runs if run.task == "classification"]
    listed = _listed(known) if known else "none; `neurons probe` makes one"
    return QueryError(f"there is no probe, nor a probed label of the model, {text}; there are: {listed}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
