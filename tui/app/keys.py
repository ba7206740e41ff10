"""Keys of vi, for whatever moves a cursor over rows and columns."""

from textual.binding import Binding

VI_KEYS = [
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
    Binding("h", "cursor_left", "Left", show=False),
    Binding("l", "cursor_right", "Right", show=False),
    Binding("g", "scroll_top", "First row", show=False),
    Binding("G", "scroll_bottom", "Last row", show=False),
    Binding("ctrl+d", "page_down", "Page down", show=False),
    Binding("ctrl+u", "page_up", "Page up", show=False),
    Binding("0,circumflex_accent", "scroll_home", "First column", show=False),
    Binding("dollar_sign", "scroll_end", "Last column", show=False),
]
