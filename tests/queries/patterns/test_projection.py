"""Projections against scikit-learn called directly, and input that has no picture."""

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.manifold import MDS

from queries.patterns import pattern_matrices, project, projections


def test_points_are_those_of_scikit_learn(ordinary: Any) -> None:
    for seed, found in enumerate(projections(ordinary.con, "speaker", seed=seed) for seed in (0, 1)):
        for projection in found:
            mds = MDS(
                n_components=2,
                metric_mds=True,
                metric="euclidean",
                init="random",
                n_init=4,
                max_iter=300,
                eps=1e-6,
                normalized_stress=False,
                random_state=seed,
            )
            expected = mds.fit_transform(projection.patterns.matrix.astype(float))
            assert projection.points is not None
            np.testing.assert_array_equal(projection.points, expected)


def test_what_fits_a_plane_keeps_its_distances() -> None:
    # Three binary vectors always fit a plane.
    vectors = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool)
    np.testing.assert_allclose(pdist(project(vectors)), [2**0.5, 4**0.5, 2**0.5], rtol=0.02)


@pytest.mark.filterwarnings("error")
def test_as_many_neurons_as_patterns_are_no_matter() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)
    np.testing.assert_array_equal(project(matrix), project(np.hstack([matrix, np.zeros((3, 2), dtype=bool)])))


def test_a_seed_gives_the_same_points() -> None:
    matrix = np.random.default_rng(0).random((12, 30)) < 0.4
    np.testing.assert_array_equal(project(matrix, 3), project(matrix, 3))
    assert not np.array_equal(project(matrix, 3), project(matrix, 4))


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("m", [0, 4])
def test_vectors_that_are_alike_lie_at_the_origin(n: int, m: int) -> None:
    np.testing.assert_array_equal(project(np.ones((n, m), dtype=bool)), np.zeros((n, 2)))


def test_too_many_points_are_not_projected_and_say_so(ordinary: Any) -> None:
    (found,) = projections(ordinary.con, "gender", max_points=11, p_layer=1)
    assert found.points is None
    assert found.note == (
        "12 patterns are more than the 11 that are projected; narrow the question or raise max_points"
    )
    (all_of_them,) = projections(ordinary.con, "gender", max_points=None, p_layer=1)
    assert all_of_them.points is not None
    assert all_of_them.note is None


def test_a_single_pattern_has_a_place_and_a_note(odd: Any) -> None:
    (found,) = projections(odd.con, "phone", p_layer=1, p_where="phone = 'S'")
    assert found.points is not None
    assert found.points.tolist() == [[0, 0]]
    assert found.note == "there is a single pattern, and nothing to compare it with"


def test_patterns_that_are_alike_have_a_note(odd: Any) -> None:
    # At a baseline of 0 a neuron that is ever active responds.
    (patterns,) = pattern_matrices(odd.con, "phone", p_layer=2, p_baseline=0)
    assert patterns.matrix.all()
    assert patterns.note() == "all 4 patterns are alike"
