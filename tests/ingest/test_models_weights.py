"""Weights into a module: every tensor finds its place, and none is made into another kind of number in silence."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError


def module() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


@pytest.mark.parametrize("kind", [torch.int8, torch.int64, torch.bool, torch.complex64])
@pytest.mark.filterwarnings("error")
def test_other_than_floating_numbers_are_refused(kind: torch.dtype) -> None:
    state = module().state_dict()
    state["0.weight"] = state["0.weight"].to(kind)
    with pytest.raises(ModelError) as caught:
        load_state(module(), state, "w.pt")
    assert str(caught.value) == (
        f"w.pt holds other than floating numbers in 0.weight ({kind}): save the weights as they are before they are "
        "quantised, in float32 or half precision"
    )


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_any_precision_is_taken(kind: torch.dtype) -> None:
    given, taken = module().to(kind), module()
    load_state(taken, given.state_dict(), "w.pt")  # num_batches_tracked is a whole number, and stays one
    assert torch.equal(taken[0].weight, given[0].weight.float())


def test_names_that_would_write_to_the_terminal() -> None:
    state = module().state_dict() | {"a\nb\x1b[31mred": torch.zeros(1)}
    with pytest.raises(ModelError, match=r"unexpected a\\nb\\x1b\[31mred$"):
        load_state(module(), state, "w.pt")


def test_tensors_without_names_are_no_state_dict(tmp_path: Path) -> None:
    torch.save({1: torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds no state dict"):
        read_state(tmp_path / "w.pt")
