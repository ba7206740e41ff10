"""What can stand at a place of an SQL text: tables, columns, macros, parameters, functions, and names as values."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from queries.sql_editing.catalog import Catalog, Column, Function, Macro, parameter_help
from queries.sql_editing.scope import Scope, scope_at
from queries.sql_editing.tokens import Token, is_plain_name, tokens, words
from warehouse.properties import quote
from warehouse.schema import TABLES

MOST = 200
"""Most things offered together."""

_BEGINNING = ("SELECT", "FROM", "WITH", "DESCRIBE", "SUMMARIZE", "SHOW", "EXPLAIN")
_AFTER_TABLE = (
    *("SELECT", "WHERE", "JOIN", "LEFT JOIN", "CROSS JOIN", "SEMI JOIN", "ANTI JOIN", "ON", "USING", "AS"),
    *("GROUP BY", "GROUP BY ALL", "ORDER BY", "ORDER BY ALL", "HAVING", "QUALIFY", "LIMIT", "UNION ALL", "SAMPLE"),
)
_IN_EXPRESSIONS = (
    *("FROM", "WHERE", "AND", "OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE", "CASE", "WHEN", "THEN"),
    *("ELSE", "END", "AS", "DISTINCT", "FILTER", "OVER", "PARTITION BY", "EXCLUDE", "CAST", "EXISTS", "TRUE", "FALSE"),
    *("NULL", "GROUP BY", "GROUP BY ALL", "ORDER BY", "ORDER BY ALL", "HAVING", "QUALIFY", "LIMIT", "DESC", "ASC"),
    *("UNION ALL", "EXCEPT", "INTERSECT"),
)
_LAST_WORD = re.compile("[A-Za-z0-9_]*$")
_LISTS_TABLES = frozenset(("FROM", "JOIN"))
_TEXTS = frozenset(
    ("p_model", "p_other", "p_corpus", "p_property", "p_frames", "p_where", "p_probe", "p_label", "p_kind", "p_choice")
)
"""Parameters whose values are texts."""


@dataclass(frozen=True)
class Completion:
    """Something that can stand at a place.

    Attributes:
        label: as it is listed.
        insert: the text that takes the place of what is typed.
        kind: ``table``, ``column``, ``macro``, ``parameter``, ``value``, ``function`` or ``keyword``.
        detail: a few words beside it: a type, a default, how it is called.
        help: what it means; may have several lines.
    """

    label: str
    insert: str
    kind: str
    detail: str = ""
    help: str = ""


@dataclass(frozen=True)
class Offer:
    """What is offered at a place.

    Attributes:
        start: where the text begins that an item takes the place of; it ends at the cursor.
        typed: that text.
        items: the likeliest first; none where nothing is known.
        invited: whether the text before asks for one, as a dot, a parenthesis and a quote do, so that the offer is
            shown before a letter is typed.
    """

    start: int
    typed: str
    items: tuple[Completion, ...]
    invited: bool = False

    @property
    def is_done(self) -> bool:
        """Whether what is typed is one of the items already."""
        return any(self.typed.lower() == item.insert.lower() for item in self.items[:1])


def complete(text: str, place: int, catalog: Catalog) -> Offer:
    """What can stand at a place of a text.

    Args:
        text: any number of statements, whole or not.
        place: of the cursor, from 0.
        catalog: what the warehouse has.
    """
    everything = tokens(text)
    inside = next((token for token in everything if _touches(token, place)), None)
    if inside is not None and inside.kind == "comment":
        return Offer(place, "", ())
    found, before = _around(words(everything), place)
    if inside is not None and inside.kind == "string":
        return _in_string(inside, [token for token in before if token.end <= inside.start], place, text, catalog)
    typed = _typed(found, place)
    before = [token for token in before if token.end <= place - len(typed)]
    items = _fitting(_candidates(found, before, place - len(typed), catalog), typed)
    invited = bool(before) and before[-1].text in {".", "("} and before[-1].end == place - len(typed)
    return Offer(place - len(typed), typed, tuple(items[:MOST]), invited)


def _around(everything: list[Token], place: int) -> tuple[list[Token], list[Token]]:
    """The tokens of the statement that a place is in, and those of them that begin before it."""
    ends = [i for i, token in enumerate(everything) if token.text == ";"]
    first = max((i + 1 for i in ends if everything[i].start < place), default=0)
    last = min((i for i in ends if everything[i].start >= place), default=len(everything))
    found = everything[first:last]
    return found, [token for token in found if token.start < place]


def _touches(token: Token, place: int) -> bool:
    """Whether what is typed at a place belongs to a string or comment; a line comment goes on to the line's end."""
    if token.kind == "comment" and token.text.startswith("--"):
        return token.start < place <= token.end
    return token.holds(place)


def _typed(found: list[Token], place: int) -> str:
    """The beginning of a word right before the cursor."""
    for token in found:
        if token.kind in {"name", "keyword"} and token.start < place <= token.end:
            return token.text[: place - token.start]
    return ""


def _candidates(found: list[Token], before: list[Token], place: int, catalog: Catalog) -> Iterator[Completion]:
    if not before:
        yield from _keywords(_BEGINNING)
        return
    last, scope = before[-1], scope_at(found, place, catalog)
    macro = catalog.macros.get(scope.call.lower())
    if last.text == ".":
        yield from _after_dot(before, scope, catalog)
    elif last.word in {"GROUP", "ORDER", "PARTITION"}:
        yield from _keywords(("BY", "BY ALL"))
    elif last.word == "EXPLAIN":
        yield from _keywords(_BEGINNING)
    elif macro is not None and macro.is_table:
        yield from _parameters(macro, scope, last)
    elif last.word in {"FROM", "JOIN", "DESCRIBE", "SUMMARIZE"} or (last.text == "," and scope.clause in _LISTS_TABLES):
        yield from _tables(scope, catalog)
    elif scope.clause in _LISTS_TABLES and not scope.call:
        yield from _keywords(_AFTER_TABLE)
    elif last.word != "AS" and scope.clause != "LIMIT":  # a name of one's own, a number
        if last.text == "(" and not scope.call:
            yield from _keywords(("SELECT", "FROM"))
        yield from _columns(scope, catalog)
        yield from _keywords(_IN_EXPRESSIONS)
        yield from _scalars(catalog)


def _after_dot(before: list[Token], scope: Scope, catalog: Catalog) -> Iterator[Completion]:
    name = before[-2].name.lower() if len(before) > 1 else ""
    for source in scope.sources:
        if source.alias.lower() == name:
            yield from (_column(column, source.name or source.alias) for column in source.columns)
            return
    yield from (_column(column, name) for column in catalog.columns(name))


def _parameters(macro: Macro, scope: Scope, last: Token) -> Iterator[Completion]:
    for name in macro.parameters:
        if last.text in {"(", ","} and name.lower() not in scope.named:
            default, meaning = parameter_help(name)
            insert = f"{name} := '" if name in _TEXTS else f"{name} := "
            yield Completion(name, insert, "parameter", default, f"{meaning}\nDefault: {default}")


def _tables(scope: Scope, catalog: Catalog) -> Iterator[Completion]:
    for name in scope.common:
        columns = ", ".join(column.name for column in scope.common[name])
        yield Completion(name, _written(name), "table", "WITH", columns)
    for relation in catalog.relations.values():
        yield Completion(relation.name, _written(relation.name), "table", "", relation.help)
    for macro in sorted(catalog.macros.values(), key=lambda macro: macro.is_part):
        if macro.is_table:
            yield _macro(macro)
    yield from (_function(function) for function in catalog.functions.values() if function.is_table)


def _columns(scope: Scope, catalog: Catalog) -> Iterator[Completion]:
    sources = scope.sources
    seen: set[str] = set()
    for source in sources:
        for column in source.columns:
            if column.name.lower() not in seen:
                seen.add(column.name.lower())
                yield _column(column, source.name or source.alias)
    for source in sources:
        yield Completion(source.alias, _written(source.alias), "table", source.name)
    if not sources:  # before FROM is written: everything that any table has
        for relation in sorted(catalog.relations.values(), key=lambda relation: relation.name not in TABLES):
            for column in relation.columns:
                if column.name.lower() not in seen:
                    seen.add(column.name.lower())
                    yield _column(column, relation.name)


def _scalars(catalog: Catalog) -> Iterator[Completion]:
    yield from (_macro(macro) for macro in catalog.macros.values() if not macro.is_table)
    yield from (_function(function) for function in catalog.functions.values() if not function.is_table)


def _keywords(names: Iterable[str]) -> Iterator[Completion]:
    yield from (Completion(name, name, "keyword") for name in names)


def _column(column: Column, table: str) -> Completion:
    detail = " ".join(part for part in (column.type, f"of {table}" if table else "") if part)
    return Completion(column.name, _written(column.name), "column", detail, column.help)


def _macro(macro: Macro) -> Completion:
    return Completion(f"{macro.name}(…)", f"{macro.name}(", "macro", "part" if macro.is_part else "", macro.help)


def _function(function: Function) -> Completion:
    return Completion(function.name, f"{function.name}(", "function", function.signature, function.help)


def _in_string(string: Token, before: list[Token], place: int, text: str, catalog: Catalog) -> Offer:
    """Names inside quotes: what the parameter or column before the string can be."""
    typed = string.text[1 : place - string.start]
    named = _compared(before).lower()
    if named == "p_where":
        word = _LAST_WORD.search(typed)[0]  # type: ignore[index]  # it matches the empty word
        facts = (_column(column, "frame_facts") for column in catalog.columns("frame_facts"))
        return Offer(place - len(word), word, tuple(_fitting(facts, word)), invited=not typed)
    key = named.removeprefix("p_").removesuffix("_a").removesuffix("_b")
    closing = "" if text[place : place + 1] == "'" else "'"
    names = (
        Completion(name or "(silence)", quote(name)[1:-1] + closing, "value", key)
        for name in catalog.values.get(key, ())
    )
    return Offer(place - len(typed), typed, tuple(_fitting(names, typed)[:MOST]), invited=True)


def _compared(before: list[Token]) -> str:
    """The parameter or column that a string after these tokens is a value of, also inside ``IN (…)``."""
    rest = list(before)
    while rest and (rest[-1].text == "," or rest[-1].kind == "string"):
        rest.pop()
    if len(rest) > 1 and rest[-1].text == "(" and rest[-2].word == "IN":
        rest = rest[:-2]
        if rest and rest[-1].word == "NOT":
            rest.pop()
    elif rest and rest[-1].text in {":=", "=>", "=", "<>", "!=", "=="} and rest == before:
        rest.pop()
    else:
        return ""
    return rest[-1].name if rest else ""


def _fitting(items: Iterable[Completion], typed: str) -> list[Completion]:
    """Items that are what is typed, then those that begin so, then those of which a later word does or a part is."""
    wanted = typed.strip('"').lower()
    ranked: list[tuple[int, Completion]] = []
    for item in items:
        if typed.startswith('"'):
            if item.kind in {"table", "column"} and item.label.lower().startswith(wanted):
                quoted = item.insert if item.insert.startswith('"') else f'"{item.insert}"'
                ranked.append((1, replace(item, insert=quoted)))
        elif (rank := _rank(item, wanted)) is not None:
            ranked.append((rank, item))
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def _rank(item: Completion, wanted: str) -> int | None:
    name = item.label.lower()
    if item.kind == "function" and len(wanted) < 2:  # a thousand of them are no offer
        return None
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if item.kind == "function" and len(wanted) < 4:
        return None
    if f"_{wanted}" in name or (item.kind == "value" and wanted in name):
        return 2
    return 3 if len(wanted) > 2 and wanted in name else None


def _written(name: str) -> str:
    """A name as SQL has it: in quotes where it is no plain word, or one of SQL's own."""
    return name if is_plain_name(name) else '"' + name.replace('"', '""') + '"'
