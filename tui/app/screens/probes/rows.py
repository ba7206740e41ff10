"""What the tables of the probes show: rows of text and numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui.app.widgets.sparks import bar

if TYPE_CHECKING:
    from queries.probe_card import Accuracy, Kept, ListedProbe, Minimal, Place, Ranking, Spread

TEXT, RIGHT = "VARCHAR", "BIGINT"
NOTHING = "–"

_LEAST, _MOST = 6, 20
"""Cells of a bar of 100 %."""

LISTED = ("label", "model", "kind", "solver", "rows", "made (UTC)", "classes")
LISTED_TYPES = (TEXT, TEXT, TEXT, TEXT, RIGHT, TEXT, RIGHT)


def listed_rows(probes: "Sequence[ListedProbe]") -> list[tuple[Any, ...]]:
    """A row a probe."""
    return [
        (p.label, p.model, p.kind, p.solver, f"{p.n_rows:,}", f"{p.made:%Y-%m-%d %H:%M}", f"{len(p.classes):,}")
        for p in probes
    ]


def layer_name(layer: int | None) -> str:
    """A layer, or all of them together."""
    return "ALL" if layer is None else str(layer)


Table = tuple[list[str], list[str], list[tuple[Any, ...]]]
"""Names and types of columns, and rows."""


def accuracy_table(found: "Sequence[Accuracy]", chosen: int | None, room: int) -> Table:
    """A row a layer; comparisons that no layer has are left out.

    Args:
        found: layer by layer.
        chosen: the layer that is marked.
        room: cells that the table has; what the numbers leave of them is for the bars.
    """
    columns = {
        "linear": [_spread(one.linear) for one in found],
        "hidden": [_spread(one.hidden) for one in found],
        "majority": [percent(one.majority) for one in found],
        "twin": [_spread(one.twin) for one in found],
        "control": [_spread(one.control) for one in found],
        "selectivity": [_spread(one.selectivity) for one in found],
    }
    shown = {name: column for name, column in columns.items() if set(column) != {NOTHING}}
    heads = [f"{'▶' if one.layer == chosen else ' '}{layer_name(one.layer):>4}" for one in found]
    used = sum(max(map(len, (name, *column))) + 2 for name, column in {"layer": heads, **shown}.items())
    cells = min(max(room - used - 2, _LEAST), _MOST)
    bars = [_against(one.linear[0], one.majority, cells) for one in found]
    names = ["layer", "", *shown]
    return names, [TEXT, TEXT, *[RIGHT] * len(shown)], list(zip(heads, bars, *shown.values(), strict=True))


KEPT = ("share %", "features", "top", "", "random", "bottom", "minimal set")
KEPT_TYPES = (RIGHT, RIGHT, RIGHT, TEXT, RIGHT, RIGHT, TEXT)


def kept_rows(kept: "Sequence[Kept]", minimal: "Minimal | None", n_features: int, cells: int) -> list[tuple[str, ...]]:
    """A row a share, and one of all features; the two minimal sets are marked.

    Args:
        kept: the smallest share first.
        minimal: the sets; None = there are none.
        n_features: that all are.
        cells: length of a bar of 100 %.
    """
    rows = [(one.share, one.n, one.top, one.random, one.bottom) for one in kept]
    if minimal is not None:
        rows.append((100.0, n_features, minimal.oracle, None, None))
    return [
        (
            f"{share:g}",
            f"{n:,}",
            percent(top),
            bar((top or 0) * cells),
            "" if share == 100 else percent(random),
            "" if share == 100 else percent(bottom),
            _marks(share, minimal),
        )
        for share, n, top, random, bottom in rows
    ]


PLACES = ("layer", "", "smallest", "share %", "chance %", "paper")
PLACES_TYPES = (RIGHT, TEXT, *[RIGHT] * 4)


def place_rows(places: "Sequence[Place]", cells: int) -> list[tuple[str, ...]]:
    """A row a layer; the longest bar is that of the layer with most of the smallest set."""
    most = max((one.smallest_share for one in places), default=0.0)
    return [
        (
            str(one.layer),
            bar(one.smallest_share / most * cells if most else 0),
            f"{one.smallest_n:,}",
            percent(one.smallest_share),
            percent(one.by_chance),
            f"{one.paper_n:,}",
        )
        for one in places
    ]


RANKING = ("", "rank", "layer", "neuron", "statistic", "weight")
RANKING_TYPES = (TEXT, RIGHT, RIGHT, RIGHT, TEXT, RIGHT)


def ranking_rows(found: "Ranking", taken: int) -> list[tuple[Any, ...]]:
    """A row a feature, the first ones marked; layer and neuron stay numbers, so that a row opens a neuron's card."""
    return [
        ("●" if one.rank <= taken else "", one.rank, one.layer, one.neuron, one.statistic, f"{one.weight:+.5f}")
        for one in found.features
    ]


def percent(value: float | None) -> str:
    """A share in percent, without the sign."""
    return NOTHING if value is None else f"{100 * value:.1f}"


def _spread(found: "Spread") -> str:
    mean, sd = found
    return percent(mean) if sd is None else f"{percent(mean)}±{100 * sd:.1f}"


def _marks(share: float, minimal: "Minimal | None") -> str:
    if minimal is None:
        return ""
    sets = {"smallest": minimal.smallest_share, "paper": minimal.paper_share}
    named = [name for name, size in sets.items() if size == share]
    return f"◀ {', '.join(named)}" if named else ""


def _against(value: float | None, majority: float | None, cells: int) -> str:
    """A bar of a share, with a line where the largest class is."""
    drawn = f"{bar((value or 0) * cells):<{cells}}"
    if majority is None:
        return drawn
    at = min(int(majority * cells), cells - 1)
    return f"{drawn[:at]}│{drawn[at + 1 :]}"
