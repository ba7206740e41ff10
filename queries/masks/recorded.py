"""The models of a warehouse as masks need them: their feed-forward networks, checksum and λ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.masks.layers import MaskLayer
from warehouse.errors import MaskError, QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

_LAYERS = "SELECT layer, in_module, out_module, n_neurons FROM layers WHERE model = $model ORDER BY layer"


@dataclass(frozen=True)
class RecordedModel:
    """A model of a warehouse.

    Attributes:
        name: its name there.
        checksum: of its weights.
        lambda_pct: λ it was recorded with, in percent.
        layers: its feed-forward networks.
        others: layer -> module, of recorded layers that are none.
    """

    name: str
    checksum: str
    lambda_pct: float
    layers: tuple[MaskLayer, ...]
    others: dict[int, str]


def mask_layers(con: "Connection", model: str | None = None) -> tuple[MaskLayer, ...]:
    """The feed-forward networks of a recorded model: what its masks are made of.

    Args:
        con: an open warehouse.
        model: name of the model; needed where there are several.

    Raises:
        QueryError: no such model, or several and no name.
        MaskError: no feed-forward network of the model was recorded.
    """
    return recorded_model(con, model).layers


def recorded_model(con: "Connection", model: str | None = None) -> RecordedModel:
    """What a warehouse knows of a model; arguments and errors as for :func:`mask_layers`."""
    found = {name: rest for name, *rest in con.sql("SELECT model, checksum, lambda_pct FROM models").fetchall()}
    name = _chosen(sorted(found), model)
    checksum, lambda_pct = found[name]
    layers, others = [], {}
    for layer, in_module, out_module, n_neurons in con.sql(_LAYERS, {"model": name}).fetchall():
        if in_module not in (None, out_module):  # neurons that lie between two linears
            layers.append(MaskLayer(layer, in_module, out_module, n_neurons))
        else:
            others[layer] = out_module
    if not layers:
        raise MaskError(
            f"model {name}: no feed-forward network was recorded, only {', '.join(others.values()) or 'nothing'}; a "
            "mask needs one: ingest the model without --layers"
        )
    return RecordedModel(name, checksum, float(lambda_pct), tuple(layers), others)


def _chosen(names: Sequence[str], model: str | None) -> str:
    if not names:
        raise QueryError("no model was recorded yet; `neurons ingest` records one")
    if model is None:
        if len(names) > 1:
            raise QueryError(f"there are several models, name one (--model): {', '.join(names)}")
        return names[0]
    if model not in names:
        raise QueryError(f"there is no model {model}; there are: {', '.join(names)}")
    return model
