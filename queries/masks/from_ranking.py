"""Masks of the first neurons of a ranking: of a probe, or of one of the measures of selectivity."""

from typing import TYPE_CHECKING

from queries.calls import Value
from queries.masks.from_sql import mask_from_sql
from queries.masks.mask import Kind, Mask
from queries.masks.ranked import Ranked, read_ranking
from queries.masks.top import Top, read_top
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from queries.connection import Connection

_TOGETHER = "SELECT layer, neuron FROM ({ranked}) ORDER BY rank LIMIT {n}"
_WITHIN = """
SELECT ranked.layer, ranked.neuron
FROM ({ranked}) AS ranked
INNER JOIN (VALUES {wanted}) AS cut(layer, n) ON ranked.layer = cut.layer
QUALIFY row_number() OVER (PARTITION BY ranked.layer ORDER BY ranked.rank) <= cut.n
"""


def mask_from_ranking(
    con: "Connection",
    ranking: str,
    top: str | int,
    *,
    kind: Kind = "erase",
    model: str | None = None,
    allow_empty: bool = False,
    **parameters: Value,
) -> Mask:
    """The first neurons of a ranking.

    ``probe:ID`` is the ranking of a probe of feed-forward neurons by its weights averaged over the seeds ([B]
    algorithm 1), ``probe:LABEL`` that of the newest such probe of a label, and ``=CLASS`` behind either the ranking
    for a class. They hold the neurons of all layers together, or, where all layers together were not probed, of each
    layer. With means and deviations a neuron has two features and counts once, at the better one. ``lape:PROPERTY``,
    ``mean_difference:PROPERTY``, ``mutual_information:PROPERTY`` and ``property_neurons:PROPERTY`` are those of the
    view ``rankings``, which ranks within each layer; ``=GROUP`` behind it takes the neurons that prefer the group.

    Args:
        con: an open warehouse.
        ranking: one of those names.
        top: ``"10%"`` of the neurons of the ranked layers, max(1, floor(percent · N / 100 + 0.5)), or a whole number
            of neurons; of each layer, where the ranking is within layers.
        kind: what True means: neurons to ``erase``, or the ones to ``keep``.
        model: name of the model; needed where there are several and no identifier of a probe tells.
        allow_empty: whether a ranking without a neuron is a mask without neurons, rather than an error.
        **parameters: of the macro ``rankings``, such as ``p_frames="middle"``; none for a probe.

    Raises:
        QueryError: an unknown name, with those that exist; a ``top`` that is no number or out of range; a probe whose
            features are no feed-forward neurons; or a parameter that says nothing of the ranking.
        MaskError: the ranking holds fewer neurons than are asked for.
        duckdb.Error: a value that the macros refuse.
    """
    wanted = read_top(top)
    ranked = read_ranking(con, ranking, model, parameters)
    mask = mask_from_sql(
        con,
        _query(ranked, wanted),
        kind=kind,
        model=ranked.model.name,
        allow_empty=True,
        provenance={"ranking": ranked.name, "top": str(wanted), **ranked.provenance},
    )
    if len(mask) or not allow_empty:
        _check_enough(mask, ranked, wanted)
    return mask


def _query(ranked: Ranked, top: Top) -> str:
    if ranked.together:
        return _TOGETHER.format(ranked=ranked.sql, n=top.of(sum(ranked.widths.values())))
    wanted = ", ".join(f"({layer}, {top.of(width)})" for layer, width in ranked.widths.items())
    return _WITHIN.format(ranked=ranked.sql, wanted=wanted)


def _check_enough(mask: Mask, ranked: Ranked, top: Top) -> None:
    """Refuse a mask that has fewer neurons than were asked for, because the ranking ends before."""
    found = {layer: len(neurons) for layer, neurons in mask.neurons().items()}
    if ranked.together:
        cuts = [("", len(mask), top.of(sum(ranked.widths.values())))]
    else:  # a layer without any row was not ranked, unless its neurons were left out
        cuts = [
            (f" in layer {layer}", found[layer], top.of(width))
            for layer, width in ranked.widths.items()
            if found[layer] or ranked.chosen or not len(mask)
        ]
    where, n, wanted = min(cuts, key=lambda cut: cut[1] - cut[2])
    if n < wanted:
        raise MaskError(
            f"{ranked.name} ranks {n} neurons{where}, and the top {top} are {wanted}: "
            f"{'give a smaller top' if n else 'nothing is to be ranked'}"
        )
