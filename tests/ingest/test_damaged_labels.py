"""Whatever happens to a label or metadata file, its reader gives labels or one line, never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.corpora.ctm import read_ctm
from ingest.corpora.frame_labels import read_frame_labels
from ingest.corpora.lab import read_lab
from ingest.corpora.metadata import read_table
from ingest.corpora.phn import read_phn
from ingest.corpora.phone_set import read_phone_set
from ingest.corpora.textgrid import read_textgrid
from warehouse.errors import CorpusError

GRID = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 1\ntiers? <exists>\nsize = 1\nitem []:\n'
    'item [1]:\nclass = "IntervalTier"\nname = "phones"\nxmin = 0\nxmax = 1\nintervals: size = 2\nintervals [1]:\n'
    'xmin = 0\nxmax = 0.5\ntext = "AA"\nintervals [2]:\nxmin = 0.5\nxmax = 1\ntext = "é"\n'
)


def frames(path: Path) -> None:
    label_map = path.with_name("map.json")
    label_map.write_text('{"": [0, 1], "AA": [1, 1]}')
    labels = read_frame_labels(path, label_map)
    for utterance in labels.ids:
        labels.intervals(utterance)


READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a.TextGrid": (GRID, read_textgrid),
    "a.ctm": ("u 1 0 0.5 AA\nu 1 0.5 0.5 B 0.9\n", read_ctm),
    "a.PHN": ("0 8000 aa\n8000 16000 b\n", lambda path: read_phn(path, 16_000)),
    "a.lab": ("0 5000000 aa\n5000000 10000000 b\n", read_lab),
    "b.lab": ("#\n0.5 121 aa\n1.0 121 b\n", read_lab),
    "a.json": (json.dumps({"u": [0, 0, 1, 1], "v": [1]}), frames),
    "u.csv": ('utterance,speaker,age\nu,s,1\n"v",s,2.5\n', read_table),
    "u.tsv": ("utterance\tspeaker\nu\ts\n", read_table),
    "SPEAKERS.TXT": ("; c\n84 | F | dev | 8.02 | A | B\n", read_table),
    "spk2utt": ("s u v\n", read_table),
    "g.json": ('{"s": "F", "t": "M"}', read_table),
    "map.csv": ("phone,phone_class,rename\na,vowel,\nA,vowel,a\n", read_phone_set),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_damage_gives_labels_or_one_line(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text, read = READERS[name]
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(0, 3), label="cuts")):
        start = data.draw(st.integers(0, len(content)), label="start")
        end = data.draw(st.integers(start, min(len(content), start + 12)), label="end")
        content[start:end] = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b",", b"-1", b"1e9"]))
    path = tmp_path / name
    path.write_bytes(bytes(content))
    said = str(path.parent)
    try:
        read(path)
    except CorpusError as error:
        said = str(error)
    assert "\n" not in said
    assert str(path.parent) in said
