"""Colours are told apart in grey and by the colour-blind; names beside points do not lie on each other."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from queries.plot import style
from queries.plot.labels import placed

DEFICIENT = {  # Machado, Oliveira and Fernandes 2009, full severity, on linear RGB
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ rgb / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("n", range(1, 9))
def test_colours_differ_in_lightness_by_clear_steps_and_show_on_white(n: int) -> None:
    lightness = sorted(float(lab(linear(colour))[0]) for colour in style.colours(n))
    assert all(b - a >= (20 if n <= 3 else 7.5) for a, b in pairwise(lightness))
    assert lightness[-1] <= 85


@pytest.mark.parametrize("kind", DEFICIENT)
@pytest.mark.parametrize("palette", [style.FEW, style.MANY])
def test_colours_differ_for_the_colour_blind(palette: tuple[str, ...], kind: str) -> None:
    seen = [lab(np.clip(np.array(DEFICIENT[kind]) @ linear(colour), 0, 1)) for colour in palette]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 12


def test_shapes_and_dashes_differ_beside_colours() -> None:
    assert len(set(style.SHAPES)) == len(style.MANY) == len({tuple(dash) for dash in style.DASHES})
    names = [f"s{i}" for i in range(16)]
    pairs = zip(style.colours(16), style.shape("x", names).to_dict()["scale"]["range"], strict=True)
    assert len(set(pairs)) == 16


def test_names_beside_points_cover_nothing_where_there_is_room() -> None:
    points = np.array([[x, y] for x in range(20, 200, 40) for y in range(20, 200, 30)], dtype=float)
    names = ["AH"] * len(points)
    at = placed(points, names, 8.0, 220.0)
    half = np.array([0.31 * 8 * 2, 0.42 * 8])
    for i, j in combinations(range(len(points)), 2):
        assert (np.abs(at[i] - at[j]) >= 2 * half - 1e-9).any()
    for i, j in [(i, j) for i in range(len(points)) for j in range(len(points))]:
        assert (np.abs(at[i] - points[j]) >= half + 3.5 - 1e-9).any()
    assert ((at - half >= 0) & (at + half <= 220)).all()
