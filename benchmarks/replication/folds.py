"""Which utterances the sets and the training come from, and which ones errors are measured on."""

from pathlib import Path

import polars as pl

PARTS = ("train", "eval")
"""Folders of the corpus: 40 speakers each, none in both. Pretraining sees the first alone."""

FOLDS = ("sets", "test")

SHARE = 0.6
"""This share of every speaker's utterances, in the order of their names, is for sets and training; the rest is for
tests."""


def metadata(speech: Path) -> pl.DataFrame:
    """A row an utterance: the corpus's columns, and ``part`` (its folder), ``fold`` and ``file``."""
    parts = [
        pl.read_csv(
            speech / part / "utterances.csv", schema_overrides={"speaker": pl.String, "utterance": pl.String}
        ).with_columns(
            part=pl.lit(part), file=pl.format(f"{speech / part}/audio/{{}}/{{}}.flac", pl.col.speaker, pl.col.utterance)
        )
        for part in PARTS
    ]
    place = pl.int_range(pl.len()).over("speaker")
    in_sets = place < (pl.len().over("speaker") * SHARE).floor()
    return (
        pl.concat(parts)
        .sort("speaker", "utterance")
        .with_columns(fold=pl.when(in_sets).then(pl.lit("sets")).otherwise(pl.lit("test")))
    )
