"""The probes of a warehouse as a list."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from queries.probe_card.question import question

if TYPE_CHECKING:
    from queries.connection import Connection

ALL = "all"


@dataclass(frozen=True)
class ListedProbe:
    """A probe: one label, predicted from one model under some settings.

    Attributes:
        probe: identifier.
        label: name of the label.
        model: name of the model.
        kind: ``ffn`` = inputs of second linears, whose coordinates are neurons; ``block`` = outputs of blocks.
        solver: ``adam`` or ``converged``.
        n_rows: utterances or segments with a label.
        made: when, UTC.
        twin: name of the model of random weights beside it; None = none.
        statistics: what a neuron gives: ``mean`` or ``mean+std``.
        classes: of the label.
        layers: that were probed; None = all layers together, which come last.
        n_features: of all layers together.
        n_seeds: seeds.
    """

    probe: str
    label: str
    model: str
    kind: str
    solver: str
    n_rows: int
    made: datetime
    twin: str | None
    statistics: str
    classes: tuple[str, ...]
    layers: tuple[int | None, ...]
    n_features: int
    n_seeds: int


_COLUMNS = tuple(field.name for field in fields(ListedProbe))


def listed_probes(con: "Connection") -> list[ListedProbe]:
    """The probes that tell classes apart, the newest first."""
    found = (dict(zip(_COLUMNS, row, strict=True)) for row in con.sql(question("probes")).fetchall())
    return [
        ListedProbe(
            **{
                **row,
                "classes": tuple(row["classes"]),
                "layers": tuple(None if name == ALL else int(name) for name in row["layers"]),
            }
        )
        for row in found
    ]


def probes_sql() -> str:
    """The question of :func:`listed_probes`, as ``neurons sql`` takes it."""
    return question("probes")
