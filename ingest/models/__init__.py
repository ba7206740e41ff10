"""Models: one adapter a family, registered here; :func:`load` by name, :func:`wrap` by hand."""

from ingest.models import fairseq, mel, melhubert, named, torchaudio, transformers
from ingest.models.base import Site, SpeechModel
from ingest.models.families import register
from ingest.models.load import load, wrap

__all__ = ["Site", "SpeechModel", "load", "wrap"]

register(torchaudio.FAMILY)
register(transformers.FAMILY)
register(fairseq.FAMILY)
register(melhubert.FAMILY)
register(mel.FAMILY)
register(named.FAMILY)
