"""Colours that mean something: groups told apart on dark and on light ground, probabilities by their shade."""

from typing import Any

_ON_DARK = ("#56b4e9", "#e69f00", "#cc79a7", "#33c19b", "#f0e442", "#ff7f50", "#a99cff", "#c8c8c8")
_ON_LIGHT = ("#00599c", "#b36b00", "#a6457b", "#00745a", "#7a6a00", "#c23b00", "#5b3fc4", "#5a5a5a")

MOST_GROUPS = len(_ON_DARK)
"""Groups that are told apart; of more, only their union is drawn."""

BLOCKS = "█▓▒░▚▞#+"
"""What bars of groups are filled with where there is no colour."""

MARKS = "●◆■▲○◇□△"
"""A mark for each group, so that colour is not all that tells their points apart."""

_SHADES_ON_DARK = ("#1c2430", "#1f3d5c", "#1f6a93", "#2aa198", "#9fcf5a", "#f7e463")
_SHADES_ON_LIGHT = ("#f4f4ec", "#cfe3d4", "#8cc6b8", "#3f97ab", "#2a6191", "#2b2f6b")


def group_colours(n: int, dark: bool) -> list[str]:
    """Colours of n groups, for a dark or a light ground; they repeat after eight."""
    colours = _ON_DARK if dark else _ON_LIGHT
    return [colours[place % len(colours)] for place in range(n)]


def shade(share: float, dark: bool) -> str:
    """Colour of a share between 0, near the ground, and 1, far from it; lightness moves one way alone."""
    stops = _SHADES_ON_DARK if dark else _SHADES_ON_LIGHT
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    lower = min(int(place), len(stops) - 2)
    part = place - lower
    pairs = zip(_channels(stops[lower]), _channels(stops[lower + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    shares = (channel / 255 for channel in _channels(colour))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    # The relative luminance of WCAG; above this one black has the larger contrast.
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def is_plain(app: Any) -> bool:
    """Whether an app draws without colour, because the user or the terminal says so."""
    return bool(app.no_color) or app.console.color_system is None
