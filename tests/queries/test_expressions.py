"""Expressions come in as users write them and leave as DuckDB can evaluate them, or are refused by name."""

import duckdb
import pytest

from queries.expressions import column_expression, qualified
from warehouse import QueryError

COLUMNS = {
    "frame": "INTEGER",
    "phone": "VARCHAR",
    "f0_hz": "FLOAT",
    "word": "VARCHAR",
    "start_s": "DOUBLE",
    "end_s": "DOUBLE",
    "age": "BIGINT",
    "Accent": "VARCHAR",
    "first language": "VARCHAR",
    "order": "BIGINT",
}
ROW = (3, "AH", 120.5, "cut", 0.5, 0.75, 31, "north", "Welsh", 2)


def evaluated(definition: str) -> object:
    with duckdb.connect() as con:
        marks = ", ".join(f'?::{kind} AS "{name}"' for name, kind in COLUMNS.items())
        return con.execute(f"SELECT ({definition}) FROM (SELECT {marks}) AS frame_facts", list(ROW)).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("age", 31),
        ("utterances.age // 10", 3),
        ("segments.end_s - segments.start_s", 0.25),
        ("frames.f0_hz > 100 AND utterances.accent = 'north'", True),
        ("upper(ACCENT)", "NORTH"),
        ("word[1] || word[2:3]", "cut"),
        ("CASE WHEN age < 30 THEN 'young' ELSE 'old' END -- as of 2020", "old"),
        ("list_max(list_transform([age, frame], lambda x: x % 2))", 1),
        ('utterances."first language" || "order"', "Welsh2"),
        ("TRY_CAST(accent AS INTEGER) IS NULL", True),
        ("regexp_extract(word, '[aeiou]')", "u"),
        ("phones.phone IN ('AH', 'AA')", True),
    ],
)
def test_an_expression_keeps_its_value_and_loses_its_prefixes(text: str, value: object) -> None:
    definition = qualified(text, COLUMNS)
    assert evaluated(definition) == value
    assert not any(f"{table}." in definition for table in ("frames", "segments", "utterances", "phones"))
    assert "--" not in definition


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("acent", "frames have no column 'acent'; did you mean Accent"),
        ("lower(utterances.acent)", "there are frame, phone, f0_hz"),
        ("speakers.age", "no table 'speakers' is known"),
        ("count(*)", "looks at many frames"),
        ("max(age)", "looks at many frames"),
        ("row_number() OVER (ORDER BY frame)", "looks at other frames"),
        ("(SELECT max(age) FROM utterances)", "reads other tables"),
        ("SELECT age", "reads other tables"),
        ("age IN (SELECT 1)", "reads other tables"),
        ("*", "stands for many columns"),
        ("COLUMNS('a.*')", "stands for many columns"),
        ("age > $1", "has a parameter"),
        ("age > ?", "has a parameter"),
        ("age AS years", "is no expression"),
        ("age; DROP TABLE frames", "give one SQL expression"),
        ("DROP TABLE frames", "is no expression"),
        ("", "give one SQL expression"),
        ("lower(word", "cannot be parsed"),
        ("age >", "cannot be parsed"),
        ("random() < 0.5", "random gives another value each time"),
        ("age + nextval('s')", "nextval gives another value each time"),
        ("current_date > DATE '2020-01-01'", "current_date gives another value each time"),
        ("now()", "now gives another value each time"),
    ],
)
def test_what_cannot_label_a_frame_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(QueryError) as error:
        qualified(text, COLUMNS)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("age", "age"),
        ("AGE", "age"),
        ("accent", "Accent"),
        ("utterances.accent", "Accent"),
        ("first language", '"first language"'),
        ("order", '"order"'),
    ],
)
def test_a_column_is_found_by_any_case_and_quoted_where_it_must_be(name: str, definition: str) -> None:
    assert column_expression(name, COLUMNS) == definition


def test_an_unknown_column_gets_the_list_of_those_that_exist() -> None:
    with pytest.raises(QueryError, match="no column 'gender'; there are frame, phone, f0_hz, word, start_s"):
        column_expression("gender", COLUMNS)
