"""Questions of a report: SQL from a file each, with the models, properties and parameters of the report in it."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from queries.report.parts import Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of
from queries.sql_files import SqlFile, parse, sql_files
from warehouse.properties import quote

if TYPE_CHECKING:
    import polars


class _Places(dict[str, str]):
    """Values of the ``$names`` of a file; the name of a macro stands for its call."""

    def __init__(self, scope: Scope, values: Mapping[str, str]) -> None:
        models, properties = _listed(scope.models), _listed(scope.properties)
        corpus = scope.parameters.get("p_corpus")
        heard = (
            "SELECT c.corpus FROM utterances AS c SEMI JOIN recordings AS r ON c.utterance_id = r.utterance_id "
            f"AND r.model IN ({models})"
        )
        super().__init__(
            {
                "models": models,
                "properties": properties,
                "of_models": f"m.model IN ({models})",
                "of_properties": f"property IN ({properties})",
                "of_corpora": f"u.corpus = {quote(str(corpus))}" if corpus is not None else f"u.corpus IN ({heard})",
                "of_counted_corpora": f"m.corpus = {quote(str(corpus))}" if corpus is not None else "true",
                "z": repr(float(scope.parameters.get("p_z", 0)) or 1.96),
                **values,
            }
        )
        self._scope = scope

    def __missing__(self, macro: str) -> str:
        return self._scope.call(macro)


def ask(scope: Scope, name: str, **values: str) -> tuple["polars.DataFrame", str]:
    """The answer to a question, and the question as ``neurons sql`` takes it.

    Args:
        scope: what the report is about.
        name: of the file.
        **values: of further ``$names`` in it.
    """
    text = question(scope, name, **values)
    return scope.con.sql(text).pl(), text


def question(scope: Scope, name: str, **values: str) -> str:
    """A question as ``neurons sql`` takes it, not asked yet."""
    return _file(name).with_places(_Places(scope, values))


def asked_table(scope: Scope, name: str, *, empty: str = "There is nothing to list.", folded: bool = False) -> Table:
    """The answer to a question as a table of the page, with the words of its file."""
    frame, text = ask(scope, name)
    return table_of(
        title(name), shown(scope, frame), Source((text,)), meanings=meanings(name), empty=empty, folded=folded
    )


def group_numbers(scope: Scope) -> dict[str, int]:
    """Groups of each property that has any, in the order of the report."""
    found, _ = ask(scope, "group_numbers")
    numbers = dict(zip(found["property"], found["n_groups"], strict=True))
    return {name: numbers[name] for name in scope.properties if name in numbers}


def layer_numbers(scope: Scope) -> list[int]:
    """Layers of the models."""
    found, _ = ask(scope, "layer_numbers")
    return list(found["layer"])


def spread(layers: Sequence[int], most: int) -> list[int]:
    """At most some of the layers, evenly, the first and the last among them."""
    n = len(layers)
    return list(layers) if n <= most else [layers[i * (n - 1) // (most - 1)] for i in range(most)]


def shown(scope: Scope, frame: "polars.DataFrame") -> "polars.DataFrame":
    """Rows as a section shows them: without the model in the section of a model."""
    return frame.drop("model", strict=False) if scope.of_one_model else frame


def title(name: str) -> str:
    """What the answer to a question is."""
    return _file(name).text.replace("\n\n", " ").replace("\n", " ")


def meanings(name: str) -> Mapping[str, str]:
    """What the columns of an answer hold."""
    return {**_known_columns(), **_file(name).columns}


def literals(*values: str | int) -> str:
    """``('a', 1)``."""
    return f"({', '.join(quote(value) if isinstance(value, str) else str(value) for value in values)})"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(quote, names))


@cache
def _file(name: str) -> SqlFile:
    return parse(name, "report", files("queries").joinpath("report", "sql", f"{name}.sql").read_text(encoding="utf-8"))


@cache
def _known_columns() -> dict[str, str]:
    return {column: meaning for file in sql_files("answers") for column, meaning in file.columns.items()}
