"""Every screen as it looks: dark and light, small and wide, over a small fixed warehouse.

After a change that is meant to be seen, look at the pictures and take them as the new ones:
``pytest tests/tui/app/test_pictures.py --snapshot-update``.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.widgets import Input, TextArea

from tui.app.places import PLACES

Drive = Callable[..., None]

SIZES = ((80, 24), (132, 40))
THEMES = ("neurons-dark", "neurons-light")


class Picture(SingleFileSnapshotExtension):
    """One SVG file a picture."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


def picture(app: Any) -> str:
    """The screen as SVG, without the fonts that it would fetch from elsewhere, and no query took any time."""
    svg = app.export_screenshot(simplify=True)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "terminal", svg)  # the number depends on all the text
    svg = re.sub(r"\d+\.\d(&#160;KiB)", r"100.0\1", svg)  # names of folders are in the files
    return re.sub(r"\d+\.\d+(&#160;s)\b", r"0.00\1", svg)


def test_the_screens_look_as_they_did(probed: Path, drive: Drive, settled: Any, snapshot: SnapshotAssertion) -> None:
    pictures: dict[str, str] = {}

    async def take(app: Any, pilot: Any, name: str) -> None:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            for theme in THEMES:
                app.theme = theme
                for field in app.screen.query("Input, TextArea"):
                    assert isinstance(field, Input | TextArea)
                    field.cursor_blink = False
                await pilot.pause(0.1)
                await settled(app, pilot)
                pictures[f"{name}-{size[0]}x{size[1]}-{theme.removeprefix('neurons-')}"] = picture(app)
        await pilot.resize_terminal(*SIZES[0])

    async def steps(app: Any, pilot: Any) -> None:
        app.animation_level = "none"
        app.choose(property="gender", layer=3, neuron=8)
        for place in PLACES:
            app.action_open(place.name)
            await settled(app, pilot)
            if place.name == "sql":
                app.place.take_query("FROM property_neurons(p_property := 'gender', p_layer := 3) ORDER BY ALL")
                await pilot.press("ctrl+j")
                await settled(app, pilot)
            await take(app, pilot, place.name)
        await pilot.press("f1")
        await pilot.pause()
        await take(app, pilot, "help")

    drive(probed, steps, size=SIZES[0], theme=THEMES[0])
    for name, svg in pictures.items():
        assert svg == snapshot(name=name, extension_class=Picture)
