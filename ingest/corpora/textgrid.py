"""Praat TextGrids as the Montreal Forced Aligner writes them: long or short form, UTF-8 or UTF-16.

Praat defines both forms by the same free-standing numbers and quoted strings; everything between them
(``xmin =``, ``intervals [3]:``) is decoration. One tokeniser therefore reads both.
"""

import re
from pathlib import Path
from sys import intern
from typing import NamedTuple

from ingest.corpora.encoding import decode, read_bytes
from ingest.corpora.intervals import Interval, in_order, with_words
from ingest.corpora.times import micros
from warehouse.errors import CorpusError

_TOKEN = re.compile(r'"[^"]*(?:""[^"]*)*"|![^\n]*|[^\s"]+')
_FREE_STANDING = frozenset('"-+.<0123456789')  # how strings, numbers and flags begin
_PHONE_TIER = re.compile(r"(?:(?P<speaker>.*\S)\s*-\s*)?(?:phones?|phonemes?)", re.IGNORECASE | re.DOTALL)
_WORD_TIER = re.compile(r"(?:(?P<speaker>.*\S)\s*-\s*)?words?", re.IGNORECASE | re.DOTALL)


class Tier(NamedTuple):
    """An interval tier: its name and its intervals, in the file's order."""

    name: str
    intervals: list[Interval]


def read_textgrid(path: Path, tier: str | None = None) -> list[Interval]:
    """The phone intervals of a TextGrid file; `parse_textgrid` says how the tier is found."""
    return parse_textgrid(read_bytes(path), str(path), tier)


def parse_textgrid(data: bytes, where: str, tier: str | None = None) -> list[Interval]:
    """The intervals of the phone tier, each with the word that the word tier has at its midpoint.

    The phone tier is the one called ``phones`` or ``phone`` (or phonemes), alone or after a speaker, as
    in ``"speaker - phones"``; its words are in the tier of the same speaker called ``words``.

    Args:
        data: the bytes of the file.
        where: the file's name, for messages.
        tier: the phone tier's name, for files whose phone tier is called otherwise or that hold several.

    Returns:
        The intervals in order, silence included.

    Raises:
        CorpusError: no TextGrid, one that ends early, no phone tier or several, no or overlapping intervals.
    """
    tiers = parse_tiers(decode(data, where), where)
    phones = _phone_tier(tiers, tier, where)
    if not phones.intervals:
        raise CorpusError(f"{where}: tier {phones.name!r} has no intervals; align the utterance or remove the file")
    ordered = in_order(phones.intervals, f"{where}: tier {phones.name!r}", "interval")
    words = _word_tier(tiers, phones)
    return with_words(ordered, words.intervals) if words else ordered


def parse_tiers(text: str, where: str) -> list[Tier]:
    """Every interval tier of a TextGrid's text, long or short form; point tiers are passed over.

    Raises:
        CorpusError: the text is no TextGrid, or ends early.
    """
    tokens = [token for token in _TOKEN.findall(text) if token[0] in _FREE_STANDING]
    if tokens[:2] != ['"ooTextFile"', '"TextGrid"']:
        raise CorpusError(f'{where}: is no TextGrid (it must begin with "ooTextFile" and "TextGrid"); save it as one')
    if tokens[4:5] != ["<exists>"]:
        return []
    tiers: list[Tier] = []
    at, number = 6, 0
    try:
        for number in range(1, int(tokens[5]) + 1):  # noqa: B007 - named in the message
            kind, name, size = tokens[at], tokens[at + 1], int(tokens[at + 4])
            at += 5
            if size < 0:
                raise ValueError(size)
            if kind == '"TextTier"':
                at += 2 * size
                continue
            end = at + 3 * size
            if kind != '"IntervalTier"' or end > len(tokens):
                raise ValueError(kind)
            tiers.append(Tier(_string(name), _intervals(tokens[at:end])))
            at = end
    except (ValueError, IndexError):
        raise CorpusError(f"{where}: ends early or is damaged in tier {number}; make the file again") from None
    return tiers


def _intervals(tokens: list[str]) -> list[Interval]:
    """The intervals of a tier's tokens, ``start end "text"`` again and again; ValueError when they are not."""
    starts, ends, texts = tokens[0::3], tokens[1::3], tokens[2::3]
    if any(text[0] != '"' for text in texts):
        raise ValueError("an interval has no text")
    return [
        Interval(micros(start), micros(end), _string(text), place)
        for place, (start, end, text) in enumerate(zip(starts, ends, texts, strict=True), start=1)
    ]


def _string(token: str) -> str:
    return intern(token[1:-1].replace('""', '"').strip())  # phones and words come again and again


def _phone_tier(tiers: list[Tier], wanted: str | None, where: str) -> Tier:
    names = ", ".join(repr(tier.name) for tier in tiers) or "none"
    if wanted is not None:
        exact = [tier for tier in tiers if tier.name == wanted]
        found = exact or [tier for tier in tiers if tier.name.casefold() == wanted.casefold()]
        if not found:
            raise CorpusError(f"{where}: has no interval tier {wanted!r}; its interval tiers: {names}")
        return found[0]
    found = [tier for tier in tiers if _PHONE_TIER.fullmatch(tier.name)]
    if not found:
        raise CorpusError(
            f"{where}: has no tier called phones; its interval tiers: {names}; say which with tier=… (--tier)"
        )
    if len(found) > 1:
        names = ", ".join(repr(tier.name) for tier in found)
        raise CorpusError(f"{where}: has several phone tiers: {names}; say which with tier=… (--tier)")
    return found[0]


def _word_tier(tiers: list[Tier], phones: Tier) -> Tier | None:
    named = _PHONE_TIER.fullmatch(phones.name)
    speaker = named["speaker"] if named else None
    for tier in tiers:
        match = _WORD_TIER.fullmatch(tier.name)
        if match and match["speaker"] == speaker:
            return tier
    return None
