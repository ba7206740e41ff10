"""The screen of this place; what stands on it comes with the next commits."""

from tui.app.screen import WarehouseScreen


class SqlScreen(WarehouseScreen):
    """Empty yet."""

    NAME = "sql"
