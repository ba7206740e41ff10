from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.textgrid import parse_textgrid, parse_tiers, read_textgrid
from warehouse.errors import CorpusError

Tiers = dict[str, list[tuple[str, str, str]]]

TWO_TIERS: Tiers = {
    "words": [("0", "0.2", ""), ("0.2", "0.6", "hi"), ("0.6", "0.9", "")],
    "phones": [("0", "0.2", ""), ("0.2", "0.35", "HH"), ("0.35", "0.6", "AY1"), ("0.6", "0.9", "")],
}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def long_form(tiers: Tiers) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", "xmax = 1 ", "tiers? <exists> "]
    lines += [f"size = {len(tiers)} ", "item []: "]
    for at, (name, rows) in enumerate(tiers.items(), start=1):
        lines += [f"    item [{at}]:", '        class = "IntervalTier" ', f"        name = {quoted(name)} "]
        lines += ["        xmin = 0 ", "        xmax = 1 ", f"        intervals: size = {len(rows)} "]
        for place, (start, end, label) in enumerate(rows, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {start} "]
            lines += [f"            xmax = {end} ", f"            text = {quoted(label)} "]
    return "\n".join(lines) + "\n"


def short_form(tiers: Tiers) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "1", "<exists>", str(len(tiers))]
    for name, rows in tiers.items():
        lines += ['"IntervalTier"', quoted(name), "0", "1", str(len(rows))]
        for start, end, label in rows:
            lines += [start, end, quoted(label)]
    return "\n".join(lines) + "\n"


FORMS = {"long": long_form, "short": short_form}
ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 little-endian": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16 big-endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 little-endian, no mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 big-endian, no mark": lambda text: text.encode("utf-16-be"),
    "UTF-8, Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_phones_come_with_their_words(form, encode) -> None:
    found = parse_textgrid(encode(form(TWO_TIERS)), "a.TextGrid")
    assert [each[:3] for each in found] == [
        (0, 200_000, ""),
        (200_000, 350_000, "HH"),
        (350_000, 600_000, "AY1"),
        (600_000, 900_000, ""),
    ]
    assert [each.word for each in found] == [None, "hi", "hi", None]


labels = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6).map(str.strip)
tilings = st.lists(st.tuples(st.integers(1_001, 400_000), labels), min_size=1, max_size=12)


@settings(deadline=None)
@given(
    tilings,
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(ENCODINGS)),
    st.sampled_from(["{:.6f}", "{!r}", "{:.17g}"]),
)
def test_what_is_written_is_read(tiling: list[tuple[int, str]], form: str, encoding: str, number: str) -> None:
    rows, expected, start = [], [], 0
    for length, label in tiling:
        rows.append((number.format(start / 1e6), number.format((start + length) / 1e6), label))
        expected.append((start, start + length, label))
        start += length
    data = ENCODINGS[encoding](FORMS[form]({"words": [("0", "1", 'a "b" ! 3 <c>')], "phones": rows}))
    assert [each[:3] for each in parse_textgrid(data, "a.TextGrid")] == expected


def test_point_tiers_and_comments_are_passed_over() -> None:
    text = short_form(TWO_TIERS).replace("<exists>\n2", '<exists> ! what follows\n3 ! tiers: "many" 7')
    text += '"TextTier"\n"bell"\n0\n1\n2\n0.1\n"ding"\n0.2\n"dong"\n'
    assert [tier.name for tier in parse_tiers(text, "a")] == ["words", "phones"]


@pytest.mark.parametrize("name", ["phones", "phone", "Phones", "anna - phones", "Anna Maria - phone", "phonemes"])
def test_the_phone_tier_is_found_by_its_name(name: str) -> None:
    words = name.rpartition(" - ")[0]
    tiers = {"other": [("0", "1", "zzz")], f"{words} - words" if words else "words": [("0", "1", "yes")]}
    found = parse_textgrid(long_form({**tiers, name: [("0", "1", "AA")]}).encode(), "a")
    assert found[0][:3] == (0, 1_000_000, "AA")
    assert found[0].word == "yes"


def test_words_are_those_of_the_same_speaker() -> None:
    tiers = {"bo - words": [("0", "1", "no")], "al - words": [("0", "1", "yes")], "al - phones": [("0", "1", "AA")]}
    assert parse_textgrid(long_form(tiers).encode(), "a")[0].word == "yes"


def test_several_phone_tiers_ask_for_the_tier() -> None:
    data = long_form({"al - phones": [("0", "1", "AA")], "bo - phones": [("0", "1", "IY")]}).encode()
    with pytest.raises(CorpusError, match=r"several phone tiers: 'al - phones', 'bo - phones'; say which with tier="):
        parse_textgrid(data, "a.TextGrid")
    assert parse_textgrid(data, "a.TextGrid", tier="bo - phones")[0].label == "IY"


def test_another_tier_can_be_named() -> None:
    data = short_form({**TWO_TIERS, "MAU": [("0", "1", "Q")]}).encode()
    assert parse_textgrid(data, "a", tier="mau")[0].label == "Q"
    with pytest.raises(CorpusError, match=r"no interval tier 'KAN'; its interval tiers: 'words', 'phones', 'MAU'"):
        parse_textgrid(data, "a", tier="KAN")


def test_no_phone_tier_lists_the_tiers() -> None:
    with pytest.raises(CorpusError, match=r"a\.TextGrid: has no tier called phones; its interval tiers: 'words'"):
        parse_textgrid(long_form({"words": []}).encode(), "a.TextGrid")


def test_an_empty_phone_tier_is_an_error() -> None:
    with pytest.raises(CorpusError, match="tier 'phones' has no intervals"):
        parse_textgrid(long_form({"phones": []}).encode(), "a")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_truncated_file_is_an_error_wherever_it_ends(form) -> None:
    lines = form(TWO_TIERS).splitlines()
    for kept in range(2, len(lines)):
        with pytest.raises(CorpusError, match=r"a\.TextGrid: (ends early|has no tier called phones)"):
            parse_textgrid("\n".join(lines[:kept]).encode(), "a.TextGrid")


def test_overlapping_intervals_are_named() -> None:
    data = long_form({"phones": [("0", "0.5", "AA"), ("0.4", "0.9", "B")]}).encode()
    with pytest.raises(
        CorpusError, match=r"a\.TextGrid: tier 'phones': interval 1 \('AA', 0 s to 0\.5 s\) and interval 2"
    ):
        parse_textgrid(data, "a.TextGrid")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"hello", "is no TextGrid"),
        (b'"Praat chronological TextGrid text file"\n0 1', "is no TextGrid"),
        ('File type = "ooTextFile"\nObject class = "TextGrid"\n\u00e6'.encode("latin-1"), "is not UTF-8"),
        (long_form({"phones": [("0", "x.y", "AA")]}).encode(), "damaged in tier 1"),
    ],
)
def test_a_file_that_is_none_says_so(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=rf"a\.TextGrid: .*{reason}"):
        read_textgrid(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a\.TextGrid: cannot be read \(No such file"):
        read_textgrid(tmp_path / "a.TextGrid")
