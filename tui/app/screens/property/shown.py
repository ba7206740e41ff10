"""What tables of the property screen show of an answer: rows of text and numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from queries.live_sets.asking import MOST_COLUMNS

if TYPE_CHECKING:
    from queries.live_sets.answer import Answer
    from queries.live_sets.listing import ListedNeuron
    from queries.live_sets.overlap import Overlap

TEXT, TO_RIGHT = "VARCHAR", "INTEGER"
"""Types of columns: of text, and of numbers, also those that are written with their decimals."""

OVERLAP_TYPES = (TEXT, *[TO_RIGHT] * 5)


def neuron_columns(answer: "Answer") -> tuple[list[str], list[str]]:
    """Names and types of the columns of a list."""
    groups = answer.listing.groups
    few = len(groups) <= MOST_COLUMNS
    of_groups = [f"p {name}" for name in groups] if few else ["p", "next group", "its p"]
    kinds = [TO_RIGHT] * len(groups) if few else [TO_RIGHT, TEXT, TO_RIGHT]
    names = ["neuron", "group", "phones", "of", *of_groups, "responds to"]
    return names, [TO_RIGHT, TEXT, TO_RIGHT, TO_RIGHT, *kinds, TEXT]


def listed(answer: "Answer", group: str | None) -> "Sequence[ListedNeuron]":
    """The group neurons of a layer, of one group or of all."""
    return [row for row in answer.listing.neurons if group in (None, row.group)]


def neuron_rows(answer: "Answer", neurons: "Sequence[ListedNeuron]") -> list[tuple[Any, ...]]:
    """The rows of some neurons of a list."""
    groups = answer.listing.groups
    few = len(groups) <= MOST_COLUMNS
    rows: list[tuple[Any, ...]] = []
    for row in neurons:
        own = row.means[groups.index(row.group)]
        means = [_p(p) for p in row.means] if few else [_p(own), row.next_group or "–", _p(row.next_mean)]
        phones = " ".join(answer.listing.phones(row.neuron, row.group))
        rows.append((row.neuron, row.group, row.n_active, row.n_phones, *means, phones))
    return rows


OVERLAP_NAMES = ("also of", "n", "both", "of own", "of its", "Jaccard")
"""Columns of the overlaps: another property, its neurons, those that are both, as shares."""


def overlap_row(found: "Overlap") -> tuple[Any, ...]:
    """The row of another property."""
    shares = (_share(share) for share in (found.of_own, found.of_other, found.jaccard))
    return found.other, found.n_other, found.n_both, *shares


def list_title(answer: "Answer", group: str | None, width: int) -> str:
    """How many neurons are listed, and what p is; shorter where there is little room."""
    here = answer.here
    n = here.n_property_neurons if group is None else here.group_neurons.get(group, 0)
    of = f"{n:,} of {here.layer.n_neurons:,}"
    said = f"layer {answer.layer}: {of}" if group is None else f"layer {answer.layer}, {group}: {of}"
    longer = f"{said} neurons; p = mean over phones"
    return longer if len(longer) <= width else said


def row_said(answer: "Answer", neuron: int) -> str:
    """What a neuron responds to, group by group: how many phones, and which of its own group."""
    here, question = answer.here, answer.question
    n_phones = here.cells.n_phones(question.min_frames).tolist()
    places = sorted(range(len(here.cells.groups)), key=lambda place: -int(here.responded[place, neuron]))
    own = here.cells.groups[int(here.member[neuron])]
    counted = [f"{here.cells.groups[at]} {int(here.responded[at, neuron])}/{n_phones[at]}" for at in places[:4]]
    more = " …" if len(places) > 4 else ""
    return f"{neuron} responds to {'  '.join(counted)}{more}   {own}: " + " ".join(answer.listing.phones(neuron, own))


def nothing_said(answer: "Answer", group: str | None) -> str:
    """Why the list is empty, and what to do."""
    question, here = answer.question, answer.here
    if not here.cells.groups:
        return f"No frame that counts has a group of {question.name}.\n\n" + (
            "Change the condition, the corpus or the frames." if question.parameters else _NO_GROUP
        )
    some = sum(here.candidates.values())
    if len(here.cells.groups) == 1:
        return (
            f"{here.cells.groups[0]} is the only group of {question.name} here, and no neuron responds to enough of "
            "its phones.\n\nLower σ or the baseline."
        )
    if group is not None and here.n_property_neurons:
        return f"No neuron of layer {answer.layer} is of {group} alone. Press f for the other groups."
    sigma = question.parameters.get("p_sigma", 0.8)
    if not some:
        return (
            f"No neuron of layer {answer.layer} responds to {float(sigma):.0%} of the phones of any group "
            f"(p above {here.baseline:.4g}).\n\nLower σ or the baseline, or look at another layer with [ and ]."
        )
    return (
        f"No neuron of layer {answer.layer} responds to one group alone: the candidates of each group "
        f"({some:,} together) are candidates of another group too.\n\n"
        "Raise σ, the baseline or z, or look at another layer with [ and ]."
    )


_NO_GROUP = "It may need what the corpus lacks: pitch needs F0, gender and speaker need metadata."


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
