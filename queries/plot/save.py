"""Writes a chart to a file; the suffix says what kind."""

import os
from pathlib import Path
from typing import Any

from warehouse.durable import whole_file
from warehouse.errors import QueryError

PPI = 200
"""Pixels per inch of a PNG unless others are asked for: sharp on screens; 300 and more for print."""

SUFFIXES = (".png", ".svg", ".pdf", ".html", ".json")


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a file that a chart can be written to.

    Raises:
        QueryError: the suffix says no format.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise QueryError(f"{path}: the suffix says no format of a picture; give one of {', '.join(SUFFIXES)}")
    return suffix


def save(chart: Any, path: str | os.PathLike[str], *, ppi: int = PPI) -> None:
    """Write a chart to a file, whole or not at all.

    Args:
        chart: what :func:`~queries.plot.chart` returned, as it is or changed; any other chart of Altair.
        path: ``.png``; ``.svg``; ``.pdf``; ``.html``, interactive and with everything inside, so that it opens
            without a network; ``.json``, the chart's Vega-Lite with its data. A file that is there is replaced.
        ppi: pixels per inch of a PNG; the figures' own unit is 1/72 inch.

    Raises:
        QueryError: the suffix says no format, or ``ppi`` is none.
        OSError: the file cannot be written.
    """
    suffix = check_suffix(path)
    if not 36 <= ppi <= 1200:
        raise QueryError(f"ppi: {ppi} pixels per inch make no picture; give 36 to 1200, such as 300 for print")
    content = _content(chart, suffix, ppi)
    with whole_file(Path(path)) as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))


def _content(chart: Any, suffix: str, ppi: int) -> bytes | str:
    if suffix == ".json":
        return str(chart.to_json(indent=None))
    if suffix == ".html":
        actions = {"export": True, "source": False, "compiled": False, "editor": False}  # the editor is on the network
        return str(chart.to_html(inline=True, embed_options={"actions": actions, "renderer": "svg"}))
    import vl_convert

    spec, version = chart.to_dict(), _version()
    if suffix == ".svg":
        return str(vl_convert.vegalite_to_svg(spec, vl_version=version))
    if suffix == ".pdf":
        return bytes(vl_convert.vegalite_to_pdf(spec, vl_version=version))
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=version, ppi=ppi))


def _version() -> str:
    """Version of Vega-Lite that Altair writes, as vl-convert names it."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
