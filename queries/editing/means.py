"""What neurons do on average: taken from a warehouse, and left behind in a bias when the neurons go."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import torch
from torch import Tensor

from queries.editing.sites import Site, bias_of, make_bias, weight_of
from queries.masks.recorded import recorded_model
from warehouse.errors import MaskError, first_line

if TYPE_CHECKING:
    from queries.connection import Connection

Means = Mapping[str, np.ndarray]
"""Path of the second linear, as it was recorded -> mean activation (D,) of its neurons, signed."""


def neuron_means(con: "Connection", model: str | None = None, *, where: str | None = None) -> dict[str, np.ndarray]:
    """Mean of every neuron over the frames of a warehouse, from what was recorded of each utterance.

    It is the signed mean of what goes into the second linear, over all frames, silence too; each utterance counts
    with its frames.

    Args:
        con: an open warehouse.
        model: name of the model; None = the only one.
        where: SQL condition over the columns of ``utterances``, such as ``gender = 'F'``; None = all.

    Returns:
        Path of the second linear -> float64 vector (D,).

    Raises:
        QueryError: no such model, or several and no name.
        MaskError: a model that was recorded without means, a condition that cannot be asked or holds for no utterance.
    """
    recorded = recorded_model(con, model)
    name = recorded.name
    condition = "true" if where is None else _condition(where)
    # Lists of a layer's width, by the thousand: they are summed batch by batch, and never unnested.
    try:
        rows = con.sql(
            "SELECT layer, n_frames, mean FROM utterance_means WHERE model = $model AND kind = 'ffn' "
            f"AND utterance_id IN (SELECT utterance_id FROM utterances WHERE (\n{condition}\n))",
            params={"model": name},
        ).to_arrow_reader()
    except duckdb.Error as error:
        raise _no_condition(where, error) from None
    sums = {layer.layer: np.zeros(layer.n_neurons) for layer in recorded.layers}
    frames = dict.fromkeys(sums, 0)
    for batch in rows:
        layer_of, n_frames = (batch.column(name).to_numpy(zero_copy_only=False) for name in ("layer", "n_frames"))
        for layer in sums.keys() & set(layer_of.tolist()):
            here = layer_of == layer
            means = batch.column("mean").filter(_arrow(here)).flatten().to_numpy(zero_copy_only=False)
            weights = n_frames[here].astype(np.float64)
            sums[layer] += weights @ means.reshape(len(weights), -1).astype(np.float64)
            frames[layer] += int(weights.sum())
    if not all(frames.values()):
        raise _nothing(con, name, where)
    return {layer.out_module: sums[layer.layer] / frames[layer.layer] for layer in recorded.layers}


def check_means(sites: Sequence[Site], means: Means | None) -> None:
    """Check that every layer that loses neurons has its means.

    Raises:
        MaskError: a layer without means, means of another width, or no numbers among them.
    """
    if means is None:
        return
    for site in sites:
        layer = site.layer
        if not site.removed.any():
            continue
        if layer.out_module not in means:
            raise MaskError(f"layer {layer.layer} ({layer.out_module}) has no means; take them with neuron_means")
        found = np.asarray(means[layer.out_module])
        if found.shape != (layer.n_neurons,) or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
            raise MaskError(
                f"layer {layer.layer} ({layer.out_module}): {layer.n_neurons} finite means are wanted, one a neuron, "
                f"not {found.dtype} of shape {found.shape}"
            )
        if "bias" not in site.second._parameters:
            raise MaskError(
                f"{site.path} is a {type(site.second).__name__} without a bias of its own, in which means could stay "
                "behind; erase without means"
            )


def leave_means(site: Site, means: Means) -> None:
    """Add what the neurons that go give on average to the second linear's bias, which is made where there is none."""
    bias, shift = bias_of(site.second), _contribution(site, means)
    if bias is None:
        make_bias(site.second, shift)
    else:
        bias.copy_(bias.detach().cpu().double() + shift)


def _contribution(site: Site, means: Means) -> Tensor:
    """What the neurons that go give on average to the output of the second linear: W2[:, j] @ mean_j, float64 (d,)."""
    weight = weight_of(site.second).detach()
    gone = torch.from_numpy(np.flatnonzero(site.removed)).to(weight.device)
    of_gone = np.asarray(means[site.layer.out_module], dtype=np.float64)[site.present[site.removed]]
    return weight[:, gone].cpu().double() @ torch.from_numpy(of_gone)


def _condition(where: str) -> str:
    """A condition that is one expression, so that it stays within its parentheses."""
    import sqlglot

    try:
        found = sqlglot.parse(where, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise _no_condition(where, error) from None
    if len(found) != 1 or not isinstance(found[0], sqlglot.exp.Condition):
        raise _no_condition(where, "no expression")
    return where


def _no_condition(where: str | None, error: Exception | str) -> MaskError:
    said = first_line(error) if isinstance(error, Exception) else error
    return MaskError(f"where={where!r}: {said}; give one condition over the columns of utterances")


def _arrow(here: np.ndarray) -> object:
    import pyarrow as pa

    return pa.array(here)


def _nothing(con: "Connection", model: str, where: str | None) -> MaskError:
    there = con.sql(
        "SELECT count(*) FROM utterance_means WHERE model = $model AND kind = 'ffn'", params={"model": model}
    ).fetchall()
    if there == [(0,)]:
        return MaskError(f"model {model} was recorded without means; record it again with them, under another name")
    return MaskError(f"where={where!r} holds for no utterance that model {model} has seen")
