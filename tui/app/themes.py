"""The two themes of the app; Textual's own can be chosen in the palette."""

from textual.theme import Theme

DARK = Theme(
    name="neurons-dark",
    primary="#4aa8d8",
    secondary="#8f9bb3",
    accent="#e6a23c",
    foreground="#e4e8ee",
    background="#10151c",
    surface="#161d27",
    panel="#1f2935",
    success="#3fb68b",
    warning="#e6a23c",
    error="#e0605e",
    dark=True,
)

LIGHT = Theme(
    name="neurons-light",
    primary="#00599c",
    secondary="#52606d",
    accent="#9a5b00",
    foreground="#1b222b",
    background="#fbfbf8",
    surface="#f2f2ec",
    panel="#e3e5e3",
    success="#00745a",
    warning="#9a5b00",
    error="#b3261e",
    dark=False,
)


def code_theme(dark: bool) -> str:
    """Name of the colours of code, of those that Textual's editor has, for a dark or a light ground."""
    return "vscode_dark" if dark else "github_light"


def names() -> list[str]:
    """Every theme that the app knows."""
    from textual.theme import BUILTIN_THEMES

    return sorted({DARK.name, LIGHT.name, *BUILTIN_THEMES})
