"""Phone sets: which phones exist, what class each is in, and how labels are spelled canonically.

Three ship as CSV beside this module, and a user's own map has the same columns (phone, phone_class and,
where the label is not the phone, rename):

- ``arpabet``: the 39 phones of CMUdict in the classes of *Property Neurons* (docs/method.md). Stress digits go,
  case does not matter, and reduced or syllabic variants join their phone (AX → AH as in CMUdict, which has
  no schwa; EL → L; the tap DX → D because it is voiced; the glottal stop Q, which has no phone, is silence);
- ``timit``: TIMIT's 61 labels on those 39, closures on their stop (AO and ZH stay, unlike in Lee and Hon);
- ``mfa-ipa``: the IPA of the Montreal Forced Aligner's English dictionaries, 2.0 to 3.1, kept as it is.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path

from ingest.corpora.encoding import read_text
from warehouse.errors import CorpusError

SILENCE = ""
NOISE = "spn"
UNLABELLED = "*"

_SILENT = frozenset(
    (
        "",
        "sil",
        "sp",
        "ssil",
        "silence",
        "h#",
        "#",
        "pau",
        "pause",
        "epi",
        "<eps>",
        "<sil>",
        "<p:>",
        "<s>",
        "</s>",
    )
)
_NOISY = frozenset(("spn", "<spn>", "nsn", "<unk>", "unk", "[unk]", "noise", "<noise>", "[noise]"))
_STRESSED = re.compile(r"(AA|AE|AH|AO|AW|AY|EH|ER|EY|IH|IY|OW|OY|UH|UW)[012]", re.IGNORECASE)
_FILES = {"arpabet": "arpabet.csv", "timit": "timit.csv", "mfa-ipa": "mfa_english_ipa.csv"}


@dataclass(frozen=True)
class PhoneSet:
    """The declared phones of a corpus.

    Attributes:
        name: ``arpabet``, ``timit``, ``mfa-ipa``, ``any``, or the stem of the user's map.
        classes: every declared phone, seen or not → its class, None when it has none. Silence and noise
            are never declared. The `reference` reading counts over these (docs/method.md).
        rename: label → phone, ``''`` or ``'spn'``, for labels that are not spelled as their phone.
        ignore_case: whether ``aa`` is AA.
    """

    name: str
    classes: Mapping[str, str | None]
    rename: Mapping[str, str] = field(default_factory=dict)
    ignore_case: bool = False

    def canonical(self, label: str) -> str | None:
        """The phone that a label names: ``''`` for silence, ``'spn'`` for noise, None when unknown."""
        for form in self._forms(label):
            if form in self.rename:
                return self.rename[form]
            if form in self.classes:
                return form
        if is_silence(label):
            return SILENCE
        return NOISE if is_noise(label) else None

    def _forms(self, label: str) -> Iterator[str]:
        yield label
        if not label.isascii():
            yield unicodedata.normalize("NFC", label)
        bare = label[:-1] if _STRESSED.fullmatch(label) else label
        yield bare
        if self.ignore_case:
            yield bare.upper()
            yield bare.lower()


def is_silence(label: str) -> bool:
    """Whether a label is one of the usual names of silence, such as nothing, sil, sp, h# or pau."""
    return label.lower() in _SILENT


def is_noise(label: str) -> bool:
    """Whether a label is one of the usual names of noise or an unknown word, such as spn, <unk> or noise."""
    return label.lower() in _NOISY


def unlabelled() -> PhoneSet:
    """The phone set of a corpus without phone labels: every frame's phone is ``*``."""
    return PhoneSet("none", {UNLABELLED: None})


def phone_set_for(phones: "str | Path | PhoneSet", seen: Collection[str]) -> PhoneSet:
    """The phone set that a user's wish and the labels seen call for.

    Args:
        phones: ``auto`` takes the shipped set that knows most of the labels, if it knows half of them, and
            ``any`` otherwise; ``any`` keeps every label as it is, without classes; or a shipped set's name,
            the path of a CSV map, a PhoneSet.
        seen: the distinct labels of the corpus.

    Returns:
        The set. It declares every phone of ARPABET or of a map; of ``mfa-ipa``, whose rows span several
        dialects, and of ``any`` only the phones seen.

    Raises:
        CorpusError: no such set or file, or a map with a wrong row.
    """
    if isinstance(phones, PhoneSet):
        return phones
    if phones == "auto":
        spoken = [label for label in seen if not is_silence(label) and not is_noise(label)]
        known = {name: sum(shipped(name).canonical(label) is not None for label in spoken) for name in _FILES}
        best = max(known, key=lambda name: known[name])
        phones = best if spoken and 2 * known[best] >= len(spoken) else "any"
    if phones == "any":
        return PhoneSet("any", {label: None for label in sorted(seen) if not is_silence(label) and not is_noise(label)})
    if phones in _FILES:
        declared = shipped(str(phones))
        if phones != "mfa-ipa":
            return declared
        found = {declared.canonical(label) for label in seen}
        return replace(declared, classes={phone: c for phone, c in declared.classes.items() if phone in found})
    path = Path(phones)
    if not path.is_file():
        raise CorpusError(
            f"{phones}: is no phone set; give auto, any, {', '.join(_FILES)}, or a CSV file "
            f"with the columns phone, phone_class and rename"
        )
    return read_phone_set(path)


@cache
def shipped(name: str) -> PhoneSet:
    """A phone set that ships: ``arpabet``, ``timit`` or ``mfa-ipa``, with everything it declares."""
    text = resources.files("ingest.corpora").joinpath("phone_sets", _FILES[name]).read_text(encoding="utf-8")
    return replace(parse_phone_set(text, name, _FILES[name]), ignore_case=name != "mfa-ipa")


def read_phone_set(path: Path) -> PhoneSet:
    """Reads a user's CSV map, named after the file; `parse_phone_set` says what it holds."""
    return parse_phone_set(read_text(path), path.stem, str(path))


def parse_phone_set(text: str, name: str, where: str) -> PhoneSet:
    """A phone set from CSV with the columns phone, phone_class and, where wanted, rename.

    A row declares its phone, or with `rename` says which phone its label means; the class is that of the
    phone. The class ``silence`` and a rename to a name of silence make silence, ``noise`` likewise noise.

    Raises:
        CorpusError: a column lacks, a label has two rows, or a phone two classes.
    """
    rows = csv.DictReader(io.StringIO(text, newline=None))
    classes: dict[str, str | None] = {}
    rename: dict[str, str] = {}
    labels = set()
    try:
        columns = {(column or "").strip().lower(): column for column in rows.fieldnames or ()}
        if not {"phone", "phone_class"} <= columns.keys():
            raise CorpusError(f"{where}: line 1: a phone map has the columns phone and phone_class; name them so")
        for row in rows:
            line = f"{where}: line {rows.line_num}"
            label, phone_class, wanted = (
                (row[columns[column]] or "").strip() if column in columns else ""
                for column in ("phone", "phone_class", "rename")
            )
            if label in labels:
                raise CorpusError(f"{line}: phone {label!r} has a row already; remove one")
            labels.add(label)
            phone = wanted or label
            declared = phone_class and not wanted  # a class makes a phone even of sp
            if phone_class == "silence" or (is_silence(phone) and not declared):
                rename[label] = SILENCE
            elif phone_class == "noise" or (is_noise(phone) and not declared):
                rename[label] = NOISE
            elif (known := classes.setdefault(phone, phone_class or None)) != (phone_class or None):
                raise CorpusError(f"{line}: phone {phone!r} is {known!r} above and {phone_class!r} here; keep one")
            elif phone != label:
                rename[label] = phone
    except csv.Error as error:
        raise CorpusError(f"{where}: line {rows.line_num}: is no CSV ({error}); export the map again") from None
    return PhoneSet(name, classes, rename)
