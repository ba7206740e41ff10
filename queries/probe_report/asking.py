"""Questions of a report on probes: SQL from a file each, about the probes of the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from queries.probe_report.chosen import Chosen
from queries.report.parts import Source
from queries.sql_files import SqlFile, parse, sql_files
from warehouse.properties import quote

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Answer:
    """What a question gave.

    Attributes:
        frame: all rows; shares from 0 to 1.
        source: the question as ``neurons sql`` takes it.
        title: what the rows are.
        meanings: what the columns hold.
    """

    frame: "polars.DataFrame"
    source: Source
    title: str
    meanings: Mapping[str, str]


def ask(chosen: Chosen, name: str) -> Answer:
    """The answer to a question about the probes of a report.

    Args:
        chosen: the probes.
        name: of the file; ``$probes`` in it lists their identifiers, and what is written for each model is so for
            those whose feed-forward neurons were probed: neurons of properties are found once for all labels.
    """
    file = _file(name)
    listed = ", ".join(quote(one.probe) for one in chosen.probes)
    models = dict.fromkeys(one.model for one in chosen.of_kind("ffn"))
    text = file.with_places({"probes": listed}, ({"model": quote(model)} for model in models))
    title = file.text.replace("\n\n", " ").replace("\n", " ")
    return Answer(chosen.con.sql(text).pl(), Source((text,)), title, {**_known_columns(), **file.columns})


@cache
def _file(name: str) -> SqlFile:
    content = files("queries").joinpath("probe_report", "sql", f"{name}.sql").read_text(encoding="utf-8")
    return parse(name, "probe_report", content)


@cache
def _known_columns() -> dict[str, str]:
    return {
        column: meaning
        for folder in ("lookups", "probes")
        for file in sql_files(folder)
        for column, meaning in file.columns.items()
    }
