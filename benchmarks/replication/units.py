"""Units of work: each has a name and leaves one JSON file, so that a study goes on where it was interrupted."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch

Result = dict[str, Any]


def run_units(
    units: Mapping[str, tuple[Callable[..., Result], tuple[Any, ...]]], folder: Path, jobs: int
) -> dict[str, Result]:
    """Do what is not done yet, ``jobs`` processes of one thread at a time, and return all results by name.

    Args:
        units: name -> (function at the top of a module, its arguments).
        folder: where results lie, ``NAME.json`` each.
        jobs: processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in units if not (folder / f"{name}.json").exists()]
    if missing:
        print(f"{folder.name}: {len(units) - len(missing)} of {len(units)} done", flush=True)
        for name in _finished(units, missing, folder, jobs):
            print(f"{folder.name}: {name}", flush=True)
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in units}


def _finished(units: Mapping[str, Any], missing: list[str], folder: Path, jobs: int) -> Iterator[str]:
    # One thread a process: two processes of one thread do more than one of two, and results do not depend on `jobs`.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        running = {pool.submit(_work, *units[name], folder / f"{name}.json"): name for name in missing}
        for future in as_completed(running):
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            yield running[future]


def _work(function: Callable[..., Result], arguments: tuple[Any, ...], path: Path) -> None:
    text = json.dumps(function(*arguments))
    aside = path.with_suffix(".partial")
    aside.write_text(text)
    os.replace(aside, path)
