"""Python calls as a reader types them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from queries.report.scope import Scope


def python_call(module: str, function: str, *arguments: Any, **options: Any) -> str:
    """Import and call of an analysis on an open connection ``con``; options that are None are left out."""
    return f"from {module} import {function}\n\n{function}({_arguments(arguments, options)})"


def call_for_each(module: str, function: str, names: Sequence[str], *arguments: Any, **options: Any) -> str:
    """The same for each of some properties, as one table."""
    call = f"{function}({', '.join(['con', 'name', *map(repr, arguments), *_parts(options)])})"
    imports = f"import polars\nfrom {module} import {function}"
    return f"{imports}\n\npolars.concat({call} for name in {list(names)!r})"


def report_call(scope: Scope) -> str:
    """The call that makes the same report again."""
    options = {
        "models": list(scope.models),
        "properties": list(scope.properties),
        "twin": scope.twin,
        **asdict(scope.settings),
        **scope.parameters,
    }
    opened = f"with connect({scope.con.snapshot.layout.root.name!r}) as con:"
    call = f'    write_report(con, "report.html", {_written(options)})'
    return f"from queries import connect\nfrom queries.report import write_report\n\n{opened}\n{call}"


def _arguments(arguments: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    return ", ".join(["con", *map(repr, arguments), *([_written(options)] if options else [])])


def _written(options: Mapping[str, Any]) -> str:
    return ", ".join(_parts(options))


def _parts(options: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value!r}" for name, value in options.items() if value is not None]
