"""SQL text as DuckDB's own tokenizer cuts it, also while it is being written, and the statement at a place in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb

_KINDS = {
    duckdb.token_type.identifier: "name",
    duckdb.token_type.keyword: "keyword",
    duckdb.token_type.string_const: "string",
    duckdb.token_type.numeric_const: "number",
    duckdb.token_type.comment: "comment",
    duckdb.token_type.operator: "symbol",
}
_PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Token:
    """A piece of SQL text.

    Attributes:
        kind: ``name`` (quoted or not), ``keyword``, ``string``, ``number``, ``comment`` or ``symbol``.
        text: as it is written.
        start: place of its first character in the text, from 0.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """A keyword in capitals; of anything else nothing."""
        return self.text.upper() if self.kind == "keyword" else ""

    @property
    def name(self) -> str:
        """What a name or keyword names: without quotes; of anything else nothing."""
        if self.kind not in {"name", "keyword"}:
            return ""
        return self.text.strip('"').replace('""', '"') if self.text.startswith('"') else self.text

    @property
    def is_open(self) -> bool:
        """Whether a string, quoted name or comment does not end before the text does."""
        if self.kind == "comment":
            return self.text.startswith("/*") and self.text.count("*/") < self.text.count("/*")
        if self.text.startswith("$") and self.kind == "string":
            tag = self.text[: self.text.index("$", 1) + 1]
            return len(self.text) < 2 * len(tag) or not self.text.endswith(tag)
        quote = "'" if self.kind == "string" else '"'
        return self.text.count(quote) % 2 == 1

    def holds(self, place: int) -> bool:
        """Whether a place is inside: what is typed there becomes a part of this string, quoted name or comment."""
        return self.start < place < self.end or (self.is_open and self.start < place)


@dataclass(frozen=True)
class Statement:
    """A statement of a text: what to run, and where it stands.

    Attributes:
        text: from its first token to its last, without the semicolon.
        start: place of its first character in the whole text.
    """

    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)


def tokens(text: str) -> list[Token]:
    """The tokens of a text, in order, whether it is whole SQL or not."""
    data = text.encode()
    cut = duckdb.tokenize(text)
    ends = [place for place, _ in cut[1:]] + [len(data)]
    found, at, byte = [], 0, 0
    for (place, kind), end in zip(cut, ends, strict=False):
        at += len(data[byte:place].decode())
        byte = place
        whole = data[place:end].decode()
        token = Token(_KINDS[kind], whole.rstrip(), at)
        found.append(Token(token.kind, whole, at) if token.kind == "string" and token.is_open else token)
    return found


def statements(text: str) -> list[Statement]:
    """The statements of a text: what semicolons separate, each without the comments around it."""
    found: list[Statement] = []
    piece: list[Token] = []
    for token in [*tokens(text), Token("symbol", ";", len(text))]:
        if token.kind == "symbol" and token.text == ";":
            if piece:
                start, end = piece[0].start, piece[-1].end
                found.append(Statement(text[start:end], start))
            piece = []
        elif token.kind != "comment":
            piece.append(token)
    return found


def statement_at(text: str, place: int) -> Statement | None:
    """The statement that a place is in or touches.

    Between two it is the one before, also a few empty lines later; in and after a comment that has its own line, the
    one that the comment stands above.

    Args:
        text: any number of statements.
        place: of the cursor, from 0 to the length of the text.

    Returns:
        The statement, or None in a text that has none.
    """
    found = statements(text)
    before = [statement for statement in found if statement.start <= place]
    after = [statement for statement in found if statement.start > place]
    if not before or not after:
        return before[-1] if before else after[0] if after else None
    if place <= before[-1].end:
        return before[-1]
    above = [token.start for token in tokens(text) if token.kind == "comment" and before[-1].end < token.start <= place]
    return after[0] if any("\n" in text[before[-1].end : start] for start in above) else before[-1]


def words(found: Sequence[Token]) -> list[Token]:
    """The tokens that are no comments."""
    return [token for token in found if token.kind != "comment"]


@cache
def is_plain_name(name: str) -> bool:
    """Whether a name needs no quotes in SQL: a word in small or large letters that is none of SQL's own."""
    return _PLAIN.fullmatch(name) is not None and name.lower() not in _reserved()


@cache
def _reserved() -> frozenset[str]:
    with duckdb.connect() as con:
        sql = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        return frozenset(name for (name,) in con.execute(sql).fetchall())
