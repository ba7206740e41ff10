"""The screen of this place; what stands on it comes with the next commits."""

from tui.app.screen import WarehouseScreen


class PatternsScreen(WarehouseScreen):
    """Empty yet."""

    NAME = "patterns"
