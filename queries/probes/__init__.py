"""Probes: what a label can be predicted from, layer by layer and neuron by neuron ([B] §3)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.probes.labels import Label
    from queries.probes.run import Probed, probe
    from queries.probes.settings import Fitting, Settings
    from queries.probes.verification.run import verify

__all__ = ["Fitting", "Label", "Probed", "Settings", "probe", "verify"]

_HOMES = {
    "Fitting": "queries.probes.settings",
    "Label": "queries.probes.labels",
    "Probed": "queries.probes.run",
    "Settings": "queries.probes.settings",
    "probe": "queries.probes.run",
    "verify": "queries.probes.verification.run",
}


def __getattr__(name: str) -> Any:
    # A package that everything probes with would load NumPy and Polars where only settings are asked for.
    if name not in _HOMES:
        raise AttributeError(f"module 'queries.probes' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
