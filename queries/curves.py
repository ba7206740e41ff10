"""How many neurons each group has at every λ and at every σ, each from one pass.

At another λ the macros read the activations anew. Here a layer is read once: its activations are counted by cell,
neuron and the first λ that includes their rank, and running sums of these counts are the counts at every λ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.calls import Value, call, call_part
from queries.facts import Layer, layers_of, on_grids
from queries.group_order import group_order
from queries.sets import Cells, Rule, group_neurons
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

SIGMAS = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""σ that are tried unless others are asked for."""

COUNTERS = 1 << 22
"""Counters that are held at once; the layers of a property of very many cells are read in several turns, each for
some of the λ and with the ranks that these add."""

BATCH = 1 << 20
"""Activations that are counted at once, so that they stay in the cache."""

_KEYS = {"model": pl.String, "layer": pl.Int32, "property": pl.String, "group": pl.String}


@dataclass(frozen=True)
class _Cells:
    """What the frames of a question are counted by.

    Attributes:
        groups: (g,) names of the groups that count.
        n_phones: (g,) phones that the share σ is taken of.
        n_frames: (c,) frames of each cell.
        cells: their groups, by place in ``groups``.
        first: the first frame that counts.
        cell_of: (f,) cell of each frame from ``first`` on; c for frames that do not count.
    """

    groups: list[str]
    n_phones: list[int]
    n_frames: np.ndarray
    cells: Cells
    first: int
    cell_of: np.ndarray


def sizes_by_lambda(
    con: "Connection", property: str, lambdas: Sequence[float] | None = None, **parameters: Value
) -> pl.DataFrame:
    """Sizes of the group neurons G_i against λ ([A] eq. 4), reading each layer once.

    Args:
        con: an open warehouse.
        property: name of a property.
        lambdas: percents; None = tenths of what each model was recorded with.
        **parameters: of the macro ``group_neurons``, such as ``p_sigma=0.9``; p_property and p_lambda excepted. The
            baseline follows λ, as everywhere: k/D with the k of that λ, unless ``p_baseline`` fixes it.

    Returns:
        ``model, layer, property, group, lambda_pct, top_k, n``: a row for every group that has frames, λ, layer and
        model, with n = 0 where no neuron is left.

    Raises:
        QueryError: a parameter that the macros do not have, or that is varied here; no λ.
        duckdb.Error: an unknown name or a value out of range, λ too; the message lists what exists.
    """
    _free(parameters, "p_lambda")
    if lambdas is not None and not len(lambdas):
        raise QueryError("lambdas: there is none; give some, such as [0.5, 1]")
    asked = {**parameters, "p_property": property}
    for value in [None] if lambdas is None else lambdas:
        more = {} if value is None else {"p_lambda": float(value)}
        con.sql(f"FROM {call_part('checked_parameters', {**asked, **more})}").fetchall()
    found = []
    for model, recorded in con.sql("SELECT model, lambda_pct FROM models ORDER BY model").fetchall():
        if parameters.get("p_model", model) != model:
            continue
        grid = sorted({float(x) for x in lambdas or [recorded * tenth / 10 for tenth in range(1, 11)]})
        for alike in _layers(con, model, parameters):
            cells = _cells(con, {**asked, "p_model": model, "p_layer": alike[0].layer})
            for layer, width in ((each.layer, each.n_neurons) for each in alike):
                top_k = [con.sql("SELECT top_k($x, $d, 0)", {"x": x, "d": width}).fetchall()[0][0] for x in grid]
                counted = _counts(con, model, layer, width, cells, top_k) if cells.groups else iter(())
                for value, k, n in zip(grid, top_k, counted, strict=bool(cells.groups)):
                    rule = _rule(cells, parameters, k / width, float(parameters.get("p_sigma", 0.8)))
                    responds = n >= rule.thresholds(cells.n_frames)[:, None]
                    sizes = _sizes(cells.cells.by_group(np.ascontiguousarray(responds.T)).T, rule)
                    found += [
                        (model, layer, property, group, value, k, size)
                        for group, size in zip(cells.groups, sizes, strict=True)
                    ]
    schema = {**_KEYS, "lambda_pct": pl.Float64, "top_k": pl.Int32, "n": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")


def sizes_by_sigma(
    con: "Connection", property: str, sigmas: Sequence[float] = SIGMAS, **parameters: Value
) -> pl.DataFrame:
    """Sizes of the group neurons G_i against σ ([A] eq. 4), from the activation patterns counted once.

    Args:
        con: an open warehouse.
        property: name of a property.
        sigmas: shares of a group's phones.
        **parameters: of the macro ``group_neurons``; p_property and p_sigma excepted.

    Returns:
        ``model, layer, property, group, sigma, n``: a row for every group that has frames, σ, layer and model.

    Raises:
        QueryError: a parameter that the macros do not have, or that is varied here; no σ.
        duckdb.Error: an unknown name or a value out of range, σ too; the message lists what exists.
    """
    _free(parameters, "p_sigma")
    if not len(sigmas):
        raise QueryError("sigmas: there is none; give some, such as [0.8, 0.9]")
    asked = {**parameters, "p_property": property}
    for value in sigmas:
        con.sql(f"FROM {call_part('checked_parameters', {**asked, 'p_sigma': float(value)})}").fetchall()
    found = []
    for (model,) in con.sql("SELECT model FROM models ORDER BY model").fetchall():
        if parameters.get("p_model", model) != model:
            continue
        # Every neuron that responds to a phone at all, with the number of phones: σ is applied below.
        least = call("group_candidates", {**asked, "p_model": model, "p_sigma": 1e-9})
        rows = con.sql(f'SELECT layer, "group", neuron, n_phones_active FROM {least}').pl()
        for alike in _layers(con, model, parameters):
            groups, n_phones = _groups(con, {**asked, "p_model": model, "p_layer": alike[0].layer})
            places = {group: place for place, group in enumerate(groups)}
            for layer, width in ((each.layer, each.n_neurons) for each in alike if groups):
                ours = rows.filter(pl.col("layer") == layer)
                active = np.zeros((len(groups), width), np.int64)
                place = ours["group"].replace_strict(places, return_dtype=pl.Int64).to_numpy()
                active[place, ours["neuron"].to_numpy()] = ours["n_phones_active"].to_numpy()
                for value in sorted({float(x) for x in sigmas}):
                    sizes = _sizes(active, Rule(0.0, None, value, 1, n_phones))
                    found += [
                        (model, layer, property, group, value, size) for group, size in zip(groups, sizes, strict=True)
                    ]
    return pl.DataFrame(found, schema={**_KEYS, "sigma": pl.Float64, "n": pl.Int64}, orient="row")


def _free(parameters: dict[str, Value], varied: str) -> None:
    for name, why in (("p_property", "is an argument of its own"), (varied, "is what varies here")):
        if name in parameters:
            raise QueryError(f"{name}: it {why}; leave the parameter out")
    call("group_neurons", parameters)


def _layers(con: "Connection", model: str, parameters: dict[str, Value]) -> list[list[Layer]]:
    """Layers that are asked for, by their grids."""
    facts = next(facts for facts in con.snapshot.facts("model") if facts["model"] == model)
    wanted = parameters.get("p_layer")
    return on_grids(layer for layer in layers_of(facts) if wanted is None or layer.layer == int(wanted))


def _groups(con: "Connection", asked: dict[str, Value]) -> tuple[list[str], list[int]]:
    """Groups of a model in their order, and the numbers of phones that σ is a share of."""
    rows = con.sql(f'SELECT "group", n_phones FROM {call_part("counted_groups", asked)}').fetchall()
    labels = con.sql("SELECT labels FROM properties WHERE property = $p", {"p": asked["p_property"]}).fetchall()[0][0]
    order = group_order(labels)
    rows.sort(key=lambda row: order(row[0]))
    return [row[0] for row in rows], [row[1] for row in rows]


def _cells(con: "Connection", asked: dict[str, Value]) -> _Cells:
    groups, n_phones = _groups(con, asked)
    counted = con.sql(f'SELECT "group", phone, n_frames FROM {call_part("counted_cells", asked)}').pl()
    place = pl.col("group").replace_strict(groups, list(range(len(groups))), return_dtype=pl.Int64)
    found = counted.with_columns(place.alias("place")).sort("place", "phone").with_row_index("cell")
    chosen = con.sql(f'SELECT frame_id, "group", phone FROM {call_part("chosen_frames", asked)}').pl()
    coded = chosen.join(found, on=["group", "phone"])
    frames = coded["frame_id"].to_numpy()
    first = int(frames.min()) if len(frames) else 0
    cell_of = np.full(int(frames.max()) - first + 1 if len(frames) else 0, len(found), np.int64)
    cell_of[frames - first] = coded["cell"].to_numpy()
    cells = Cells(found["place"].to_numpy(), found["cell"].to_numpy(), len(groups))
    return _Cells(groups, n_phones, found["n_frames"].to_numpy(), cells, first, cell_of)


def _counts(
    con: "Connection", model: str, layer: int, width: int, cells: _Cells, top_k: Sequence[int]
) -> Iterator[np.ndarray]:
    """(c, D) frames of each cell that activate each neuron, for each of some ascending numbers of ranks."""
    sql = """
        SELECT CAST(frame_id - $first AS UINTEGER) AS frame, CAST(neuron AS USMALLINT) AS neuron,
            CAST("rank" AS USMALLINT) AS ranked
        FROM activations
        WHERE model = $model AND layer = $layer AND frame_id BETWEEN $first AND $last
            AND "rank" >= $least AND "rank" < $most
    """
    size = (len(cells.n_frames) + 1) * width
    last = cells.first + len(cells.cell_of) - 1
    of_frame = cells.cell_of * width
    step = np.searchsorted(np.array(top_k), np.arange(top_k[-1]), side="right")  # the first λ that has a rank
    total = np.zeros(size, np.int64)
    turn, least = max(1, COUNTERS // size), 0
    for begin in range(0, len(top_k), turn):
        steps = top_k[begin : begin + turn]
        asked = {"model": model, "layer": layer, "first": cells.first, "last": last, "least": least, "most": steps[-1]}
        counted, least = np.zeros(len(steps) * size, np.int64), steps[-1]
        offset = ((step - begin) * size).astype(np.int64)
        for batch in con.sql(sql, asked).to_arrow_reader(BATCH):
            frame, neuron, ranked = (batch[name].to_numpy() for name in ("frame", "neuron", "ranked"))
            counted += np.bincount(of_frame[frame] + offset[ranked] + neuron, minlength=len(counted))
        for of_step in counted.reshape(-1, size):
            total = total + of_step
            yield total.reshape(-1, width)[:-1]


def _rule(cells: _Cells, parameters: Mapping[str, Value], baseline: float, sigma: float) -> Rule:
    """How counts become sets, as in the SQL; what σ is a share of is known already, in every reading."""
    given = parameters.get("p_baseline")
    z = float(parameters["p_z"]) if "p_z" in parameters else None
    return Rule(float(given) if given is not None else baseline, z, sigma, 1, cells.n_phones)


def _sizes(active: np.ndarray, rule: Rule) -> list[int]:
    """(g,) sizes of the G_i, from (g, D) phones of each group that each neuron responds to."""
    g = len(active)
    needed = rule.needed(np.ones(g), Cells(np.arange(g), np.zeros(g, np.int64), g))  # of the phones in the rule
    sizes: list[int] = group_neurons(active, needed).sum(axis=-1).tolist()
    return sizes
