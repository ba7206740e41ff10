"""The SQL objects of the query interface, read from one file each.

A file is named like its object. It opens with a comment of title, meaning, grain, source and parameters, which
becomes the object's ``COMMENT`` and the documentation; the rest is one SELECT or one expression. What stands between
the lines ``-- for each THING`` and ``-- end`` is written once for every thing, with its ``$names`` replaced.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from queries.parameters import ALL_PARAMETERS, PARAMETERS
from warehouse.properties import frame_facts_sql

FOLDERS = ("scalars", "frames", "gaps", "parts", "answers", "probes", "lookups", "checks")
TABLE_MACROS = ("parts", "answers", "probes", "lookups")
VIEWED = ("answers", "probes")
ASKED = (*VIEWED, "lookups")
_SECTIONS = ("Grain", "Paper", "Source", "Needs", "Parameters", "Columns", "Types")
_REPEATED = re.compile(r"^ *-- for each .*?\n(.*?)^ *-- end$", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"\$([a-z_]+)")
_WORD = re.compile(r"\w+")

Replacements = Mapping[str, str]


@dataclass(frozen=True)
class SqlFile:
    """An SQL object as its file says it.

    Attributes:
        name: name of the object.
        folder: one of ``FOLDERS``: scalar macros, views of frames, counts of what was not counted in time, table
            macros that answers are made of, answers and what probes say (each a view and a macro of one name),
            lookups (macros that have no view), invariants.
        text: title and meaning.
        grain: what a row stands for.
        paper: where the method says it.
        parameters: names of the macro's parameters; of an answer those of all answers, and what its file lists.
        columns: what each column of the result holds, where the file says so.
        types: types of the columns of the result, where the file says so.
        needs: table without whose rows there is no result, where the file says so.
        body: SELECT or expression, with what it repeats.
    """

    name: str
    folder: str
    text: str
    grain: str
    paper: str
    parameters: tuple[str, ...]
    columns: Mapping[str, str]
    types: Mapping[str, str]
    needs: str
    body: str

    @property
    def title(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0]

    @property
    def comment(self) -> str:
        """Everything that the file says of the object, for ``COMMENT ON``."""
        lines = [self.text]
        lines += [f"{label}: {said}" for label, said in (("Grain", self.grain), ("Paper", self.paper)) if said]
        known = [(name, ALL_PARAMETERS[name]) for name in self.parameters if name in ALL_PARAMETERS]
        lines += [f"{name} := {parameter.default}: {parameter.meaning}" for name, parameter in known]
        return "\n".join(lines)

    @property
    def further_parameters(self) -> tuple[str, ...]:
        """Those that not every answer takes."""
        return tuple(name for name in self.parameters if name not in PARAMETERS)

    @property
    def outline(self) -> str:
        """SELECT without rows of the same columns, for views that are made before it."""
        columns = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in self.types.items())
        return f"SELECT {columns} WHERE false"

    def sql(self, things: Iterable[Replacements] = ()) -> str:
        """The body, with what it repeats written once for each of some things."""
        listed = list(things)
        return _REPEATED.sub(lambda found: "\n".join(_replaced(found[1], thing) for thing in listed), self.body)

    def with_places(self, values: Replacements, things: Iterable[Replacements] = ()) -> str:
        """The body with its ``$names`` replaced, and what it repeats written once for each of some things."""
        kept = {name: f"${name}" for name in values}
        return _replaced(self.sql({**kept, **thing} for thing in things), values)


def _replaced(text: str, values: Replacements) -> str:
    return _PLACE.sub(lambda place: values[place[1]], text)


def parse(name: str, folder: str, content: str) -> SqlFile:
    """Read the content of a file.

    Raises:
        ValueError: the file does not open with a title.
    """
    lines = content.strip().split("\n")
    n_comment = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    sections: dict[str, list[str]] = {"text": []}
    current = "text"
    for line in (line.removeprefix("--").removeprefix(" ") for line in lines[:n_comment]):
        label, colon, rest = line.partition(":")
        if colon and label in _SECTIONS:
            current = label
            sections[current] = [rest.strip()] if rest.strip() else []
        else:
            sections[current].append(line.rstrip())
    text = "\n".join(sections["text"]).strip()
    if not text:
        raise ValueError(f"{folder}/{name}.sql: begin with a comment that says what it is")
    columns = (line.strip().partition(": ") for line in sections.get("Columns", ()) if line.strip())
    types = (entry.split(maxsplit=1) for entry in " ".join(sections.get("Types", ())).split(",") if entry.strip())
    parameters = " ".join(sections.get("Parameters", ())).replace(",", " ").split()
    return SqlFile(
        name,
        folder,
        text,
        " ".join(sections.get("Grain", ())),
        " ".join(sections.get("Paper", sections.get("Source", ()))),
        tuple(dict.fromkeys([*PARAMETERS, *parameters] if folder == "answers" else parameters)),
        {column: meaning for column, _, meaning in columns},
        {column: kind for column, kind in types},  # noqa: C416
        " ".join(sections.get("Needs", ())),
        "\n".join(lines[n_comment:]).strip(),
    )


@cache
def sql_files(folder: str) -> tuple[SqlFile, ...]:
    """The objects of a folder, each after those that it uses; ``frame_facts`` comes from where it is defined."""
    found = [
        parse(path.name.removesuffix(".sql"), folder, path.read_text(encoding="utf-8"))
        for path in files("queries").joinpath("sql", folder).iterdir()
        if path.name.endswith(".sql")
    ]
    if folder == "frames":
        found.append(parse("frame_facts", folder, frame_facts_sql()))
    return tuple(_in_order(sorted(found, key=lambda file: file.name)))


def _in_order(objects: Sequence[SqlFile]) -> Iterator[SqlFile]:
    """Objects after those that they use: DuckDB looks up names when it creates a macro."""
    waiting = list(objects)
    while waiting:
        names = {file.name for file in waiting}
        ready = [file for file in waiting if not set(_WORD.findall(file.body)) & names - {file.name}]
        if not ready:
            raise ValueError(f"{', '.join(sorted(names))} use each other")
        yield from ready
        waiting = [file for file in waiting if file not in ready]
