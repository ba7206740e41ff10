"""The layers of a model as rows: how far apart the patterns of the groups lie in each."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from tui.app.widgets.sparks import bar

if TYPE_CHECKING:
    from queries.patterns.of_layer import LayerPatterns

NAMES = ("layer", "silh.", "", "DB", "silh. S", "DB S", "patterns", "neurons")
_RIGHT = "BIGINT"
TYPES = (_RIGHT, _RIGHT, "VARCHAR", *(_RIGHT,) * 5)

_BAR = 8


def rows_of(
    layers: Sequence[int], found: Mapping[int, "LayerPatterns"], chosen: int, failed: Collection[int] = ()
) -> list[tuple[str, ...]]:
    """A row a layer; what is not computed yet is a row of dots.

    Args:
        layers: numbers of the layers, in their order.
        found: layer -> its patterns, where they were computed.
        chosen: the layer that is drawn.
        failed: layers that could not be computed.
    """
    highest = max((one.silhouette_2d or 0.0 for one in found.values()), default=0.0)
    best = best_of_them(found)
    rows: list[tuple[str, ...]] = []
    for layer in layers:
        head = f"{'▶' if layer == chosen else ' '}{layer:>3}"
        one = found.get(layer)
        if one is None:
            rows.append((head, "error" if layer in failed else "…", "", "", "", "", "", ""))
            continue
        mark = " ◀" if best is not None and best.layer == layer else ""
        rows.append(
            (
                head,
                _number(one.silhouette_2d),
                f"{_bar(one.silhouette_2d, highest):<{_BAR}}{mark}",
                _number(one.davies_bouldin_2d),
                _number(one.silhouette_patterns),
                _number(one.davies_bouldin_patterns),
                f"{one.n_patterns:,}",
                f"{one.n_neurons:,}",
            )
        )
    return rows


def best_of_them(found: Mapping[int, "LayerPatterns"]) -> "LayerPatterns | None":
    """The layer with the highest silhouette; None = none was computed, or none has any."""
    if not found:
        return None
    from queries.patterns.of_layer import best_of  # loads Polars, which whatever computed them has loaded

    return best_of(found.values())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bar(value: float | None, highest: float) -> str:
    """A bar as long as a silhouette above 0 is to the highest one."""
    if value is None or value <= 0 or highest <= 0:
        return ""
    return bar(value / highest * _BAR)
