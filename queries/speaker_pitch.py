"""Pitch relative to the speaker: F0 in semitones above or below the median of whoever speaks.

Pitch in Hz and gender are confounded: most low frames are men's. In semitones around a speaker's own median every
speaker has low and high frames, so what still responds to pitch responds to more than who speaks.
"""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from queries.declare import WITHOUT_VOICE, frame_facts
from warehouse import QueryError, snapshot
from warehouse.properties import Bins, Property, phone_counts_sql, quote

if TYPE_CHECKING:
    from queries.connection import Connection

NAME = "speaker_pitch"


def speaker_pitch(where: "str | os.PathLike[str] | Connection", name: str = NAME) -> Property:
    """A property of tertiles of 12·log2(F0 / the speaker's median F0), in semitones: low, middle, high.

    Medians are over the voiced frames, of phones that count for pitch, that a speaker of a corpus has in the whole
    warehouse. They are written into the definition, so that it means the same whatever is recorded later: speakers
    who come later, who are unknown or who have no voiced frame give no group. As for pitch, the edges are the
    quantiles 1/3 and 2/3 per corpus and grid, and unvoiced consonants do not count.

    Args:
        where: a warehouse, or a connection to one.
        name: name of the property.

    Returns:
        The property, for ``connect(path, properties=[…])`` or :func:`queries.declare.declare_as`.

    Raises:
        QueryError: no frame of a known speaker has F0.
    """
    state = snapshot(where) if isinstance(where, str | os.PathLike) else where.snapshot
    empty = Property(
        name,
        "NULL",
        Bins(quantiles=(1 / 3, 2 / 3)),
        ("low", "middle", "high"),
        without_classes=WITHOUT_VOICE,
        made="--speaker-pitch",
    )
    with frame_facts(state) as facts:
        medians = facts.execute(
            "SELECT corpus, speaker, median(CAST(f0_hz AS DOUBLE)) FROM frame_facts "
            f"WHERE speaker IS NOT NULL AND f0_hz > 0 AND NOT isnan(f0_hz) AND {phone_counts_sql(empty)} "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    if not medians:
        raise QueryError(
            f"property {name!r}: no voiced frame has F0 and a known speaker, so there is no median to be relative to; "
            "ingest a corpus with F0 and speakers"
        )
    of_corpora: dict[str, list[str]] = {}
    for corpus, speaker, hertz in medians:
        of_corpora.setdefault(corpus, []).append(f"{quote(speaker)}: {hertz:.17e}")
    cases = (f"WHEN {quote(corpus)} THEN MAP {{{', '.join(found)}}}[speaker]" for corpus, found in of_corpora.items())
    semitones = f"12 * log2(CASE WHEN f0_hz > 0 THEN f0_hz END / CASE corpus {' '.join(cases)} END)"
    return replace(empty, definition=semitones)
