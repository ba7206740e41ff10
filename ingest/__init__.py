"""Ingest: from speech, labels and a model to the facts and counts of a warehouse, in one pass over the model.

::

    from ingest import Corpus, ingest

    corpus = Corpus.from_files(audio="audio", labels="alignments", metadata="speakers.csv", name="study")
    ingest(model, corpus, "study.warehouse", model_name="hubert_base")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.corpora import Corpus
    from ingest.job import Ingested, ingest
    from ingest.models import load, wrap

__all__ = ["Corpus", "Ingested", "ingest", "load", "wrap"]

_HOMES = {
    "Corpus": "ingest.corpora",
    "Ingested": "ingest.job",
    "ingest": "ingest.job",
    "load": "ingest.models",
    "wrap": "ingest.models",
}


def __getattr__(name: str) -> Any:
    # torch takes seconds to import: it is loaded when a name that needs it is used first.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ingest' has no attribute {name!r}")
