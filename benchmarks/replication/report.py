"""What a study leaves in a folder of ``docs``: a page with a table and a plot, and all numbers as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt

PACKAGES = ("neuron-warehouse", "torch", "torchaudio", "numpy", "duckdb", "scikit-learn")


@dataclass(frozen=True)
class Page:
    """One study's page.

    Attributes:
        name: of the files.
        title: heading.
        text: paragraphs: what was done, and what came out.
        tables: (caption, columns, rows).
        chart: the plot.
        numbers: everything that was measured.
        seconds: what the study took; None when its results were there already.
    """

    name: str
    title: str
    text: Sequence[str]
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]]
    chart: alt.TopLevelMixin
    numbers: dict[str, Any]


def write(page: Page, command: str, docs: Path) -> None:
    """Write ``NAME.md``, ``NAME.png`` and ``NAME.json`` to a folder."""
    docs.mkdir(parents=True, exist_ok=True)
    facts = {"command": command, "versions": _versions(), "machine": _machine()}
    numbers = json.dumps({**facts, **page.numbers}, ensure_ascii=False, separators=(",", ":"))
    (docs / f"{page.name}.json").write_text(f"{numbers}\n")
    page.chart.save(docs / f"{page.name}.png", scale_factor=2)
    parts = [f"# {page.title}", *page.text]
    for caption, columns, rows in page.tables:
        parts += [caption, _table(columns, rows)]
    parts += [f"![{page.title}]({page.name}.png)", f"```sh\n{command}\n```"]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    parts.append(f"Measured with {versions}; {facts['machine']}. All numbers: [{page.name}.json]({page.name}.json).")
    (docs / f"{page.name}.md").write_text("\n\n".join(parts) + "\n")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _versions() -> dict[str, str]:
    return {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _machine() -> str:
    """The machine's kind: processor, cores, system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        name = found[0] if found else name
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, no GPU"
