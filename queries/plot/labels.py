"""Where names stand beside their points so that they do not lie on each other."""

from collections.abc import Sequence

import numpy as np

_BESIDE = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_FAR = 2.2
"""How much farther off a name may stand where all eight places beside its point are taken."""


def placed(points: np.ndarray, names: Sequence[str], font: float, size: float, radius: float = 3.5) -> np.ndarray:
    """Centres of names beside points, each where it covers the least of points and of names that stand already.

    Points with the fewest neighbours choose last: they have room.

    Args:
        points: (n, 2) in pixels.
        names: (n,) text.
        font: size of the text in pixels.
        size: of the picture, a square from 0, which the names stay in.
        radius: of the marks.

    Returns:
        (n, 2) in pixels.
    """
    half = np.array([[0.35 * font * len(name), 0.42 * font] for name in names])
    centres = np.array(points, dtype=np.float64)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    order = np.argsort(-(distance < 4 * font).sum(axis=1), kind="stable")
    taken_at, taken_half = [points], [np.full((len(points), 2), radius)]
    for i in order:
        best = None
        for far in (1.0, _FAR):
            for rank, (right, up) in enumerate(_BESIDE):
                offset = np.array([right * (half[i, 0] + radius), up * (half[i, 1] + radius)]) * far
                centre = points[i] + offset
                shared = (np.vstack(taken_half) + half[i]) - np.abs(np.vstack(taken_at) - centre)
                cost = float(np.prod(np.clip(shared, 0, None), axis=1).sum()) + 0.01 * rank + (2.0 if far > 1 else 0.0)
                if (centre - half[i] < 0).any() or (centre + half[i] > size).any():
                    cost += 1e6
                if best is None or cost < best[0]:
                    best = (cost, centre)
        assert best is not None
        centres[i] = best[1]
        taken_at.append(centres[i : i + 1])
        taken_half.append(half[i : i + 1])
    return centres
