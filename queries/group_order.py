"""The order in which tables and pictures list the groups of a property."""

from collections.abc import Callable, Sequence


def group_order(labels: Sequence[str] | None) -> Callable[[str], tuple[int, str]]:
    """Key that sorts groups: bins as they lie from below, other groups after them by the alphabet.

    Args:
        labels: names of the property's bins; None = it has none.
    """
    rank = {label: place for place, label in enumerate(labels or ())}
    return lambda group: (rank.get(group, len(rank)), group)
