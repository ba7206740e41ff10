"""The warehouse of the studies: one corpus a fold, recorded with whatever model a study asks about."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from torch import nn

from benchmarks.replication.folds import FOLDS, metadata
from ingest import Corpus, ingest, wrap
from ingest.models import SpeechModel
from queries import write_catalog

WAREHOUSE = "replication.warehouse"


def record(
    module: nn.Module | SpeechModel,
    name: str,
    speech: Path,
    work: Path,
    *,
    folds: Sequence[str] = ("sets",),
    lambda_pct: float = 1.0,
) -> Path:
    """Record a model over folds of the corpus, and return the warehouse; does nothing for what is there already."""
    path = work / WAREHOUSE
    rows = metadata(speech)
    table = work / "metadata.csv"
    rows.drop("file").write_csv(table)
    for fold in folds:
        files = rows.filter(pl.col.fold == fold)["file"].to_list()
        corpus = Corpus.from_files(files, speech, table, name=fold)
        model = module if isinstance(module, SpeechModel) else wrap(module, source=name)
        ingest(model, corpus, path, model_name=name, lambda_pct=lambda_pct, quiet=True)
    write_catalog(path)
    return path


def record_all(module: nn.Module, name: str, speech: Path, work: Path) -> Path:
    """Record both folds: then the warehouse has labels and F0 of the tests too."""
    return record(module, name, speech, work, folds=FOLDS)
