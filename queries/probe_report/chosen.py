"""Which probes a report is about, and how it names them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

MOST_LISTED = 20
"""Names that a message lists."""


@dataclass(frozen=True)
class Probe:
    """A probe, as ``probe_runs`` has it.

    Attributes:
        probe: its identifier.
        task: ``classification`` or ``verification``.
        label: name of the label.
        model: name of the model.
        kind: ``block`` or ``ffn``.
        twin: name of the model of random weights; None = there was none.
        unit: ``utterance`` or ``segment``.
        split: what the two parts have none of in common: ``speaker`` or ``utterance``.
        n_rows: utterances or segments.
        n_speakers: speakers.
        seeds: how many.
    """

    probe: str
    task: Literal["classification", "verification"]
    label: str
    model: str
    kind: str
    twin: str | None
    unit: str
    split: str
    n_rows: int
    n_speakers: int
    seeds: int


@dataclass(frozen=True)
class Chosen:
    """The probes of a report, by label, model and kind.

    Attributes:
        con: the open warehouse.
        probes: the probes, at least one.
        alike: whether some of them differ in nothing that a table names, so that it names their identifiers too.
    """

    con: "Connection"
    probes: tuple[Probe, ...]
    alike: bool

    def of_task(self, task: str) -> tuple[Probe, ...]:
        """Those of one task."""
        return tuple(found for found in self.probes if found.task == task)

    def of_kind(self, kind: str) -> tuple[Probe, ...]:
        """Those that classify by one kind of neurons."""
        return tuple(found for found in self.of_task("classification") if found.kind == kind)

    def name(self, probe: Probe) -> str:
        """Label and what :meth:`side` says, such as ``gender: hubert, block``."""
        return f"{probe.label}: {self.side(probe)}"

    def side(self, probe: Probe) -> str:
        """What tells a probe from others of its label, such as ``hubert, block``."""
        return ", ".join((probe.model, probe.kind, *((probe.probe,) if self.alike else ())))


def choose(
    con: "Connection",
    probes: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
) -> Chosen:
    """The probes that have one of the identifiers, one of the labels, and one of the models.

    Args:
        con: an open warehouse.
        probes: identifiers; None = all.
        labels: names; None = all.
        models: names; None = all.

    Raises:
        QueryError: there is no probe, an unknown name, or no probe with all that is asked.
    """
    names = ", ".join("len(seeds) AS seeds" if field.name == "seeds" else field.name for field in fields(Probe))
    rows = con.sql(f"SELECT {names} FROM probe_runs ORDER BY task, label, model, kind, made, probe").fetchall()
    there = [Probe(*row) for row in rows]
    if not there:
        raise QueryError("the warehouse holds no probe yet; make one with neurons probe")
    for what, asked in (("probe", probes), ("label", labels), ("model", models)):
        known = list(dict.fromkeys(getattr(found, what) for found in there))
        for name in asked or ():
            if name not in known:
                where = "" if what == "probe" else "probe of "
                raise QueryError(f"there is no {where}{what} {name!r}; there are: {_listed(known)}")
    found = tuple(
        one
        for one in there
        if (not probes or one.probe in probes)
        and (not labels or one.label in labels)
        and (not models or one.model in models)
    )
    if not found:
        known = list(dict.fromkeys(f"{one.probe} ({one.label}, {one.model})" for one in there))
        raise QueryError(f"no probe has all that is asked; there are: {_listed(known)}")
    same = Counter((one.task, one.label, one.model, one.kind) for one in found)
    return Chosen(con, found, max(same.values()) > 1)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_LISTED])
    return shown if len(names) <= MOST_LISTED else f"{shown} and {len(names) - MOST_LISTED} more"
