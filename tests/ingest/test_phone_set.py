from collections import Counter
from pathlib import Path

import pytest

from ingest.corpora.phone_set import PhoneSet, parse_phone_set, phone_set_for, shipped
from warehouse.errors import CorpusError


def listed(phones: str) -> list[str]:
    return phones.split()


VOWELS = listed("IY IH EH AE AA AH AO UH EY AY OY AW OW ER UW")
VOICED = listed("B D G JH DH Z ZH V M N NG L R W Y")
UNVOICED = listed("P T K CH TH S SH F HH")
TIMIT = listed(
    "b d g p t k dx q jh ch s sh z zh f th v dh m n ng em en eng nx l r w y hh hv el "
    "iy ih eh ey ae aa aw ay ah ao oy ow uh uw ux er ax ix axr ax-h bcl dcl gcl pcl tcl kcl pau epi h#"
)
MFA = listed(  # every phone of the English dictionaries that MFA publishes, versions 2.0, 2.2 and 3.1
    "a aj aw aː b bʲ c cʰ cʷ d dʒ dʲ d̪ e ej eː f fʲ fʷ h i iː j k kp kʰ kʷ l m mʲ m̩ n n̩ o ow oː p pʰ pʲ pʷ s "
    "t tʃ tʰ tʲ tʷ t̪ u uː v vʲ vʷ w z æ ç ð ŋ ɐ ɑ ɑː ɒ ɒː ɔ ɔj ɖ ə əw ɚ ɛ ɛː ɜ ɜː ɝ ɟ ɟʷ ɡ ɡb ɡʷ ɪ ɫ ɫ̩ ɱ "
    "ɲ ɹ ɾ ɾʲ ɾ̃ ʃ ʈ ʈʲ ʈʷ ʉ ʉː ʊ ʋ ʎ ʒ ʔ θ"
)


@pytest.mark.parametrize("name", ["arpabet", "timit"])
def test_the_classes_are_those_of_the_paper(name: str) -> None:
    expected = {
        **dict.fromkeys(VOWELS, "vowel"),
        **dict.fromkeys(VOICED, "voiced"),
        **dict.fromkeys(UNVOICED, "unvoiced"),
    }
    assert shipped(name).classes == expected


def test_stress_and_case_are_dropped() -> None:
    arpabet = shipped("arpabet")
    assert [arpabet.canonical(label) for label in ("AH0", "AH1", "ah2", "AH", "hh", "AX", "el")] == [
        *["AH"] * 4,
        "HH",
        "AH",
        "L",
    ]
    assert [arpabet.canonical(label) for label in ("AH3", "B1", "XX", "A")] == [None] * 4


@pytest.mark.parametrize("label", ["", "sil", "SIL", "sp", "SP", "h#", "pau", "epi", "<eps>", "silence"])
def test_names_of_silence(label: str) -> None:
    assert shipped("arpabet").canonical(label) == ""
    assert phone_set_for("any", {label, "x"}).canonical(label) == ""


@pytest.mark.parametrize("label", ["spn", "SPN", "<unk>", "UNK", "noise"])
def test_names_of_noise(label: str) -> None:
    assert shipped("mfa-ipa").canonical(label) == "spn"


def test_timits_61_labels_all_have_a_phone() -> None:
    timit = shipped("timit")
    assert len(set(TIMIT)) == 61
    found = {label: timit.canonical(label) for label in TIMIT}
    assert set(found.values()) == {*VOWELS, *VOICED, *UNVOICED, ""}
    sample = ("bcl", "tcl", "dx", "hv", "ux", "axr", "ao", "zh", "q", "h#")
    assert [found[label] for label in sample] == ["B", "T", "D", "HH", "UW", "ER", "AO", "ZH", "", ""]


def test_mfas_phones_all_have_a_class() -> None:
    ipa = shipped("mfa-ipa")
    assert [phone for phone in MFA if ipa.canonical(phone) != phone] == []
    assert Counter(ipa.classes.values()).keys() == {"vowel", "voiced", "unvoiced"}
    assert [ipa.classes[phone] for phone in ("ɑː", "ɔj", "d̪", "ɫ̩", "tʃ", "ʔ")] == [
        *["vowel"] * 2,
        *["voiced"] * 2,
        *["unvoiced"] * 2,
    ]
    assert ipa.canonical("c\u0327") == "ç"  # decomposed, as macOS writes it
    assert ipa.canonical("g") == "ɡ"
    assert ipa.canonical("t͡ʃ") == "tʃ"


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (["AH0", "T", "", "sp"], "arpabet"),
        (["ah", "t", "iy"], "arpabet"),
        (TIMIT, "timit"),
        (MFA, "mfa-ipa"),
        (["tʰ", "iː", "spn"], "mfa-ipa"),
        (["AA", "B", "XX", "YY"], "arpabet"),  # half is enough: XX and YY will be errors
        (["AA", "XX", "YY"], "any"),
        (["a1", "zh", "ang4", "ch", "ian2"], "any"),
        (["", "sil"], "any"),
    ],
)
def test_auto_takes_the_set_that_knows_most(seen: list[str], name: str) -> None:
    assert phone_set_for("auto", set(seen)).name == name


def test_what_a_set_declares() -> None:
    assert len(phone_set_for("arpabet", {"AA"}).classes) == 39
    assert phone_set_for("mfa-ipa", {"tʃ", "iː", "sil"}).classes == {"iː": "vowel", "tʃ": "unvoiced"}
    assert phone_set_for("any", {"x", "sil", "AH0"}).classes == {"AH0": None, "x": None}


def test_a_users_map(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "phone,phone_class,rename\na,vowel,\nA,vowel,a\nk,unvoiced,\nsp,unvoiced,\nbr,silence,\nclick,noise,\n_,,sil\nm,,\n"
    )
    found = phone_set_for(path, {"a"})
    assert found == PhoneSet(
        "mine",
        {"a": "vowel", "k": "unvoiced", "sp": "unvoiced", "m": None},
        {"A": "a", "br": "", "click": "spn", "_": ""},
    )
    assert [found.canonical(label) for label in ("A", "sp", "br", "click", "_", "sil", "AH0", "K")] == [
        "a",
        "sp",
        "",
        "spn",
        "",
        "",
        None,
        None,
    ]


def test_a_users_map_may_leave_stress_to_us() -> None:
    found = parse_phone_set("phone,phone_class\nAH,vowel\na1,tone\n", "m", "m.csv")
    assert [found.canonical(label) for label in ("AH0", "a1", "a2")] == ["AH", "a1", None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("symbol,phone_class\na,vowel\n", "line 1: a phone map has the columns phone and phone_class"),
        ("phone,phone_class\na,vowel\na,vowel\n", "line 3: phone 'a' has a row already"),
        ("phone,phone_class,rename\na,vowel,\nb,voiced,a\n", "line 3: phone 'a' is 'vowel' above and 'voiced' here"),
    ],
)
def test_a_wrong_row_of_a_map_is_named(text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=rf"m\.csv: {reason}"):
        parse_phone_set(text, "m", "m.csv")


def test_an_unknown_set_lists_those_that_exist() -> None:
    with pytest.raises(
        CorpusError, match="arpabat: is no phone set; give auto, any, arpabet, timit, mfa-ipa, or a CSV"
    ):
        phone_set_for("arpabat", set())
