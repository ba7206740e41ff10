"""Pruned models as files: weights, widths layer by layer, and which of the recorded neurons remain."""

import os
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from queries.editing.prune import check_prunable, shrink
from queries.editing.sites import Site, bias_of, changing_weights, make_bias, resolve, weight_of
from queries.masks import Mask
from queries.masks.formats import index_lists
from queries.tensor_files import read_tensors, write_tensors
from warehouse.errors import MaskError

KEPT = "neuron_warehouse_kept"
"""Name of the keep mask in a file's metadata, as a mask file in JSON has it."""

PREFIX = "neuron_warehouse_prefix"
"""Name of the path of the recorded model, empty or with a dot at its end."""


def save_pruned(model: nn.Module, path: str | os.PathLike[str], kept: Mask, *, prefix: str | None = None) -> None:
    """Write a pruned model into one ``.safetensors`` file, whatever width each of its layers has.

    The file holds every weight of the model, heads too, and in its metadata the layers and the original numbers of
    the neurons that remain. An old file stays until the new one is whole.

    Args:
        model: the pruned model.
        path: the file.
        kept: what :func:`queries.editing.prune` returned.
        prefix: path of the recorded model in this one; None = find it.

    Raises:
        MaskError: ``kept`` is not what the model has, or the file cannot be written.
    """
    kept = kept.as_kind("keep")
    found, _ = resolve(model, kept, prefix, kept, True)
    state = model.state_dict()
    if odd := [name for name, value in state.items() if not hasattr(value, "element_size")]:
        raise MaskError(f"{path}: {odd[0]} of the model's state is no tensor; save the model with a tool of its own")
    told = {"format": "pt", KEPT: index_lists.write(kept).decode(), PREFIX: found}
    write_tensors(Path(path), state, told)


def load_pruned(model: nn.Module, path: str | os.PathLike[str]) -> Mask:
    """Shrink a freshly built model to what a file of :func:`save_pruned` says, and load its weights, all of them.

    Type and device of the model's weights stay.

    Args:
        model: as it was built before it was pruned, with the same heads.
        path: the file.

    Returns:
        A keep mask of the neurons that the model has now, numbered as they were recorded.

    Raises:
        MaskError: a file that cannot be trusted, or names, shapes or widths that are not the model's; the model is
            not changed then.
    """
    tensors, metadata = read_tensors(Path(path))
    if KEPT not in metadata:
        raise MaskError(f"{path} does not say which neurons it kept; give a file that save_pruned wrote")
    try:
        kept = index_lists.read(metadata[KEPT].encode()).as_kind("keep")
        prefix, sites = resolve(model, kept, metadata.get(PREFIX, ""), None, True)
        check_prunable(model, sites)
    except MaskError as error:
        raise MaskError(f"{path}: {error}") from None
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    without_bias = []
    for site in sites:
        shapes |= _pruned_shapes(site, prefix)
        bias = f"{site.path}.bias"
        if bias in tensors and "bias" in site.second._parameters and bias_of(site.second) is None:
            shapes[bias] = (shapes[f"{site.path}.weight"][0],)  # means were left in it when the model was pruned
            without_bias.append(site)
    _same_shapes(Path(path), type(model).__name__, {n: tuple(v.shape) for n, v in tensors.items()}, shapes)
    shrink(model, sites)
    with changing_weights():
        for site in without_bias:
            make_bias(site.second, tensors[f"{site.path}.bias"])
        model.load_state_dict(tensors, strict=True)
    return kept


def _pruned_shapes(site: Site, prefix: str) -> dict[str, tuple[int, ...]]:
    assert site.first is not None
    first, width = f"{prefix}{site.layer.in_module}", int((~site.removed).sum())
    shapes: dict[str, tuple[int, ...]] = {
        f"{first}.weight": (width, weight_of(site.first).shape[1]),
        f"{site.path}.weight": (weight_of(site.second).shape[0], width),
    }
    if bias_of(site.first) is not None:
        shapes[f"{first}.bias"] = (width,)
    return shapes


def _same_shapes(
    path: Path, kind: str, found: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]
) -> None:
    remedy = "build the model as it was before it was pruned, with the same heads"
    for what, names in (("lacks", wanted.keys() - found.keys()), ("has too much:", found.keys() - wanted.keys())):
        if names:
            few = ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise MaskError(f"{path} does not fit {kind}: it {what} {few}; {remedy}")
    for name, shape in wanted.items():
        if found[name] != shape:
            raise MaskError(f"{path} does not fit {kind}: {name} is {found[name]}, not {shape}; {remedy}")
