"""Semitones around the speaker's median, against the same computed frame by frame."""

import shutil
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from drawn_study import CLASSES, Spoken, Study, draw

from queries import connect
from queries.declare import declare_as
from queries.speaker_pitch import speaker_pitch
from warehouse import QueryError

VOICED = {phone for phone, kind in CLASSES.items() if kind != "unvoiced"}


def semitones(study: Study) -> dict[int, float]:
    """Frame -> 12·log2(F0 / median of its speaker in its corpus), of all frames that have a phone, F0 and a speaker."""
    heard: dict[tuple[str, str], list[float]] = {}
    spoken: dict[int, tuple[tuple[str, str], float]] = {}
    for number, frame in study.frames.items():
        hertz, speaker = frame.spoken.f0[frame.number], frame.spoken.metadata.get("speaker")
        if hertz is not None and speaker is not None and frame.phone not in {"", "spn"}:
            key = (frame.corpus, str(speaker))
            spoken[number] = (key, float(np.float32(hertz)))
            if frame.phone in VOICED:
                heard.setdefault(key, []).append(spoken[number][1])
    return {number: 12 * np.log2(hz / median(heard[key])) for number, (key, hz) in spoken.items() if key in heard}


def expected(study: Study) -> dict[int, str]:
    found = semitones(study)
    groups = {}
    for corpus in {frame.corpus for frame in study.frames.values()}:
        own = {number: value for number, value in found.items() if study.frames[number].corpus == corpus}
        counted = [value for number, value in own.items() if study.frames[number].phone in VOICED]
        edges = np.quantile(counted, [1 / 3, 2 / 3]) if counted else []
        for number, value in own.items():
            groups[number] = ("low", "middle", "high")[int(np.searchsorted(edges, value, side="left"))]
    return groups


def test_groups_are_tertiles_of_semitones(drawn: Study) -> None:
    with connect(drawn.layout.root, properties=[speaker_pitch(drawn.layout.root)]) as con:
        sql = """SELECT frame_id, "group" FROM frame_groups WHERE property = 'speaker_pitch'"""
        assert dict(con.sql(sql).fetchall()) == expected(drawn)
        assert speaker_pitch(con) == speaker_pitch(str(drawn.layout.root))


def test_for_good_is_as_in_a_session(drawn: Study, tmp_path: Path) -> None:
    path = Path(shutil.copytree(drawn.layout.root, tmp_path / "w"))
    prop = speaker_pitch(path, "tone")
    done = declare_as(path, prop)
    counts = """SELECT * EXCLUDE (n, n_middle, n_reference), sum(n)::INT, sum(n_middle)::INT, sum(n_reference)::INT
                FROM activation_counts WHERE property = 'tone' GROUP BY ALL ORDER BY ALL"""
    with connect(path) as good, connect(drawn.layout.root, properties=[prop]) as con:
        assert good.sql(counts).fetchall() == con.sql(counts).fetchall()
    assert dict(done.groups) == {group: [*expected(drawn).values()].count(group) for group in ("low", "middle", "high")}
    with connect(path, properties=[prop]) as con:  # declared already, as it is
        assert con.sql("SELECT made FROM properties WHERE property = 'tone'").fetchall() == [("--speaker-pitch",)]


def test_speakers_of_one_name_in_two_corpora_are_two(tmp_path: Path) -> None:
    study = Study(tmp_path / "w")
    for corpus, hertz in (("c", (100.0, 200.0, 400.0)), ("d", (200.0, 400.0, 800.0))):
        said = [Spoken("u", ("AH", "AH", "AH"), hertz, {"speaker": "it's", "gender": "F"})]
        said += [Spoken("v", ("S", "AH"), (150.0, None), {"speaker": "voiceless", "gender": "F"})]
        said += [Spoken("w", ("AH",), (150.0,), {"speaker": None, "gender": "F"})]
        study.ingest(corpus, said)
    with connect(study.layout.root, properties=[speaker_pitch(study.layout.root)]) as con:
        found = con.sql(
            """SELECT corpus, utterance, list("group" ORDER BY frame) FROM frame_groups INNER JOIN frame_facts
            USING (frame_id) WHERE property = 'speaker_pitch' GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
    assert found == [("c", "u", ["low", "middle", "high"]), ("d", "u", ["low", "middle", "high"])]


def test_later_speakers_have_no_group(tmp_path: Path) -> None:
    study = Study(tmp_path / "w")
    study.ingest("c", draw(np.random.default_rng(0), 6, n_speakers=2))
    prop = speaker_pitch(study.layout.root)
    study.ingest("c", [Spoken("late", ("AH", "AH"), (100.0, 200.0), {"speaker": "s9", "gender": "F"})])
    with connect(study.layout.root, properties=[prop]) as con:
        sql = "SELECT DISTINCT speaker FROM frame_groups INNER JOIN frame_facts USING (frame_id) WHERE property = ?"
        assert ("s9",) not in con.sql(sql, params=["speaker_pitch"]).fetchall()


@pytest.mark.slow
def test_three_thousand_speakers(tmp_path: Path) -> None:
    study = Study(tmp_path / "w", widths=(4,), top_k=1)
    spoken = [Spoken(f"u{i}", ("AH",) * 3, (100.0, 150.0, 225.0), {"speaker": f"{i:04}"}) for i in range(3000)]
    study.ingest("c", spoken, shard_frames=10_000)
    with connect(study.layout.root, properties=[speaker_pitch(study.layout.root)]) as con:
        sql = """SELECT "group", count(*) FROM frame_groups WHERE property = 'speaker_pitch' GROUP BY ALL ORDER BY 1"""
        assert con.sql(sql).fetchall() == [("high", 3000), ("low", 3000), ("middle", 3000)]


def test_without_f0_or_speakers_there_is_nothing_to_be_relative_to(tmp_path: Path) -> None:
    study = Study(tmp_path / "w")
    study.ingest("c", [Spoken("u", ("AH", "S"), (None, float("nan")), {"speaker": "s"})])
    study.ingest("d", [Spoken("u", ("AH",), (100.0,), {"accent": "north"})])
    with pytest.raises(QueryError, match="'speaker_pitch': no voiced frame has F0 and a known speaker"):
        speaker_pitch(study.layout.root)
