"""Files beside the weights of a transformers model: a folder's, or those of a hub name in the local cache."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from ingest.models.shown import printable
from warehouse.errors import ModelError


@dataclass(frozen=True)
class Preprocessor:
    """How a checkpoint says that its input is made of samples.

    Attributes:
        file: name of the file that says it.
        says: what it says, by the names of transformers' feature extractors.
    """

    file: str
    says: Mapping[str, Any]


def preprocessor(name: str) -> Preprocessor | None:
    """What a folder or a hub name says about its feature extractor; None where no file does.

    Processors of newer releases write theirs into ``processor_config.json``, which goes first, as in transformers.

    Raises:
        ModelError: a file is there and is not JSON, or no object.
    """
    for file in ("processor_config.json", "preprocessor_config.json"):
        path = _cached(name, file)
        if path is None:
            continue
        says = read(partial(_json, path), name, f"mend its {file}")
        if file == "processor_config.json" and isinstance(says, dict):
            says = says.get("feature_extractor", says.get("audio_processor"))
            if says is None:
                continue
        if not isinstance(says, dict):
            raise ModelError(f"transformers:{name}: {file} holds no settings of a feature extractor: fetch it again")
        return Preprocessor(file, says)
    return None


def read(read: Callable[[], Any], name: str, remedy: str) -> Any:
    """What a function reads from a model's files, its errors in one line.

    Args:
        read: the function.
        name: of the model, folder or hub name.
        remedy: what to do when it fails.

    Raises:
        ModelError: the files are missing or damaged, or want to run code of their own.
    """
    try:
        return read()
    except ModelError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and not Path(name).exists():
            raise ModelError(
                f"transformers:{name} is neither a folder nor in the local cache: fetch it with `hf download {name}`, "
                "or give the folder that save_pretrained wrote"
            ) from error
        if "trust_remote_code" in str(error):  # their own text is not shown: it advises to let the code run
            raise ModelError(
                f"transformers:{name} wants to run code of its own, which is never done: load it in a function of your "
                "own and name it python:module:function"
            ) from None
        text = printable(shorten(str(error), 160, placeholder=" …")).rstrip(".")
        raise ModelError(f"transformers:{name} cannot be read ({type(error).__name__}: {text}): {remedy}") from error


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _cached(name: str, file: str) -> Path | None:
    from transformers.utils import cached_file

    path = cached_file(
        name,
        file,
        local_files_only=True,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        _raise_exceptions_for_gated_repo=False,
    )
    return None if path is None else Path(path)
