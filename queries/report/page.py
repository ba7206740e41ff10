"""A report as one HTML file that needs nothing else: no server, no network, no further file."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import count
from typing import Any

from queries.report.parts import Figure, Gallery, Section, Source, Table
from queries.report.tables import inline, table_html

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="neuron-warehouse">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div class="page">"""


@dataclass
class _Numbers:
    """What has been numbered so far, and the charts that the script draws."""

    sections: int = 0
    figures: int = 0
    specs: list[str] = field(default_factory=list)


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The whole page.

    What comes from a warehouse is text to it: names are escaped, and the policy of the page runs no script but the
    two that it was made with, known by their digests, and lets nothing be fetched or sent.

    Args:
        title: heading of the page.
        lead: a line below it.
        sections: what it says, in order.
    """
    bundle, script = _bundle(), _asset("script.js")
    allowed = " ".join(f"'sha256-{_digest(text)}'" for text in (bundle, script))
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    numbers = _Numbers()
    body = [line for section in sections for line in _section(section, numbers)]
    lines = [_HEAD.format(policy=policy, title=escape(title), style=_asset("style.css"))]
    lines += _contents(sections)
    lines += ["<main>", f"<h1>{escape(title)}</h1>", f'<p class="lead">{inline(lead)}</p>']
    lines += ["<noscript><p>The charts and the sorting of tables need JavaScript; the tables do not.</p></noscript>"]
    lines += [*body, "</main>", "</div>", *numbers.specs]
    lines += [f"<script>{bundle}</script>", f"<script>{script}</script>", "</body>", "</html>", ""]
    return "\n".join(lines)


def embedded(value: Any) -> str:
    """JSON that no text in it can end: HTML looks for its tags in scripts too."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("queries").joinpath("report", name).read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed in the version whose charts Altair writes."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.split(".")[:2])
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version).replace("</script", "<\\/script")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _contents(sections: Sequence[Section]) -> Iterator[str]:
    yield '<nav aria-label="Contents"><h2>Contents</h2>'
    yield from _entries(sections, count(1), 2)
    yield "</nav>"


def _entries(sections: Sequence[Section], numbers: Iterator[int], depth: int) -> Iterator[str]:
    """Links to sections, and below them to those within; deeper ones are numbered too, as they stand on the page."""
    entries = []
    for section in sections:
        number = next(numbers)
        inner = list(_entries([part for part in section.parts if isinstance(part, Section)], numbers, depth - 1))
        entries += [f'<li><a href="#s{number}">{escape(section.title)}</a>', *inner, "</li>"]
    if entries and depth > 0:
        yield from ("<ol>", *entries, "</ol>")


def _section(section: Section, numbers: _Numbers, level: int = 2) -> Iterator[str]:
    numbers.sections += 1
    yield f'<section><h{level} id="s{numbers.sections}">{escape(section.title)}</h{level}>'
    for paragraph in section.text:
        yield f"<p>{inline(paragraph)}</p>"
    for part in section.parts:
        if isinstance(part, Section):
            yield from _section(part, numbers, level + 1)
        elif isinstance(part, Gallery):
            yield '<div class="gallery">'
            for figure in part.figures:
                yield from _figure(figure, numbers)
            yield "</div>"
        elif isinstance(part, Figure):
            yield from _figure(part, numbers)
        else:
            yield from _table(part)
    yield "</section>"


def _figure(figure: Figure, numbers: _Numbers) -> Iterator[str]:
    numbers.figures += 1
    name = f"chart-{numbers.figures}"
    yield f'<figure aria-labelledby="{name}-caption">'
    if figure.spec is not None:
        yield f'<div class="chart" id="{name}" data-spec="{name}-spec"></div>'
        spec = f'<script type="application/json" id="{name}-spec">{embedded(figure.spec)}</script>'
        numbers.specs.append(spec)
    yield f'<figcaption class="caption" id="{name}-caption">'
    yield f"<b>Figure {numbers.figures}.</b>{inline(figure.caption)}</figcaption>"
    for note in figure.notes:
        yield f'<p class="note">{inline(note)}</p>'
    yield _code(figure.source)
    if figure.table is not None:
        yield from _table(figure.table)
    yield "</figure>"


def _table(table: Table) -> Iterator[str]:
    yield from table_html(table, _code(table.source))


def _code(source: Source) -> str:
    """What made it, folded up, with buttons that copy it."""
    blocks = [("sql", text) for text in source.sql] + ([("python", source.python)] if source.python else [])
    if not blocks:
        return ""
    what = " and ".join(name for name, there in (("Python", source.python), ("SQL", source.sql)) if there)
    lines = [f'<details class="source"><summary>{what}</summary>']
    for language, text in blocks:
        lines += ['<div class="code"><button type="button" class="copy">Copy</button>']
        lines += [f'<pre><code class="language-{language}">{escape(text.strip())}</code></pre></div>']
    return "\n".join([*lines, "</details>"])
