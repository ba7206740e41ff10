"""What files say, in messages: short and on one line, whatever it is, so that no file can write to the terminal."""

from collections.abc import Sequence

MOST_SHOWN = 200
"""Characters of a name or a value."""


def shown(value: object) -> str:
    """A value as Python writes it, cut where it is long; of all but text, None, numbers and rows of them the kind."""
    row = isinstance(value, list | tuple) and len(value) <= MOST_SHOWN and all(type(x) in (int, float) for x in value)
    if value is not None and not row and not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"  # to write it out could take for ever
    try:
        return _cut(repr(value[: MOST_SHOWN + 1] if isinstance(value, str) else value))
    except ValueError:  # Python writes out no number of more than some thousand digits
        return "a number of thousands of digits"


def printable(text: str) -> str:
    """Text with all that cannot be printed, such as a new line, written as Python does; cut where it is long."""
    cut = _cut(text)
    return cut if cut.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)


def few(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(printable, names[:3])) + more


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
