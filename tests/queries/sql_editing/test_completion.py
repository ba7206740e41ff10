"""What is offered at a place; a bar marks the cursor."""

from collections.abc import Iterator

import duckdb
import pytest
from drawn_study import Study
from hypothesis import given, settings
from hypothesis import strategies as st

from queries import Connection, connect
from queries.sql_editing.catalog import Catalog, read_catalog
from queries.sql_editing.completion import Offer, complete
from queries.sql_files import TABLE_MACROS, sql_files


@pytest.fixture(scope="module")
def con(drawn: Study) -> Iterator[Connection]:
    with connect(drawn.layout.root, comments=False) as con:
        yield con


@pytest.fixture(scope="module")
def catalog(con: Connection) -> Catalog:
    return read_catalog(con)


def offer(catalog: Catalog, marked: str) -> Offer:
    place = marked.index("|")
    return complete(marked.replace("|", "", 1), place, catalog)


def inserts(catalog: Catalog, marked: str) -> list[str]:
    return [item.insert for item in offer(catalog, marked).items]


def test_the_catalog_has_every_table_column_and_macro(con: Connection, catalog: Catalog) -> None:
    columns = con.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    assert {(r.name, c.name) for r in catalog.relations.values() for c in r.columns} == set(columns)
    macros = {file.name for folder in ("scalars", *TABLE_MACROS) for file in sql_files(folder)}
    assert {macro.name for macro in catalog.macros.values()} == macros


def test_comments_are_the_help_also_where_none_were_registered(drawn: Study, catalog: Catalog) -> None:
    with connect(drawn.layout.root) as commented:
        assert read_catalog(commented) == catalog
    assert all(relation.help for relation in catalog.relations.values())
    assert all(c.help for name in ("activations", "group_neurons") for c in catalog.relations[name].columns)
    assert all(macro.help for macro in catalog.macros.values())


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("SEL|", ["SELECT"]),
        ("FROM prop|", ["properties", "property_edges", "property_neurons", "property_overlap", "property_phones"]),
        ("FROM property_neurons(|", ["p_model := '", "p_corpus := '", "p_property := '", "p_layer := "]),
        ("FROM property_neurons(p_layer := 1, p_mo|)", ["p_model := '"]),
        ("FROM property_neurons(p_model := 'm', p_m|)", ["p_min_frames := "]),
        ("FROM property_neurons(p_property := '|", ["duration'", "gender'", "phone'", "phone_class'", "pitch'"]),
        ("FROM property_neurons(p_property := 'ge|')", ["gender"]),
        ("FROM property_neurons(p_corpus := '|')", ["c", "d"]),
        ("FROM property_neurons(p_frames := 'm|", ["middle'"]),
        ("FROM set_changes(p_ot|)", ["p_other := '"]),
        ("FROM set_changes(p_other := '|')", ["m"]),
        ("FROM set_changes WHERE change = 'l|", ["left'"]),
        ("FROM set_changes WHERE group_after = '|'", ["long"]),
        ("FROM property_neurons(p_where := 'f0_hz > 1 AND gen|'", ["gender"]),
        ("SELECT * FROM utterances WHERE gender = '|'", ["F", "M"]),
        ("SELECT * FROM models WHERE model IN ('x', '|')", ["m"]),
        ("SELECT * FROM models WHERE model NOT IN ('|", ["m'"]),
        ("SELECT a.| FROM activations AS a", ["model", "layer", "frame_id", "rank", "neuron"]),
        ("SELECT activations.ne| FROM activations", ["neuron"]),
        ("SELECT f.f0| FROM activations a JOIN frames f USING (frame_id)", ["f0_hz"]),
        ('SELECT "gr| FROM frame_counts', ['"group"']),
        ("SELECT grou| FROM frame_counts", ['"group"']),
        ("SELECT x.| FROM (SELECT layer AS l, neuron, p + 1 AS q, p + 2 FROM S_k) x", ["l", "neuron", "q"]),
        ("SELECT x.| FROM (FROM layers) AS x", ["model", "layer", "block"]),
        ("WITH t(x, y) AS (SELECT 1, 2), u AS (FROM t) SELECT u.| FROM u", ["x", "y"]),
        ("WITH t AS (SELECT layer, count(*) AS n FROM layers GROUP BY 1) SELECT * FROM |", ["t"]),
        ("SELECT | FROM top_segments(p_neuron := 1)", ["model", "layer", "neuron", "place"]),
        ("SELECT 1; SELECT lay| FROM layers; SELECT 2", ["layer"]),
        ("SELECT count(ne| FROM activations", ["neuron"]),
        ("SELECT (SELECT max(l.lay|) FROM layers l) FROM models m", ["layer"]),
        ("SELECT (SELECT max(m.lamb|) FROM layers l) FROM models m", ["lambda_pct"]),
        ("FROM layers ORDER |", ["BY"]),
        ("SELECT quantile_c|", ["quantile_cont("]),
        ("SELECT cou|", ["counts"]),
        ("EXPLAIN |", ["SELECT"]),
        ("FROM layers WHERE block = 1 an|", ["AND"]),
    ],
)
def test_the_likeliest_comes_first(catalog: Catalog, marked: str, first: list[str]) -> None:
    assert inserts(catalog, marked)[: len(first)] == first


@pytest.mark.parametrize(
    "marked",
    ["-- sel|", "SELECT 1 /* la| */", "SELECT layer AS ne|", "FROM layers LIMIT |", "SELECT 'mod|", "SELECT zzzz.|"],
)
def test_nothing_is_offered_where_nothing_is_known(catalog: Catalog, marked: str) -> None:
    assert inserts(catalog, marked) == []


def test_an_offer_says_what_it_replaces_and_what_things_mean(catalog: Catalog) -> None:
    found = offer(catalog, "FROM layers WHERE n_ne|u")
    assert (found.typed, found.start, found.is_done, found.invited) == ("n_ne", 18, False, False)
    (column,) = (item for item in found.items if item.insert == "n_neurons")
    assert column.detail == "INTEGER of layers"
    assert column.help == "width D of the layer"
    (parameter,) = offer(catalog, "FROM group_neurons(p_sig|").items
    assert (parameter.detail, parameter.help.partition(";")[0].startswith("share of a group's phones")) == ("0.8", True)
    assert offer(catalog, "SELECT l.| FROM layers l").invited
    assert offer(catalog, "FROM layers WHERE layer|").is_done
    assert offer(catalog, "SELECT * from|").is_done  # and not from_base64, which Enter would take


def test_what_is_offered_after_from_can_be_asked(con: Connection, catalog: Catalog) -> None:
    for item in offer(catalog, "FROM |").items:
        if item.kind == "table":
            con.sql(f"FROM {item.insert} LIMIT 0").fetchall()


def test_columns_that_are_offered_are_those_of_the_query(con: Connection, catalog: Catalog) -> None:
    query = (
        "WITH a AS (SELECT layer, neuron AS n, count(*) AS many FROM activations AS x JOIN frames f USING (frame_id) "
        "GROUP BY ALL), b(u) AS (SELECT model FROM models) "
        "SELECT a.*, b.u AS model_name, l.n_neurons FROM a, b, layers l WHERE l.layer = a.layer"
    )
    wanted = [name for name, *_ in con.execute(query).description or []]
    found = inserts(catalog, f"SELECT y.| FROM ({query}) AS y")
    assert found == wanted


WORDS = [
    "SELECT",
    "FROM",
    "WITH",
    "a",
    "AS",
    "(",
    ")",
    ",",
    ".",
    "layers",
    "l",
    "'",
    '"',
    ";",
    "--",
    "\n",
    "*",
    ":=",
    "é",
    "IN",
]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join), st.integers(0, 60))
def test_no_text_is_too_broken_to_be_completed(catalog: Catalog, text: str, place: int) -> None:
    place = min(place, len(text))
    found = complete(text, place, catalog)
    assert text[found.start : place] == found.typed


def test_a_comment_in_the_middle_hides_nothing(catalog: Catalog) -> None:
    assert inserts(catalog, "SELECT l.| -- the layers\nFROM layers /* recorded */ l")[:2] == ["model", "layer"]


def test_names_that_need_quotes_are_offered_in_quotes(catalog: Catalog) -> None:
    with duckdb.connect() as plain:
        plain.execute('CREATE TABLE frame_counts ("group" VARCHAR)')
        (name,) = [i for i in inserts(catalog, "SELECT gro| FROM frame_counts") if i.startswith('"')]
        plain.execute(f"SELECT {name} FROM frame_counts")
