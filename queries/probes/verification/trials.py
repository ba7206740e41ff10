"""Trials of speaker verification: pairs of utterances, and whether one speaker says both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warehouse.errors import QueryError


@dataclass(frozen=True, eq=False)
class Trials:
    """A list of trials over utterances, which are counted from 0.

    Attributes:
        first: (n,) whole numbers, the position of one utterance.
        second: (n,) that of the other.
        is_target: (n,) booleans, whether one speaker says both.
    """

    first: np.ndarray
    second: np.ndarray
    is_target: np.ndarray

    def __post_init__(self) -> None:
        """Refuse arrays that are no list of trials.

        Raises:
            QueryError: other shapes or types.
        """
        arrays = self.first, self.second, self.is_target
        lists = self.first.ndim == 1 and len({array.shape for array in arrays}) == 1
        if not lists or [array.dtype.kind for array in arrays] != ["i", "i", "b"]:
            shown = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
            raise QueryError(
                f"trials: first, second and is_target are {shown}; give two lists of whole numbers and one of "
                "booleans, equally long"
            )

    def __len__(self) -> int:
        return len(self.first)

    def check(self, n_utterances: int) -> None:
        """Refuse trials of utterances that are not there.

        Raises:
            QueryError: a position is negative or not below ``n_utterances``.
        """
        for positions in (self.first, self.second):
            wrong = (positions < 0) | (positions >= n_utterances)
            if wrong.any():
                raise QueryError(
                    f"trial {int(wrong.argmax())}: there is no utterance {int(positions[wrong][0])}; there are "
                    f"{n_utterances}, counted from 0"
                )


def made_trials(speakers: Sequence[str | None], seed: int, most: int) -> Trials:
    """Pairs of utterances, drawn among all that one speaker says and among all that two speakers say.

    Each kind is drawn by itself, every pair as likely as another, without replacement; where there are no more than
    ``most``, all of them are taken. No utterance meets itself, and no two meet twice. The pairs are drawn by their
    numbers, so memory grows with the utterances and with ``most`` and not with the pairs.

    Args:
        speakers: who says each utterance; one whose speaker is None is in no trial.
        seed: what is drawn, 0 or more.
        most: trials of one speaker, and trials of two speakers, at most.

    Returns:
        The trials, ``first < second``, ordered by the two.

    Raises:
        QueryError: no speaker has two utterances, there are not two speakers, or a number is out of range.
    """
    for name, number, least in (("seed", seed, 0), ("most", most, 1)):
        if number < least:
            raise QueryError(f"{name}: {number} is less than {least}; give {least} or more")
    order, begins = _by_speaker(speakers)
    earlier = np.arange(len(order)) - begins
    n_targets, n_others = int(earlier.sum()), int(begins.sum())
    if not n_targets:
        raise QueryError("no speaker has two utterances, so there is no target trial; give more utterances")
    if not n_others:
        raise QueryError("there are not two speakers, so there is no trial of others; give more utterances")
    generator = np.random.default_rng(seed)
    # Each utterance meets those of its speaker before it in the order, and those of the speakers before its own.
    targets = _pairs(begins, earlier, _drawn(n_targets, most, generator))
    others = _pairs(np.zeros_like(begins), begins, _drawn(n_others, most, generator))
    pairs = np.sort(order[np.concatenate([targets, others], axis=1)], axis=0)
    sorted_ = np.lexsort((pairs[1], pairs[0]))
    return Trials(pairs[0][sorted_], pairs[1][sorted_], sorted_ < targets.shape[1])


def _by_speaker(speakers: Sequence[str | None]) -> tuple[np.ndarray, np.ndarray]:
    """The known utterances, those of a speaker together, and for each of them where its speaker begins."""
    codes: dict[str, int] = {}
    code = np.array([-1 if name is None else codes.setdefault(name, len(codes)) for name in speakers], np.int64)
    order = np.argsort(code, kind="stable")[np.count_nonzero(code < 0) :]
    return order, np.searchsorted(code[order], code[order], side="left").astype(np.int64)


def _pairs(begins: np.ndarray, counts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(2, n) places of the pairs of some numbers, when pairs are counted place by place.

    Args:
        begins: (places,) the first place that a place meets.
        counts: (places,) how many it meets, one after the other.
        numbers: (n,) which pairs.
    """
    ends = np.cumsum(counts)
    place = np.searchsorted(ends, numbers, side="right")
    return np.stack([begins[place] + numbers - (ends - counts)[place], place])


def _drawn(total: int, most: int, generator: np.random.Generator) -> np.ndarray:
    """At most ``most`` different numbers below ``total``, in memory that grows with ``most``."""
    if total <= most:
        return np.arange(total)
    if total < 2 * most:
        return generator.permutation(total)[:most]
    drawn = np.empty(0, np.int64)
    while len(drawn) < most:  # what was drawn before is passed over; by then half of them are still free
        drawn = np.concatenate([drawn, generator.integers(total, size=most)])
        drawn = drawn[np.sort(np.unique(drawn, return_index=True)[1])]
    return drawn[:most]
