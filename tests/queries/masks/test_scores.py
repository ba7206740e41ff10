"""L1 norms of a torch model, against sums over its weights in Python."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from queries.masks import MaskLayer, l1_scores
from warehouse.errors import MaskError

PATH = "encoder.transformer.layers.{}.feed_forward.{}_dense"


@pytest.fixture(scope="module")
def sites() -> tuple[MaskLayer, ...]:
    return tuple(MaskLayer(n + 1, PATH.format(n, "intermediate"), PATH.format(n, "output"), 6) for n in range(2))


@pytest.mark.parametrize("with_bias", [False, True])
def test_norms_are_sums_of_absolute_weights(
    tiny_model: Callable[..., Any], sites: tuple[MaskLayer, ...], with_bias: bool
) -> None:
    model = tiny_model(width=6)
    scores = l1_scores(model, sites, with_bias=with_bias)
    for layer in sites:
        first, second = model.get_submodule(layer.in_module), model.get_submodule(layer.out_module)
        for j in range(6):
            expected = sum(abs(w) for w in first.weight[j].tolist()) + sum(abs(w) for w in second.weight[:, j].tolist())
            expected += abs(first.bias[j].item()) if with_bias else 0
            assert scores[layer.layer][j] == pytest.approx(expected, rel=1e-12)
    assert scores[1].dtype == "float64"


def test_a_linear_without_bias_has_norms(sites: tuple[MaskLayer, ...]) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4, bias=False), torch.nn.Linear(4, 3)).to(torch.bfloat16)
    layer = MaskLayer(1, "0", "1", 4)
    assert (l1_scores(model, [layer], with_bias=True)[1] == l1_scores(model, [layer])[1]).all()


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (MaskLayer(1, None, "1", 4), "no first linear on record"),
        (MaskLayer(1, "2", "1", 4), "no module 2; load the model that was recorded"),
        (MaskLayer(1, "0", "1", 5), r"the weight of 0 must have 5 rows; its shape is \(4, 3\)"),
        (MaskLayer(1, "0", "0", 4), r"the weight of 0 must have 4 columns"),
        (MaskLayer(1, "", "1", 4), "must have 4 rows; its shape is none"),
    ],
)
def test_another_model_is_refused(layer: MaskLayer, message: str) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 3))
    with pytest.raises(MaskError, match=message):
        l1_scores(model, [layer])
