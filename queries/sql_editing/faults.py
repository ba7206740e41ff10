"""Where in a query DuckDB's error message points."""

import re
import unicodedata
from dataclasses import dataclass

_POINTED = re.compile(r"^(LINE (\d+): )(.*)\n( *)(\^+)", re.MULTILINE)
_CUT = "..."


@dataclass(frozen=True)
class Fault:
    """The part of a query that an error is about.

    Attributes:
        start: place of its first character, from 0.
        end: the place after its last.
    """

    start: int
    end: int


def fault_of(message: str, query: str) -> Fault | None:
    """The part of a query that the carets below a message's ``LINE`` underline.

    Args:
        message: as DuckDB says it, with the line that it quotes and the carets.
        query: the text that was asked.

    Returns:
        The part, or None where the message points at nothing in the query.
    """
    found = None
    for found in _POINTED.finditer(message):  # noqa: B007  # the last one, after what a macro's own text quotes
        pass
    if found is None:
        return None
    label, number, quoted, indent, carets = found.groups()
    lines = query.split("\n")
    if not 0 < int(number) <= len(lines):
        return None
    before = sum(len(line) + 1 for line in lines[: int(number) - 1])
    line = lines[int(number) - 1]
    left = line.find(quoted.removeprefix(_CUT).removesuffix(_CUT)) if line != quoted else 0
    if left < 0:
        return None
    cut = len(_CUT) if line != quoted and quoted.startswith(_CUT) else 0
    width = len(indent) - len(label)
    first = _characters(quoted, width)
    last = _characters(quoted, width + len(carets))
    return Fault(*(before + min(left + max(at - cut, 0), len(line)) for at in (first, max(last, first + 1))))


def _characters(text: str, width: int) -> int:
    """How many characters of a text come before a column of the terminal."""
    at = 0
    for number, character in enumerate(text):
        if at >= width and _width(character):
            return number
        at += _width(character)
    return len(text)


def _width(character: str) -> int:
    """Columns that DuckDB takes a character for."""
    if character.isascii():
        return int(character.isprintable())
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:  # it joins the character before
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def narrowed(message: str, width: int) -> str:
    """A message whose quoted line fits a width, cut around the carets, so that these stay below what they mean."""
    found = list(_POINTED.finditer(message))
    if not found or len(found[-1][3]) + len(found[-1][1]) <= width:
        return message
    label, _, quoted, indent, carets = found[-1].groups()
    room = max(width - len(label), 8)
    at = _characters(quoted, len(indent) - len(label))
    left = max(0, min(at - room // 3, len(quoted) - room))
    cut = ("…" if left else "") + quoted[left + bool(left) :]
    shown = cut if len(cut) <= room else f"{cut[: room - 1]}…"
    before = sum(map(_width, shown[: at - left]))
    pointed = " " * (len(label) + before) + carets[: max(1, room - before)]
    return f"{message[: found[-1].start()]}{label}{shown}\n{pointed}{message[found[-1].end() :]}"
