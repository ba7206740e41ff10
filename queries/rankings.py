"""How far rankings of neurons agree: overlap of their first neurons, and rank-biased overlap."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl
from scipy.stats import hypergeom

from queries.calls import Value, call, literal
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

RANKINGS = ("lape", "mean_difference", "mutual_information", "property_neurons")
SETS = "property_neurons"

SCHEMA = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "ranking_a": pl.String,
    "ranking_b": pl.String,
    "n": pl.Int64,
    "n_both": pl.Int64,
    "n_both_by_chance": pl.Float64,
    "jaccard": pl.Float64,
    "jaccard_by_chance": pl.Float64,
    "rbo": pl.Float64,
    "note": pl.String,
}


def rank_biased_overlap(a: Sequence[Hashable], b: Sequence[Hashable], persistence: float = 0.98) -> float:
    """Agreement of two rankings, the more by how early they agree: extrapolated RBO.

    RBO is the agreement at depth d, the share that the first d of each have in common, averaged with weights
    (1 - p) p^(d - 1); beyond the end the agreement is taken to go on as it was (Webber, Moffat and Zobel 2010, "A
    similarity measure for indefinite rankings", eq. 32).

    Args:
        a: things from the first to the last, each once.
        b: others, as many or not.
        persistence: p in (0, 1); the first 1 / (1 - p) have about 85% of the weight, the first 50 at 0.98.

    Returns:
        0 (nothing in common) to 1 (the same); NaN where a list is empty, which says nothing.

    Raises:
        QueryError: persistence is no such number, or a list names a thing twice.
    """
    if not 0 < persistence < 1:
        raise QueryError(f"persistence {persistence!r}: give more than 0 and less than 1, such as 0.98")
    for listed in (a, b):
        if len(set(listed)) != len(listed):
            raise QueryError("a ranking names something twice; give every thing one place")
    if not a or not b:
        return float("nan")
    short, long = sorted((a, b), key=len)
    s, n = len(short), len(long)
    in_short: set[Hashable] = set()
    in_long: set[Hashable] = set()
    overlap, total, at_s = 0, 0.0, 0
    for depth in range(1, n + 1):
        later = long[depth - 1]
        in_long.add(later)
        if depth <= s:
            in_short.add(short[depth - 1])
            overlap += short[depth - 1] in in_long
            overlap += later in in_short and later != short[depth - 1]
            at_s = overlap
        else:
            overlap += later in in_short
            total += at_s * (depth - s) / (s * depth) * persistence**depth
        total += overlap / depth * persistence**depth
    rest = ((overlap - at_s) / n + at_s / s) * persistence**n
    return (1 - persistence) / persistence * total + rest


def ranking_overlap(
    con: "Connection",
    property: str,
    *,
    persistence: float = 0.98,
    least_p_max: float | None = None,
    **parameters: Value,
) -> pl.DataFrame:
    """How far the rankings of ``rankings`` agree with each other, and with the property neurons.

    Args:
        con: an open warehouse.
        property: name of a property.
        persistence: of the rank-biased overlap.
        least_p_max: neurons that are active less often than this in every group are left out of ``lape``, which would
            put the almost silent first, as its authors do, too; None = chance, k/D.
        **parameters: of the macro ``rankings``; p_property excepted.

    Returns:
        One row per model, layer and pair of rankings. n: size of the set P of property neurons. n_both: how many of
        the first n of one are among the first n of the other; of ``property_neurons`` these are P itself.
        n_both_by_chance, jaccard_by_chance: what two sets of n of the layer's D neurons drawn by lot share on average.
        jaccard: n_both / (2n - n_both). rbo: rank-biased overlap of the whole rankings; of ``property_neurons``
        only the neurons with a score, since the others are in no order. note: what stands in the way.

    Raises:
        QueryError: a parameter does not exist, or persistence is not between 0 and 1.
        duckdb.Error: an unknown name or a value out of range.
    """
    rank_biased_overlap([0], [0], persistence)
    if "p_property" in parameters:
        raise QueryError("p_property: the property is an argument of its own here; leave p_property out")
    asked = {**parameters, "p_property": property}
    lambda_pct = literal(parameters["p_lambda"]) if "p_lambda" in parameters else "NULL"
    least = f"chance_level(model, layer, {lambda_pct})" if least_p_max is None else literal(least_p_max)
    sql = f"""SELECT model, layer, ranking, neuron, score, n_groups FROM {call("rankings", asked)}
              WHERE ranking <> 'lape' OR p_max >= {least} ORDER BY rank"""
    ranked: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(lambda: {name: [] for name in RANKINGS})
    n_groups: dict[str, int] = {}
    for model, layer, ranking, neuron, score, groups in con.sql(sql).fetchall():
        n_groups[model] = groups
        if ranking != SETS or score > 0:
            ranked[model, layer][ranking].append(neuron)
    sets: dict[tuple[str, int], set[int]] = defaultdict(set)
    for model, layer, neuron in con.sql(f"SELECT model, layer, neuron FROM {call(SETS, asked)}").fetchall():
        sets[model, layer].add(neuron)
    rows: list[tuple[Any, ...]] = []
    for model, layer, width in con.sql("SELECT model, layer, n_neurons FROM layers ORDER BY ALL").fetchall():
        if parameters.get("p_model", model) == model and int(parameters.get("p_layer", layer)) == layer:
            groups = n_groups.get(model, 0)
            for a, b in combinations(RANKINGS, 2):
                found = _compared(ranked[model, layer], sets[model, layer], a, b, width, groups, property, persistence)
                rows.append((model, layer, property, a, b, *found))
    return pl.DataFrame(rows, SCHEMA, orient="row")


def _compared(
    ranked: dict[str, list[int]],
    members: set[int],
    a: str,
    b: str,
    width: int,
    n_groups: int,
    name: str,
    persistence: float,
) -> tuple[Any, ...]:
    n = len(members)
    if n_groups == 0:
        return (n, *[None] * 5, f"no frame that counts has a group of {name}")
    if n_groups == 1:
        return (n, *[None] * 5, f"{name} has one group, so nothing ranks neurons by what tells groups apart")
    rbo = rank_biased_overlap(ranked[a], ranked[b], persistence) if ranked[a] and ranked[b] else None
    silent = None if rbo is not None else "no neuron responds to one group more than to the others"
    if not n:
        return (n, *[None] * 4, rbo, silent or f"no property neurons of {name} in this layer, so n is 0")
    first, second = (members if ranking == SETS else set(ranked[ranking][:n]) for ranking in (a, b))
    both = len(first & second)
    shared = range(max(0, 2 * n - width), n + 1)
    chances = hypergeom(width, n, n).pmf(shared)
    by_chance = sum(float(chance) * k / (2 * n - k) for k, chance in zip(shared, chances, strict=True))
    return n, both, n * n / width, both / (2 * n - both), by_chance, rbo, silent
