"""Registration of a model: the first run under a name fixes what the name stands for."""

from collections.abc import Iterable
from dataclasses import asdict

from ingest.models.base import SpeechModel
from ingest.recorder import top_k
from ingest.settings import Settings
from warehouse import Commit, Layout, ModelError
from warehouse.layout import slug
from warehouse.manifest import Manifest
from warehouse.properties import BUILT_IN, declare
from warehouse.schema import table
from warehouse.snapshot import snapshot

# What must not change under one name: recorded ranks of different settings do not belong together.
IDENTITY = (
    "checksum",
    "lambda_pct",
    "layers",
    "hop_us",
    "offset_us",
    "sample_rate",
    "normalize",
    "dtype",
    "values",
    "means",
    "segment_means",
)


def register_model(layout: Layout, name: str, model: SpeechModel, settings: Settings) -> None:
    """Enter a model in the warehouse, or check that it is the one that the name stands for.

    Raises:
        ModelError: the name stands for other weights, another λ, other layers or other recorded columns.
    """
    grid = model.grid
    row = {
        "model": name,
        "family": model.family,
        "source": model.source,
        "checksum": model.checksum,
        **asdict(grid),
        "sample_rate": model.sample_rate,
        "normalize": model.normalize,
        "n_layers": len(model.sites),
        "lambda_pct": settings.lambda_pct,
    }
    layers = [
        {
            "model": name,
            "layer": site.layer,
            "block": site.block,
            "site": site.site,
            "n_neurons": site.n_neurons,
            "top_k": top_k(settings.lambda_pct, site.n_neurons),
            "in_module": site.in_module,
            "out_module": site.out_module,
            **asdict(model.grid_of(site)),
        }
        for site in model.sites
    ]
    facts = {
        **row,
        "layers": layers,
        "values": settings.values,
        "means": settings.means,
        "segment_means": list(settings.segment_means),
        "dtype": settings.dtype,
    }
    with Commit(layout) as commit:
        commit.add("models", table("models", {key: [value] for key, value in row.items()}))
        commit.add("layers", table("layers", {key: [layer[key] for layer in layers] for key in layers[0]}))
        commit_name = f"model-{slug(name)}"
        if commit.publish(commit_name, "model", facts) is None:
            there = Manifest.read(layout.manifests / f"{commit_name}.json").facts
            # Of a model of the first version, the layers do not say their window, which is the model's.
            there = {
                "segment_means": [],  # which models were recorded without before they could be asked for
                **there,
                "layers": [
                    {**layer, "window_us": layer.get("window_us", there["window_us"])} for layer in there["layers"]
                ],
            }
            for key in IDENTITY:
                if there[key] != facts[key]:
                    raise ModelError(
                        f"model {name!r} is in the warehouse already with {_difference(key, there[key], facts[key])}; "
                        "give this one another --name"
                    )


def _difference(key: str, there: object, here: object) -> str:
    if key == "layers":
        return "other layers"
    if key == "checksum":
        return f"other weights (checksum {there}, here {here})"
    if isinstance(there, list) and isinstance(here, list):
        return f"{key} {', '.join(there) or 'none'} (here {', '.join(here) or 'none'})"
    return f"{key} {there} (here {here})"


def declare_built_in(layout: Layout, has_classes: bool) -> None:
    """Declare the built-in properties that are not there yet; phone_class only once phones have classes."""
    there = {m.facts["property"] for m in snapshot(layout).of_kind("property")}
    for prop in _applicable(has_classes):
        if prop.name not in there:
            declare(layout, prop)


def _applicable(has_classes: bool) -> Iterable:
    return (prop for prop in BUILT_IN if has_classes or prop.name != "phone_class")
