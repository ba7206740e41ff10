"""The weights of a recorded model, for what a command computes from them."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from queries import Connection

_STATED = """
SELECT hop_us / 1000 AS hop_ms, offset_us / 1000 AS offset_ms, window_us / 1000 AS window_ms, sample_rate, normalize
FROM models WHERE model = $model
"""


def recorded_module(
    con: "Connection",
    spec: str,
    weights: Path | None,
    random_init: int | None,
    mean_std: Path | None,
    model: str | None,
) -> "nn.Module":
    """Load a model as `neurons ingest` does, and make sure that it is the one that was recorded.

    Args:
        con: an open warehouse.
        spec: as ``--model`` of ingest.
        weights: file of its weights.
        random_init: seed of random weights.
        mean_std: file that normalises the input of MelHuBERT.
        model: name in the warehouse; needed where there are several.

    Raises:
        ModelError: the model cannot be loaded, or has other weights than the recorded one.
        QueryError: no such model in the warehouse.
    """
    from ingest import load
    from queries.masks.recorded import recorded_model
    from warehouse import ModelError

    recorded = recorded_model(con, model)
    # A module alone does not say where its frames lie, and no model loads without: what was recorded is said again.
    (stated,) = con.sql(_STATED, {"model": recorded.name}).pl().to_dicts()
    loaded = load(spec, weights=weights, random_init=random_init, mean_std=mean_std, **stated)
    if loaded.checksum != recorded.checksum:
        raise ModelError(
            f"the weights of {spec} (checksum {loaded.checksum[:12]}) are not those that were recorded as "
            f"{recorded.name} ({recorded.checksum[:12]}); give the same --spec, --weights, --random-init or --mean-std "
            "as to ingest"
        )
    return loaded.module
