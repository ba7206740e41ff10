"""A text area whose text is SQL."""

from typing import Any

from textual.widgets import TextArea

from tui.app.themes import code_theme
from tui.app.widgets.sql_colours import spans


class SqlArea(TextArea):
    """A text area that colours SQL, and follows the theme of the app."""

    def on_mount(self) -> None:
        """Take the colours of the theme, and of each that follows."""
        self._follow_theme()
        self.app.theme_changed_signal.subscribe(self, self._follow_theme)

    def _follow_theme(self, _: Any = None) -> None:
        self.theme = code_theme(self.app.current_theme.dark)

    def _build_highlight_map(self) -> None:
        """Colour the text anew; Textual calls this after every change of it."""
        self._line_cache.clear()
        self._highlights.clear()
        for row, found in spans(self.text).items():
            self._highlights[row].extend(found)
