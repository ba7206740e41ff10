"""Corpora: audio, labels and metadata in the formats researchers have, read into one shape.

One reader a label format, one for each kind of metadata table, and the phone sets that name the phones.
"""

from ingest.corpora.corpus import Corpus, Rejected, Segment, Utterance
from ingest.corpora.phone_set import PhoneSet

__all__ = ["Corpus", "PhoneSet", "Rejected", "Segment", "Utterance"]
