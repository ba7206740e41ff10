"""Configurations in published checkpoints: sizes and switches, checked one by one as they are read."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.models.checkpoints import REMEDY
from ingest.models.shown import shown
from warehouse.errors import ModelError

MOST, MOST_BLOCKS = 1_000_000, 200
"""What a width, a kernel or the like may be, and a number of blocks: far above any model's.

Within them a model can be put together on the meta device, where tensors hold no numbers, and compared with the
checkpoint before any memory is taken.
"""


def plain(value: object) -> dict[str, Any] | None:
    """A configuration as a dictionary, whether it was one or a Namespace; None for anything else."""
    if isinstance(value, argparse.Namespace):
        return vars(value)
    return dict(value) if isinstance(value, Mapping) else None


def size(config: Mapping[str, Any], key: str, path: Path, default: int | None = None, most: int = MOST) -> int:
    """A number above 0 in a configuration, and none that no model has.

    Raises:
        ModelError: it is missing and has no default, is something else, or too large.
    """
    value = config.get(key, default)
    if value is None:
        raise ModelError(f"{path}: its configuration lacks {key}: {REMEDY}, complete")
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ModelError(f"{path}: {key} = {shown(value)} in its configuration is no whole number above 0")
    if value > most:
        raise ModelError(f"{path}: {key} = {shown(value)} in its configuration is above {most:,}, as in no model")
    return value


def flag(config: Mapping[str, Any], key: str, path: Path, default: bool = False) -> bool:
    """A yes or no in a configuration.

    Raises:
        ModelError: it is something else.
    """
    value = config.get(key, default)
    if not isinstance(value, int) or value not in (0, 1):
        raise ModelError(f"{path}: {key} = {shown(value)} in its configuration is neither True nor False")
    return bool(value)


def expect(config: Mapping[str, Any], key: str, allowed: tuple[Any, ...], path: Path) -> None:
    """Refuse a configuration that makes another network than the one that is built.

    Raises:
        ModelError: the key is there with a value that is not allowed.
    """
    value = config.get(key, allowed[0])
    if not any(type(value) is type(one) and value == one for one in allowed):
        wanted = " or ".join(repr(one) for one in allowed)
        raise ModelError(
            f"{path}: {key} = {shown(value)} is not read, only {wanted}: build the model in a function of your own "
            "and name it python:module:function"
        )
