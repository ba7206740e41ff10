import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.corpora.joining import Metadata, gender_of
from ingest.corpora.metadata import read_table
from warehouse.errors import CorpusError

UTTERANCES = {"84-1-0001": "84", "84-1-0002": "84", "174-2-0001": "174"}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def joined(*paths: Path, utterances: dict[str, str | None] | None = None) -> dict[str, dict[str, object]]:
    names = UTTERANCES if utterances is None else utterances
    metadata = Metadata([read_table(path) for path in paths], names)
    return {name: dict(metadata.of(name)) for name in names}


def test_a_csv_by_utterance_keeps_every_column_with_its_type(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.csv",
        "utterance,speaker,sex,age,height,native,code,note,text\n"
        '84-1-0001,0084,f,20,1.5,true,007,,"ONE, TWO"\n'
        "84-1-0002,0084,F,,2,false,12,NA,\n"
        "174-2-0001,0174,unknown,31,NA,,3,x,NA\n",
    )
    found = joined(path)
    assert found["84-1-0001"] == {
        "speaker": "0084",
        "gender": "F",
        "age": 20,
        "height": 1.5,
        "native": True,
        "code": "007",
        "note": None,
        "text": "ONE, TWO",
    }
    assert [row["age"] for row in found.values()] == [20, None, 31]
    assert [row["height"] for row in found.values()] == [1.5, 2.0, None]
    assert [row["native"] for row in found.values()] == [True, False, None]
    assert [row["note"] for row in found.values()] == [None, "NA", "x"]
    assert [row["gender"] for row in found.values()] == ["F", "F", None]
    assert [row["text"] for row in found.values()] == ["ONE, TWO", None, "NA"]
    assert type(found["84-1-0001"]["age"]) is int


@pytest.mark.parametrize("column", ["utterance_id", "utt", "id", "file", "Path", "Utt ID", "utterance"])
@pytest.mark.parametrize("form", ["{}", "{}.flac", "dev/{}.flac", "C:\\audio\\{}.wav"])
def test_the_utterance_column_may_be_called_otherwise(tmp_path: Path, column: str, form: str) -> None:
    rows = "".join(f"{form.format(name)},{at}\n" for at, name in enumerate(UTTERANCES))
    found = joined(write(tmp_path / "u.csv", f"{column},level\n{rows}"))
    assert [row["level"] for row in found.values()] == [0, 1, 2]
    assert [row["speaker"] for row in found.values()] == ["84", "84", "174"]


@pytest.mark.parametrize("column", ["speaker", "SPK", "speaker_id", "reader", "id"])
def test_a_table_by_speaker_joins_on_the_speaker(tmp_path: Path, column: str) -> None:
    found = joined(write(tmp_path / "s.csv", f"{column},Gender,accent\n84,female,US\n174,male,UK\n999,x,??\n"))
    assert [(row["speaker"], row["gender"], row["accent"]) for row in found.values()] == [
        ("84", "F", "US"),
        ("84", "F", "US"),
        ("174", "M", "UK"),
    ]


def test_the_speaker_of_one_table_leads_to_the_row_of_another(tmp_path: Path) -> None:
    found = joined(
        write(tmp_path / "utt2spk", "84-1-0001 anna\n84-1-0002 bert\n174-2-0001 anna\n"),
        write(tmp_path / "spk2gender", "anna f\nbert m\n"),
        write(tmp_path / "text", "84-1-0001 HELLO  THERE\n84-1-0002\n174-2-0001 YES\n"),
    )
    assert [(row["speaker"], row["gender"], row["text"]) for row in found.values()] == [
        ("anna", "F", "HELLO  THERE"),
        ("bert", "M", None),
        ("anna", "F", "YES"),
    ]


def test_kaldis_files_are_told_apart_by_their_names(tmp_path: Path) -> None:
    found = joined(
        write(tmp_path / "spk2utt", "anna 84-1-0001 174-2-0001\nbert 84-1-0002\n"),
        write(tmp_path / "spk2age", "anna 30\nbert 41\n"),
        write(tmp_path / "utt2dur.txt", "84-1-0001 1.5\n84-1-0002 2\n174-2-0001 3.25\n"),
        write(tmp_path / "mood", "anna calm\nbert wild\n"),
        write(tmp_path / "84-1.trans.txt", "84-1-0001 A\n84-1-0002 B\n174-2-0001 C\n"),
    )
    assert found["84-1-0002"] == {
        "speaker": "bert",
        "gender": None,
        "text": "B",
        "age": 41,
        "dur": 2.0,
        "mood": "wild",
    }


def test_librispeechs_speakers_txt_with_a_bar_in_a_name(tmp_path: Path) -> None:
    path = write(
        tmp_path / "SPEAKERS.TXT",
        ";  a comment\n;ID  |SEX| SUBSET           |MINUTES| NAME\n"
        "84   | F | dev-clean        | 8.02  | Christie Nowak\n"
        "174  | M | dev-clean        | 8.00  | Peter | Eastman\n",
    )
    assert joined(path)["174-2-0001"] == {
        "speaker": "174",
        "gender": "M",
        "text": None,
        "subset": "dev-clean",
        "minutes": 8.0,
        "name": "Peter | Eastman",
    }


def test_the_authors_json_of_genders(tmp_path: Path) -> None:
    found = joined(write(tmp_path / "g.json", '{"84": "F", "174": "M", "251": "M"}'))
    assert [row["gender"] for row in found.values()] == ["F", "F", "M"]
    with pytest.raises(CorpusError, match=r"""g\.json: speaker '84' has 3 instead of "M" or "F";"""):
        read_table(write(tmp_path / "g.json", '{"84": 3}'))


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "speaker": [84, 174],
            "gender": ["F", None],
            "age": pa.array([30, None], pa.int16()),
            "score": [0.5, float("nan")],
            "born": [datetime.date(1990, 1, 2), None],
            "languages": [["en", "de"], []],
            "native": [True, False],
        }
    )
    pq.write_table(table, tmp_path / "s.parquet")
    found = joined(tmp_path / "s.parquet")
    assert found["84-1-0001"] == {
        "speaker": "84",
        "gender": "F",
        "text": None,
        "age": 30,
        "score": 0.5,
        "born": "1990-01-02",
        "languages": '["en", "de"]',
        "native": True,
    }
    assert [found["174-2-0001"][column] for column in ("age", "score", "born", "gender")] == [None] * 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "u.tsv",
            'client_id\tpath\tsentence\n84\t84-1-0001.mp3\t"Hi, she\n84\t84-1-0002.mp3\tB\n174\t174-2-0001.mp3\tC\n',
        ),
        ("u.csv", 'client_id;path;sentence\n84;84-1-0001.mp3;"""Hi, she"\n84;84-1-0002.mp3;B\n174;174-2-0001.mp3;C\n'),
        (
            "u.csv",
            '\ufeffclient_id,path,sentence,,\n84,84-1-0001.mp3,"""Hi, she"\n'
            "84,84-1-0002.mp3,B,,,\n174,174-2-0001.mp3,C\n",
        ),
    ],
)
def test_separators_quotes_and_ragged_ends(tmp_path: Path, name: str, text: str) -> None:
    found = joined(write(tmp_path / name, text))
    assert [row["text"] for row in found.values()] == ['"Hi, she', "B", "C"]
    assert [row["speaker"] for row in found.values()] == ["84", "84", "174"]


def test_columns_that_the_warehouse_has_itself_are_renamed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.csv", "utterance,Duration,path,phone,Level\n" + "".join(f"{u},1,p,q,r\n" for u in UTTERANCES)
    )
    other = write(tmp_path / "s.csv", "speaker,LEVEL\n84,r\n174,r\n")
    metadata = Metadata([read_table(path), read_table(other)], UTTERANCES)
    assert metadata.columns == ("speaker", "gender", "text", "meta_Duration", "meta_path", "meta_phone", "Level")
    assert metadata.notes[0] == f"{path}: column 'Duration' is kept as 'meta_Duration', because the name is taken"


@pytest.mark.parametrize(
    ("values", "expected"), [(("1", "2.5"), (1.0, 2.5)), (("1", "x"), ("1", "x")), (("1", "2"), (1, 2))]
)
def test_a_column_of_several_files_gets_one_type(tmp_path: Path, values: tuple[str, str], expected: tuple) -> None:
    utterances: dict[str, str | None] = {"a": "s1", "b": "s2"}
    one = write(tmp_path / "1.csv", f"utterance,x\na,{values[0]}\nb,\n")
    two = write(tmp_path / "2.csv", f"speaker,x\ns1,\ns2,{values[1]}\n")
    found = tuple(row["x"] for row in joined(one, two, utterances=utterances).values())
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"u.csv": "name,age\nx,1\n"},
            r"u\.csv: has no column utterance and no column speaker, only name, age; name the",
        ),
        (
            {"u.csv": "utterance,age\nx,1\n"},
            r"u\.csv: no row is of an utterance of this corpus; .* 'x', .* '174-2-0001'",
        ),
        ({"u.csv": "utterance,age\n84-1-0001,1\n"}, r"u\.csv: has no row for utterance '84-1-0002'; add it"),
        ({"s.csv": "speaker,age\nx,1\n"}, r"s\.csv: no row is of a speaker of this corpus; .*'x', .* '174'"),
        ({"s.csv": "speaker,age\n84,1\n174,2\n84,3\n"}, r"s\.csv: line 4: '84' has other values in line 2; keep one"),
        (
            {"s.csv": "speaker,gender\n84,f\n174,both\n"},
            r"s\.csv: line 3: utterance '174-2-0001': gender 'both' is neither M",
        ),
        ({"s.csv": "speaker,age\n84,1,2\n"}, r"s\.csv: line 2: has 3 cells and the header 2; quote cells"),
        ({"s.csv": "speaker,Age,AGE\n84,1,2\n"}, r"s\.csv: has two columns called 'AGE'"),
        ({"s.csv": ""}, r"s\.csv: the file is empty"),
        ({"s.parquet": "PAR"}, r"s\.parquet: is no Parquet file that can be read"),
        ({"SPEAKERS.TXT": "84|F|a|1|n\n174|M\n"}, r"SPEAKERS\.TXT: line 2: is not ID"),
        (
            {"s.csv": "speaker,age\n84,1\n174,2\n", "t.csv": "speaker,age\n84,9\n"},
            r"t\.csv: line 2: utterance '84-1-0001': age is 9 here and 1 in another metadata file",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    paths = [write(tmp_path / name, text) for name, text in files.items()]
    with pytest.raises(CorpusError, match=reason) as caught:
        joined(*paths)
    assert "\n" not in str(caught.value)


def test_speakers_without_a_row_are_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", "speaker,age\n84,1\n")
    metadata = Metadata([read_table(path)], UTTERANCES)
    assert metadata.notes == [f"{path}: has no row for 1 of 2 speakers: 174"]
    assert metadata.of("174-2-0001")["age"] is None


def test_a_table_by_speaker_needs_to_know_who_speaks(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"s\.csv: is by speaker, and nothing says who speaks; add a table"):
        joined(write(tmp_path / "s.csv", "speaker,age\n84,1\n"), utterances={"a": None})


def test_genders() -> None:
    assert [gender_of(value) for value in ("m", "M", "male", "Male ", "male_masculine")] == ["M"] * 5
    assert [gender_of(value) for value in ("f", "F", "FEMALE")] == ["F"] * 3
    assert [gender_of(value) for value in (None, "", "unknown", "NA", "-")] == [None] * 5
    for value in ("x", "other", 0):
        with pytest.raises(ValueError, match="is neither M nor F; write M or F, or leave it empty"):
            gender_of(value)
