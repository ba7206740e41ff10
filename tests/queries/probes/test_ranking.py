"""Algorithm 1 of [B] against itself, written step by step."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from queries.probes.ranking import class_ranking, ranking

WEIGHTS = arrays(
    np.float64,
    st.tuples(st.integers(1, 16), st.integers(1, 4)),
    # Of one size apart, so that no sum lies on a step by rounding.
    elements=st.integers(-40, 40).map(lambda n: n * 0.37),
)


def _step_by_step(theta: np.ndarray) -> list[int]:
    """The paper's loop: as p grows, each class gives the fewest neurons that hold p% of its mass; new ones follow."""
    sizes = np.abs(theta)
    shares = sizes / np.where(sizes.sum(0) > 0, sizes.sum(0), 1)
    found: list[int] = []
    for step in range(1, 1001):
        new = set()
        for column in shares.T:
            held = 0.0
            for neuron in sorted(range(len(column)), key=lambda j: (-column[j], j)):
                if held >= step / 1000 - 1e-9 or column[neuron] == 0:
                    break
                held += column[neuron]
                new.add(neuron)
        found += sorted(new - set(found), key=lambda j: (-shares[j].max(), j))
    return found + sorted(set(range(len(theta))) - set(found))


@settings(max_examples=60)
@given(WEIGHTS)
def test_it_is_the_paper_s_loop(theta: np.ndarray) -> None:
    order, mass = ranking(theta)
    assert order.tolist() == _step_by_step(theta)
    assert np.array_equal(np.isnan(mass), np.abs(theta[order]).max(1) == 0)
    known = mass[~np.isnan(mass)]
    assert (np.diff(known) >= 0).all()
    assert ((known > 0) & (known <= 100)).all()


@given(WEIGHTS)
def test_a_class_ranks_by_its_own_weights(theta: np.ndarray) -> None:
    order, _ = class_ranking(theta, theta.shape[1] - 1)
    sizes = np.abs(theta[:, -1])
    assert order.tolist() == sorted(range(len(sizes)), key=lambda j: (-sizes[j], j))


def test_every_class_is_heard_before_one_is_told_to_the_end() -> None:
    theta = np.array([[9.0, 0.0], [8.0, 0.0], [0.0, 0.2], [0.0, 0.1]])
    order, mass = ranking(theta)
    assert order.tolist() == [2, 0, 1, 3]
    np.testing.assert_allclose(mass, [0.1, 0.1, 53.0, 66.7], atol=0.051)
