"""Trial lists as files: VoxCeleb's ``1 utterance utterance`` and Kaldi's ``utterance utterance target``."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from queries.plain_files import opened, write_whole
from queries.probes.verification.naming import Named
from queries.probes.verification.trials import Trials
from warehouse.errors import MaskError, QueryError

_VOXCELEB = {"1": True, "0": False}
_KALDI = {"target": True, "nontarget": False}


class _Line(NamedTuple):
    number: int
    fields: tuple[str, str, str]


def read_trials(path: str | Path, names: Sequence[str]) -> Trials:
    """The trials of a list as they stand there, in its order: one that is there twice counts twice.

    Every line is VoxCeleb's ``1 utterance utterance`` (0 = two speakers), or every line Kaldi's
    ``utterance utterance target`` (or ``nontarget``). What reads as either is VoxCeleb's if ``target`` and
    ``nontarget`` there are names of utterances. Blank lines are passed over.

    Args:
        path: the list, in UTF-8.
        names: the utterances, as in column ``utterance`` of table ``utterances``; a list may also give them as paths
            of audio files, as :class:`queries.probes.verification.naming.Named` says.

    Returns:
        Trials over the positions of ``names``.

    Raises:
        QueryError: the file cannot be read or has no trial, a line is no trial, an utterance is unknown or one of
            several, or two lines contradict each other; the message names the file, the line and the utterance.
    """
    path = Path(path)
    lines = _lines(path)
    in_kaldis = _in_kaldis(lines, names)
    named, known = Named(names), dict[str, int]()
    positions = np.empty((2, len(lines)), np.int64)
    is_target = np.empty(len(lines), np.bool_)
    for at, (number, fields) in enumerate(lines):
        *pair, said = fields if in_kaldis else (*fields[1:], fields[0])
        target = (_KALDI if in_kaldis else _VOXCELEB).get(said)
        if target is None:
            raise _no_trial(path, number, " ".join(fields))
        for side, name in enumerate(pair):
            if name not in known:
                try:
                    known[name] = named.position(name)
                except QueryError as error:
                    raise QueryError(f"{path}: line {number}: {error}") from None
            positions[side, at] = known[name]
        if not target and positions[0, at] == positions[1, at]:
            raise QueryError(
                f"{path}: line {number}: {pair[0]!r} is compared with itself as with another speaker; correct the line"
            )
        is_target[at] = target
    trials = Trials(positions[0], positions[1], is_target)
    _refuse_contradictions(path, trials, lines, names)
    return trials


def write_trials(path: str | Path, trials: Trials, names: Sequence[str]) -> None:
    """Write a list in VoxCeleb's form, whole or not at all; a file that is there is replaced.

    Args:
        path: the file.
        trials: at least one.
        names: the utterances.

    Raises:
        QueryError: the file cannot be written, there is no trial, or a name would not be read again: it is empty or
            holds a blank, or two utterances have it.
    """
    trials.check(len(names))
    if not len(trials):
        raise QueryError(f"{path}: there is no trial to write; give at least one")
    used: dict[str, int] = {}
    for position in np.unique([trials.first, trials.second]).tolist():
        name = names[position]
        if name.split() != [name] or name.encode(errors="ignore").decode() != name:
            raise QueryError(f"{path}: a trial list cannot name utterance {name!r}; leave its trials out")
        if used.setdefault(name, position) != position:
            raise QueryError(f"{path}: two utterances are called {name!r}; write the trials of one corpus at a time")
    columns = trials.is_target.tolist(), trials.first.tolist(), trials.second.tolist()
    text = "".join(f"{target:d} {names[one]} {names[other]}\n" for target, one, other in zip(*columns, strict=True))
    try:
        write_whole(Path(path), text.encode())
    except MaskError as error:
        raise QueryError(str(error)) from None


def _lines(path: Path) -> list[_Line]:
    try:
        with opened(path) as file:
            data = file.read()
    except MaskError as error:
        raise QueryError(str(error)) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise QueryError(f"{path}: line {number}: not UTF-8; save the file as UTF-8") from None
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if len(fields) == 3:
            lines.append(_Line(number, (fields[0], fields[1], fields[2])))
        elif fields:
            raise _no_trial(path, number, " ".join(fields))
    if not lines:
        raise QueryError(f"{path}: has no trial; write a line for each, such as '1 utterance utterance'")
    return lines


def _in_kaldis(lines: list[_Line], names: Sequence[str]) -> bool:
    """Whether a list is in Kaldi's form; where lines are in either, the first says which was meant."""
    last = {fields[2] for _, fields in lines}
    if all(fields[0] in _VOXCELEB for _, fields in lines):
        return last <= _KALDI.keys() and not all(name in names for name in last)
    return lines[0].fields[2] in _KALDI


def _no_trial(path: Path, number: int, line: str) -> QueryError:
    return QueryError(
        f"{path}: line {number}: {line!r:.200} is no trial; let all lines be '1 utterance utterance' (or 0), or all "
        "'utterance utterance target' (or nontarget)"
    )


def _refuse_contradictions(path: Path, trials: Trials, lines: list[_Line], names: Sequence[str]) -> None:
    pairs = np.sort([trials.first, trials.second], axis=0)
    number = pairs[0] * len(names) + pairs[1]
    order = np.argsort(number, kind="stable")
    earlier, later = order[:-1], order[1:]
    clash = (number[earlier] == number[later]) & (trials.is_target[earlier] != trials.is_target[later])
    if clash.any():
        at = later[clash].argmin()
        before, after = int(earlier[clash][at]), int(later[clash][at])
        one, other = names[trials.first[after]], names[trials.second[after]]
        said = ("one speaker", "two") if trials.is_target[after] else ("two speakers", "one")
        raise QueryError(
            f"{path}: line {lines[after].number}: {one!r} and {other!r} are of {said[0]} here and of {said[1]} in "
            f"line {lines[before].number}; keep one of the two"
        )
