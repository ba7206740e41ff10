"""What the card of a neuron says in words."""

from collections.abc import Sequence

from queries.neuron_card import Alike, Cell, Membership, Responses, Segment, Standing
from tui.app.asked import Asked

RIGHT = "BIGINT"
"""A type whose column stands to the right; its cells may be text."""

_STRIP = 20
_LIST = 18


def what_to_do(asked: Asked) -> str:
    """What to do where there is no neuron to show."""
    if asked.model is None:
        return "Nothing was recorded yet, so there is no neuron to look at. F2 says how to record a model."
    if asked.property is None:
        return "No property is declared, so there are no groups to compare; neurons properties --help says how to."
    return (
        "No neuron is chosen.\n\nctrl+g goes to one by its layer and number, such as 3:128.\n"
        "Enter on a row that has a neuron opens its card: in a list of Property (F3), or in an answer of SQL (F6)."
    )


def cell_words(cell: Cell | None, row: str, column: str, found: Responses | None, z: float | None) -> str:
    """All of a cell, in two lines."""
    if found is None or not row:
        return "\n"
    if cell is None:
        return f"{row} in {column}: no such frames\n"
    verdict = "responds" if cell.responds else "does not respond"
    level = "95 %" if z is None else f"z = {z:g}"
    where = cell.group if cell.group == cell.phone else f"{cell.phone} in {cell.group}"
    return (
        f"{where}: active in {cell.n_active:,} of {cell.n_frames:,} frames, p = {cell.p:.4f}\n"
        f"{cell.p_low:.4f} to {cell.p_high:.4f} at {level}; baseline {found.baseline:.4f}: {verdict}"
    )


def total_words(found: Responses) -> str:
    """How often the neuron is active at all."""
    if not found.n_frames:
        return "no frame that counts has a group of this property"
    times = (found.n_active / found.n_frames) / found.baseline if found.baseline else 0.0
    return f"active in {found.n_active / found.n_frames:.2%}, {times:.1f} x baseline   ({found.n_frames:,} frames)"


SETS = ("property", "group neuron of", "candidate of", "nearest", "phones", "p")
SET_TYPES = (*("VARCHAR",) * 4, RIGHT, RIGHT)


def set_rows(found: Sequence[Membership]) -> list[tuple[str, str, str, str, str, str]]:
    """A row a property: the groups whose G_i and N_i the neuron is in, and the group that it is nearest to."""
    rows = []
    for name in dict.fromkeys(one.property for one in found):
        of_property = [one for one in found if one.property == name]
        own = [one.group for one in of_property if one.is_group_neuron]
        candidate = [one.group for one in of_property if one.is_candidate]
        best = max(of_property, key=lambda one: (one.n_phones_active / max(one.n_phones, 1), one.p))
        phones = f"{best.n_phones_active} of {best.n_phones}"
        rows.append((name, _few(own), _few(candidate), best.group, phones, f"{best.p:.4f}"))
    return rows


def _few(groups: Sequence[str]) -> str:
    """The first of some groups, and how many more there are."""
    if not groups:
        return "–"
    for n in range(len(groups), 0, -1):
        text = ", ".join(groups[:n]) + (f" + {len(groups) - n}" if n < len(groups) else "")
        if len(text) <= _LIST:
            return text
    return f"{len(groups)} groups" if len(groups) > 1 else groups[0]


STANDING = ("group", "p", "place", "among the layer", "median", "95 %", "most")
STANDING_TYPES = ("VARCHAR", RIGHT, RIGHT, "VARCHAR", RIGHT, RIGHT, RIGHT)


def standing_rows(found: Sequence[Standing]) -> list[tuple[str, str, str, str, str, str, str]]:
    """A row a group: the neuron's p, its place, a line from the lowest to the highest percentile, and the layer's."""
    return [
        (
            one.group,
            f"{one.p:.4f}",
            f"{one.place:,}",
            percentile_strip(one.percentile),
            f"{one.quantiles[2]:.4f}",
            f"{one.quantiles[4]:.4f}",
            f"{one.p_max:.4f}",
        )
        for one in found
    ]


def percentile_strip(percentile: float) -> str:
    """A line from 0 to 100 with the neuron on it, and the number."""
    place = min(int(percentile / 100 * _STRIP), _STRIP - 1)
    return f"{'─' * place}●{'─' * (_STRIP - 1 - place)} {percentile:5.1f}"


ALIKE = ("layer", "neuron", "correlation", "cosine")
ALIKE_TYPES = (RIGHT,) * 4


def alike_rows(found: Sequence[Alike]) -> list[tuple[int, int, str, str]]:
    """A row a layer; the numbers of layer and neuron stay numbers, so that a row opens the neuron's card."""
    return [(one.layer, one.neuron, _three(one.correlation), _three(one.cosine)) for one in found]


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


SEGMENTS = ("#", "phone", "word", "speaker", "utterance", "start s", "end s", "active", "share")
SEGMENT_TYPES = (RIGHT, *("VARCHAR",) * 4, *(RIGHT,) * 4)


def segment_rows(found: Sequence[Segment]) -> list[tuple[str, ...]]:
    """A row a segment; silence has no phone."""
    return [
        (
            str(one.place),
            one.phone or "(silence)",
            one.word or "",
            one.speaker or "",
            one.utterance,
            "" if one.start_s is None else f"{one.start_s:.2f}",
            "" if one.end_s is None else f"{one.end_s:.2f}",
            f"{one.n_active} of {one.n_frames}",
            f"{one.share:.0%}",
        )
        for one in found
    ]
