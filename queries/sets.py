"""Sets of neurons from sums: what the SQL of activation_patterns, group_candidates and group_neurons says, in NumPy.

Every axis before the cells' is a batch: one row for each permutation or resample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

NEVER = 2**31 - 1
"""More frames than any cell has: the threshold of a cell that was not seen."""


@dataclass(frozen=True)
class Cells:
    """The cells (group, phone) that frames can fall in, sorted by group; C cells, G groups.

    Attributes:
        group: (C,) place of the group.
        phone: (C,) place of the phone.
        n_groups: G; a group may have no cell.
    """

    group: np.ndarray
    phone: np.ndarray
    n_groups: int

    def __len__(self) -> int:
        return len(self.group)

    @cached_property
    def _starts(self) -> tuple[np.ndarray, np.ndarray]:
        return np.unique(self.group, return_index=True)

    def by_group(self, of_cells: np.ndarray) -> np.ndarray:
        """(…, C) truth of each cell -> (…, G) how many of each group's cells it holds of."""
        groups, starts = self._starts
        kind = np.uint8 if len(self) < 256 or int(self.phone.max()) < 255 else np.uint32
        found = np.zeros((*of_cells.shape[:-1], self.n_groups), kind)
        if len(groups):
            alone = len(groups) == len(self)  # one phone a group, as for the property phone
            held = of_cells.view(np.uint8)
            found[..., groups] = held if alone else np.add.reduceat(held, starts, axis=-1, dtype=kind)
        return found


def cells_of(group: np.ndarray, phone: np.ndarray, n_groups: int) -> tuple[Cells, np.ndarray]:
    """The cells that some pieces fall in, and the cell of each piece, (P,) int32."""
    n_phones = int(phone.max()) + 1 if len(phone) else 1
    found, cell = np.unique(group * n_phones + phone, return_inverse=True)
    return Cells(found // n_phones, found % n_phones, n_groups), cell.astype(np.int32)


def all_cells(n_groups: int, n_phones: int) -> Cells:
    """Every phone in every group: cell = group * n_phones + phone."""
    return Cells(np.repeat(np.arange(n_groups), n_phones), np.tile(np.arange(n_phones), n_groups), n_groups)


@dataclass(frozen=True)
class Rule:
    """How sums become sets ([A] §3.2, §4.1).

    Attributes:
        baseline: probability that must be exceeded.
        z: with it, the Wilson lower bound must exceed the baseline.
        sigma: share of a group's phones that a neuron must respond to.
        min_frames: a cell with fewer frames counts as not seen.
        declared: phones that each group can have, where those and not the ones seen are divided by.
    """

    baseline: float
    z: float | None
    sigma: float
    min_frames: int
    declared: Sequence[int] | None

    def thresholds(self, frames: np.ndarray) -> np.ndarray:
        """Fewest active frames with which a neuron responds to a cell, by the cell's frames; ``NEVER`` if not seen."""
        sizes, place = np.unique(frames.astype(np.int64), return_inverse=True)
        seen = np.maximum(sizes, 1)
        if self.z is None:
            least = np.maximum(np.floor(self.baseline * seen).astype(np.int64) - 1, 1)
            for _ in range(4):
                least += ~(least / seen > self.baseline)
        else:
            below, least = np.zeros_like(seen), seen + 1  # the bound grows with the active frames: halve the span
            while np.any(least - below > 1):
                middle = np.maximum((below + least) // 2, 1)
                responds = wilson_bound(middle, seen, -self.z) > self.baseline
                least, below = np.where(responds, middle, least), np.where(responds, below, middle)
            least = np.where(least > seen, NEVER, least)
        return np.where(sizes >= self.min_frames, least, NEVER)[place].reshape(frames.shape)

    def needed(self, frames: np.ndarray, cells: Cells) -> np.ndarray:
        """(…, C) frames -> (…, G) phones that a neuron must respond to so that it is in N_i."""
        n_phones = cells.by_group(frames >= self.min_frames).astype(np.int32)
        if self.declared is not None:
            n_phones = np.broadcast_to(np.asarray(self.declared), n_phones.shape)
        return np.maximum(np.ceil(self.sigma * n_phones - 1e-9), 1).astype(np.int32)


def group_neurons(n_active: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """G_i ([A] eq. 4): neurons that respond to enough phones of one group alone.

    Args:
        n_active: (…, G, neurons) phones of each group that each neuron responds to.
        needed: (…, G) phones that it must respond to.

    Returns:
        (…, G, neurons) bool.
    """
    candidate = n_active >= needed[..., None]
    kind = np.uint8 if candidate.shape[-2] < 256 else np.uint32
    alone = np.add.reduce(candidate.view(np.uint8), axis=-2, dtype=kind) == 1
    found: np.ndarray = candidate & alone[..., None, :]
    return found


def wilson_bound(n_active: Any, n_frames: Any, signed_z: float) -> Any:
    """Wilson score bound of n_active of n_frames, in the order of operations of the SQL macro of that name."""
    n_frames = np.asarray(n_frames, np.float64)
    p, z = n_active / n_frames, signed_z
    root = np.sqrt(np.maximum(p * (1 - p) / n_frames + z * z / (4 * n_frames * n_frames), 0))
    return np.clip((p + z * z / (2 * n_frames) + z * root) / (1 + z * z / n_frames), 0, 1)
