"""Products by stretches against a product of each view."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from queries.probes.stretches import Stretches

WIDTH = 12
VIEWS = st.lists(
    st.tuples(st.integers(0, WIDTH - 1), st.integers(1, WIDTH)).filter(lambda ends: ends[0] < ends[1]),
    min_size=1,
    max_size=5,
)


@given(VIEWS, st.integers(1, 3), st.integers(0, 2**31))
def test_every_view_has_its_own_products(ends: list[tuple[int, int]], n_outputs: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    views = [slice(*one) for one in ends]
    x = torch.randn(7, WIDTH, generator=draw, dtype=torch.float64)
    chosen = torch.randperm(7, generator=draw)[:4]
    weights = [torch.randn(n_outputs, v.stop - v.start, generator=draw, dtype=torch.float64) for v in views]
    slopes = torch.randn(len(views), n_outputs, 4, generator=draw, dtype=torch.float64)

    products = Stretches(views, n_outputs)
    held, into = ([torch.ones(shape, dtype=torch.float64) for shape in products.shapes] for _ in range(2))
    for place, of_view in enumerate(weights):
        products.fill(held, place, of_view)
    rows = products.cut(x, chosen)
    scores = products.scores(rows, held)
    products.add_slopes(rows, slopes, into, 0.5)
    for place, (view, of_view) in enumerate(zip(views, weights, strict=True)):
        seen = x[chosen][:, view]
        torch.testing.assert_close(products.of_view(held, place), of_view)
        torch.testing.assert_close(scores[place], of_view @ seen.T)
        torch.testing.assert_close(products.of_view(into, place), slopes[place] @ seen + 0.5)
