"""Which tables a place in a query can see, under which names, and with which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queries.sql_editing.catalog import Catalog, Column
from queries.sql_editing.tokens import Token

CLAUSES = frozenset(
    (
        *("SELECT", "FROM", "JOIN", "ON", "USING", "WHERE", "GROUP", "ORDER", "HAVING", "QUALIFY", "LIMIT", "OFFSET"),
        *("WINDOW", "UNION", "EXCEPT", "INTERSECT", "WITH", "SAMPLE", "PIVOT", "UNPIVOT", "VALUES"),
    )
)
_JOINS = ("INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS", "NATURAL", "SEMI", "ANTI", "ASOF", "POSITIONAL")
_NO_ALIAS = CLAUSES | {*_JOINS, "LATERAL", "AS"}
_QUERY = frozenset(("SELECT", "FROM", "WITH", "PIVOT", "UNPIVOT", "VALUES"))
_SETS = frozenset(("UNION", "EXCEPT", "INTERSECT"))


@dataclass(frozen=True)
class Source:
    """A table of a query.

    Attributes:
        alias: the name that stands before its columns.
        name: of the table, view or macro; empty for a subquery.
        columns: what it has.
    """

    alias: str
    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Scope:
    """What a place in a query can see.

    Attributes:
        sources: tables of the query that the place is in, then those of the queries around it.
        common: tables of WITH, by their names.
        clause: the clause that the place is in, such as ``FROM``; empty at the start of a query.
        call: the function or macro whose arguments the place is among; empty outside.
        named: names of arguments that the call has already.
    """

    sources: tuple[Source, ...]
    common: Mapping[str, tuple[Column, ...]]
    clause: str
    call: str
    named: frozenset[str]


def scope_at(found: Sequence[Token], place: int, catalog: Catalog) -> Scope:
    """What a place of a statement can see.

    Args:
        found: tokens of the statement, without comments, also those after the place.
        place: of the cursor, where the tokens' places count from.
        catalog: the tables of the warehouse.
    """
    n_before = sum(token.end <= place for token in found)
    found = [*found[:n_before], *_missing(found, n_before, place), *found[n_before:]]
    around = [0, *_open_parentheses(found[:n_before])]
    queries = [at for at in around if at == 0 or _begins_query(found, at)]
    common: dict[str, tuple[Column, ...]] = {}
    sources: list[Source] = []
    for at in queries:  # the outermost first, whose WITH the others see
        level = _level(found, at)
        common |= _common_tables(level, found, catalog, common)
        sources = [*_sources(level, found, catalog, common), *sources]
    innermost = around[-1]
    inside = [i for i in _level(found, queries[-1]) if i < n_before]
    clause = next((found[i].word for i in reversed(inside) if found[i].word in CLAUSES), "")
    call, named = "", frozenset[str]()
    if innermost not in queries and innermost >= 2 and found[innermost - 2].kind in {"name", "keyword"}:
        call = found[innermost - 2].name
        named = frozenset(
            found[i].name.lower() for i in _level(found, innermost) if _text(found, i + 1) in {":=", "=>"}
        )
    return Scope(tuple(sources), common, clause, call, named)


def _open_parentheses(found: Sequence[Token]) -> list[int]:
    """Places after the parentheses that are open at the end, the outermost first."""
    waiting: list[int] = []
    for i, token in enumerate(found):
        if token.text == "(":
            waiting.append(i + 1)
        elif token.text == ")" and waiting:
            waiting.pop()
    return waiting


def _missing(found: Sequence[Token], n_before: int, place: int) -> list[Token]:
    """Parentheses that somebody who is writing has not closed yet, so that what follows is not taken for their own."""
    depth = len(_open_parentheses(found[:n_before]))
    for token in found[n_before:]:
        depth += (token.text == "(") - (token.text == ")")
    return [Token("symbol", ")", place)] * max(0, depth)


def _begins_query(found: Sequence[Token], at: int) -> bool:
    """Whether a query begins after a parenthesis, and not the arguments of a function."""
    of_function = at > 1 and found[at - 2].kind == "name"
    return at < len(found) and found[at].word in _QUERY and not of_function


def _text(found: Sequence[Token], at: int) -> str:
    return found[at].text if 0 <= at < len(found) else ""


def _level(found: Sequence[Token], start: int) -> list[int]:
    """Places of the tokens from a start to where its parenthesis ends, without what is in parentheses of their own."""
    depth, places = 0, []
    for i in range(start, len(found)):
        if found[i].text == ")":
            depth -= 1
            if depth < 0:
                break
        if depth == 0:
            places.append(i)
        if found[i].text == "(":
            depth += 1
    return places


def _common_tables(
    level: Sequence[int], found: Sequence[Token], catalog: Catalog, seen: Mapping[str, tuple[Column, ...]]
) -> dict[str, tuple[Column, ...]]:
    words = [found[i].word for i in level]
    if "WITH" not in words or {"SELECT", "FROM"} & set(words[: words.index("WITH")]):
        return {}
    tables: dict[str, tuple[Column, ...]] = {}
    for i in level[words.index("WITH") :]:
        if found[i].text == "(" and found[i - 1].word in {"AS", "MATERIALIZED"}:
            at = i - 1
            while at > 0 and found[at].word in {"AS", "NOT", "MATERIALIZED"}:
                at -= 1
            given: list[Column] = []
            if found[at].text == ")":  # names of its columns
                while at > 0 and found[at].text != "(":
                    at -= 1
                    given = [Column(found[at].name), *given] if found[at].name else given
                at -= 1
            name = found[at].name
            tables[name.lower()] = tuple(given) or columns_of(found, i + 1, catalog, {**seen, **tables})
    return tables


def _sources(
    level: Sequence[int], found: Sequence[Token], catalog: Catalog, common: Mapping[str, tuple[Column, ...]]
) -> list[Source]:
    sources: list[Source] = []
    clause, expected = "", False
    for place, i in enumerate(level):
        token = found[i]
        if token.word in CLAUSES:
            clause, expected = token.word, token.word in {"FROM", "JOIN"}
        elif token.text == "," and clause in {"FROM", "JOIN", "ON", "USING"}:
            expected = clause in {"FROM", "JOIN"}
        elif expected and (token.kind == "name" or token.text == "(" or (token.word and token.word not in _NO_ALIAS)):
            rest = level[place + 1 :]
            source = _source(i, rest, found, catalog, common)
            expected = False
            if source is not None:
                sources.append(source)
    return sources


def _source(
    at: int, rest: Sequence[int], found: Sequence[Token], catalog: Catalog, common: Mapping[str, tuple[Column, ...]]
) -> Source | None:
    """The table that begins at a token after FROM or JOIN, with the alias that follows it."""
    name = found[at].name
    columns: tuple[Column, ...]
    if found[at].text == "(":
        columns = columns_of(found, at + 1, catalog, common)
        after = list(rest)
    else:
        after = list(rest)
        while len(after) > 1 and found[after[0]].text == "." and found[after[1]].name:
            name, after = found[after[1]].name, after[2:]
        columns = common.get(name.lower()) or catalog.columns(name)
        if after and found[after[0]].text == "(":
            after = after[1:]
    if after and found[after[0]].text == ")":
        after = after[1:]
    if after and found[after[0]].word == "AS":
        after = after[1:]
    follows = found[after[0]] if after else None
    named = follows is not None and follows.name and follows.word not in _NO_ALIAS
    alias = follows.name if follows is not None and named else name
    return Source(alias, name, columns) if alias else None


def columns_of(
    found: Sequence[Token], start: int, catalog: Catalog, seen: Mapping[str, tuple[Column, ...]]
) -> tuple[Column, ...]:
    """Columns of the query that begins at a token, as far as its SELECT names them.

    Args:
        found: tokens of a statement.
        start: number of the query's first token.
        catalog: the tables of the warehouse.
        seen: tables of WITH around the query.
    """
    level = _level(found, start)
    common = {**seen, **_common_tables(level, found, catalog, seen)}
    first_set = next((n for n, i in enumerate(level) if found[i].word in _SETS), len(level))
    level = level[:first_set]
    sources = _sources(level, found, catalog, common)
    chosen = [n for n, i in enumerate(level) if found[i].word == "SELECT"]
    if not chosen:
        return tuple(column for source in sources for column in source.columns)
    items: list[list[Token]] = [[]]
    for i in level[chosen[0] + 1 :]:
        if found[i].word in CLAUSES:
            break
        if found[i].text == ",":
            items.append([])
        else:
            items[-1].append(found[i])
    return tuple(column for item in items if item for column in _columns_of_item(item, sources))


def _columns_of_item(item: Sequence[Token], sources: Sequence[Source]) -> Sequence[Column]:
    stars = [i for i, token in enumerate(item) if token.text == "*"]
    if stars and (stars[0] == 0 or item[stars[0] - 1].text == "."):
        prefix = item[0].name.lower() if stars[0] else ""
        return [c for source in sources if prefix in {"", source.alias.lower()} for c in source.columns]
    last, before = item[-1], item[-2] if len(item) > 1 else None
    if not last.name or last.word == "END":
        return []
    if before is None or before.text == ".":
        known = [c for source in sources for c in source.columns if c.name.lower() == last.name.lower()]
        return known[:1] or [Column(last.name)]
    is_alias = before.kind != "symbol" or before.text in {")", "]", "}"}
    return [Column(last.name)] if is_alias else []
