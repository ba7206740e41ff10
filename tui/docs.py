"""Writes docs/cli.md, sql.md and tui.md from the code: ``python -m tui.docs``; with ``--check``, says what is stale."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from tui.cli import gathered
from tui.table import markdown_lines

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 100
_SHOWN = ("property", "neuron", "patterns", "sql", "basket", "probes")
_APP = """`neurons tui WAREHOUSE` opens it in the terminal, `neurons tui WAREHOUSE --serve` in a browser of the same
machine. It only reads the warehouse, and follows it while an ingest writes: every second it looks for new commits.
What takes time runs beside it, says so in the line above the keys, and is stopped by escape. 80 × 24 cells are enough,
more show more.

F1 shows on every screen what stands here about it. Sets and queries are kept in the user's state folder
(`$XDG_STATE_HOME`, usually `~/.local/state`), never in the warehouse. The screens:"""
_MADE = "<!-- Made by `python -m tui.docs`; edit the code instead. -->"


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    return {"cli.md": cli_page(), "sql.md": sql_page(), "tui.md": app_page()}


def cli_page() -> str:
    """Every command's help."""
    lines = [_MADE, "", "# The `neurons` command", ""]
    lines += [
        "Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 an error that the message says how"
    ]
    lines += ["to mend, 2 wrong arguments, 130 interrupted.", ""]
    for name, text in command_helps():
        lines += [f"## `{name}`", "", "```text", text, "```", ""]
    return "\n".join(lines)


def app_page() -> str:
    """What the app shows on every screen, in the words of its help."""
    from tui.app.places import PLACES
    from tui.app.screens.help import EVERYWHERE

    lines = [_MADE, "", "# The terminal app", "", _APP, ""]
    lines += [f"- **{place.title}** ({place.function_key.upper()}): {place.shows}" for place in PLACES]
    for place in PLACES:
        text = (place.screen().HELP or "").strip()
        lines += ["", *(f"#{line}" if line.startswith("#") else line for line in text.splitlines())]
        if place.name in _SHOWN:
            lines += ["", f"![{place.title}](tui/{place.name}.png)"]
    return "\n".join([*lines, "", *EVERYWHERE.strip().splitlines(), ""])


def command_helps() -> Iterator[tuple[str, str]]:
    """Every command's full name and help, groups before their commands."""
    yield from _helps(get_command(gathered()), "neurons", None)


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = typer.Context(command, info_name=name.rpartition(" ")[2], parent=parent, **settings)
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    for inner, subcommand in getattr(command, "commands", {}).items():
        yield from _helps(subcommand, f"{name} {inner}", context)


def sql_page() -> str:
    """Every table, view, macro and check of a warehouse, in the words that DuckDB shows as their comments."""
    from queries.parameters import FURTHER_PARAMETERS, LOOKUP_PARAMETERS, PARAMETERS, PROBE_PARAMETERS
    from queries.sql_files import sql_files
    from warehouse.schema import TABLES

    lines = [_MADE, "", "# The SQL surface", ""]
    lines += [
        "What `neurons sql`, `queries.connect` and `catalog.duckdb` show, in DuckDB's SQL. The same words are the"
    ]
    lines += ["`COMMENT`s of the objects (`FROM duckdb_views()`, `FROM duckdb_functions()`).", ""]
    lines += ["## Answers", "", "Each is a view, with the defaults, and a table macro of the same name:"]
    lines += ["`FROM property_neurons` and `FROM property_neurons(p_property := 'gender', p_sigma := 0.9)`.", ""]
    for file in sql_files("answers"):
        lines += _of_file(file)
    lines += [
        "## Probes",
        "",
        "What probes found ([B] §3). Each is a view and a table macro, too, but takes only what it lists:",
    ]
    lines += ["`FROM minimal_sets(p_label := 'gender', p_delta := 0.5)`.", ""]
    for file in sql_files("probes"):
        lines += _of_file(file)
    lines += ["## Lookups", "", "Table macros without a view: about what the question names, or long to answer.", ""]
    for file in sql_files("lookups"):
        lines += _of_file(file)
    lines += ["## Parameters", "", "Every answer takes them all, by name.", ""]
    lines += [*_parameters(PARAMETERS), "", "Answers that list them take these, too.", ""]
    lines += [*_parameters(FURTHER_PARAMETERS), "", "Lookups take those that they list, and these.", ""]
    lines += [*_parameters(LOOKUP_PARAMETERS), "", "Questions about probes take those that they list.", ""]
    lines += [*_parameters(PROBE_PARAMETERS), "", "## Frames", ""]
    for file in sql_files("frames"):
        lines += _of_file(file)
    late = {file.name: file for file in sql_files("gaps")}
    lines += ["## Tables", "", "Plain Parquet below `data/` in the folder of the warehouse.", ""]
    for table in TABLES.values():
        lines += [f"### `{table.name}`", "", f"One row per {table.grain}.", ""]
        kinds = [(f"`{name}`", f"`{kind}`", comment) for name, kind, comment in table.columns]
        lines += [*_table(("column", "type", "meaning"), kinds), ""]
        if table.open:
            lines += [_OPEN[table.name], ""]
        if table.name in late:
            title = late[table.name].title
            lines += [f"Also {title[:1].lower()}{title[1:]}", ""]
    lines += ["## Building blocks", "", "Macros that the answers are made of.", ""]
    for folder in ("parts", "scalars"):
        for file in sql_files(folder):
            lines += _of_file(file)
    lines += ["## Checks", "", "`neurons check` runs them; each returns the rows that break it.", ""]
    for file in sql_files("checks"):
        lines += _of_file(file)
    return "\n".join(lines).rstrip() + "\n"


_OPEN = {
    "utterances": "And every column of the corpus's metadata, under its own name.",
    "activations": "And `value` (`FLOAT`), the signed activation value, where the model was ingested with `--values`.",
}


def _of_file(file: Any) -> list[str]:
    lines = [f"### `{file.name}`", "", *file.text.splitlines(), ""]
    if file.grain:
        lines += [f"One row per {file.grain.rstrip('.').removeprefix('one row per ')}.", ""]
    if file.paper:
        lines += [f"Paper: {file.paper}", ""]
    listed = file.further_parameters if file.folder == "answers" else file.parameters
    if listed:
        said = "Parameters beside those of all answers: " if file.folder == "answers" else "Parameters: "
        lines += [said + ", ".join(f"`{name}`" for name in listed) + ".", ""]
    if file.columns:
        rows = [(f"`{name}`", meaning) for name, meaning in file.columns.items()]
        lines += [*_table(("column", "meaning"), rows), ""]
    return lines


def _parameters(named: dict[str, Any]) -> list[str]:
    rows = [(f"`{name}`", f"`{found.default}`", found.meaning) for name, found in named.items()]
    return _table(("parameter", "default", "meaning"), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return list(markdown_lines(header, ["VARCHAR"] * len(header), rows))


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or check them.

    Returns:
        Exit code: 1 when ``--check`` finds a stale page.
    """
    parser = argparse.ArgumentParser(prog="python -m tui.docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    parser.add_argument("--to", type=Path, default=DOCS, help="folder of the pages")
    options = parser.parse_args(arguments)
    stale = 0
    for name, text in pages().items():
        path = options.to / name
        old = path.read_text(encoding="utf-8") if path.is_file() else ""
        if old == text:
            continue
        if options.check:
            stale = 1
            print(f"{path}: stale; run python -m tui.docs", file=sys.stderr)
            sys.stderr.writelines(list(unified_diff(old.splitlines(True), text.splitlines(True), "there", "now"))[:40])
        else:
            options.to.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path)
    return stale


if __name__ == "__main__":
    sys.exit(main())
