"""The colours of SQL in an editor: by DuckDB's own tokens, for the grammar of Textual's editor knows another SQL."""

from collections import defaultdict
from itertools import pairwise

from queries.sql_editing.tokens import Token, tokens

Span = tuple[int, int | None, str]
"""First byte and the byte after the last one in a line, None = to its end, and the name of the colour."""

_COLOURS = {"keyword": "keyword", "string": "string", "number": "number", "comment": "comment"}


def spans(text: str) -> dict[int, list[Span]]:
    """Line from 0 -> what is coloured in it.

    Args:
        text: SQL, also while it is being written.
    """
    found: dict[int, list[Span]] = defaultdict(list)
    starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    row = 0
    for token, after in pairwise([*tokens(text), Token("symbol", "", len(text))]):
        colour = "function" if token.kind == "name" and after.text == "(" else _COLOURS.get(token.kind)
        if colour is None:
            continue
        while row + 1 < len(starts) and starts[row + 1] <= token.start:
            row += 1
        first = len(text[starts[row] : token.start].encode())
        lines = token.text.split("\n")
        for number, line in enumerate(lines):
            begin = 0 if number else first
            end = begin + len(line.encode()) if number == len(lines) - 1 else None
            found[row + number].append((begin, end, colour))
    return dict(found)
