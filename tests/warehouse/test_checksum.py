"""The digest of weights, which must never change: warehouses hold it."""

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ingest.models.base import state_checksum
from queries.editing import weights_checksum


class Odd(nn.Module):
    """Every kind of entry: types, shapes, nothing at all, and what is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = nn.Parameter((torch.arange(6) / 4).reshape(2, 3).to(torch.bfloat16))
        self.linear = nn.Linear(3, 2)
        with torch.no_grad():
            self.linear.weight.copy_(torch.arange(6).reshape(2, 3) / 8)
            self.linear.bias.copy_(torch.tensor([-0.0, 1.5]))
        self.register_buffer("steps", torch.tensor(7))
        self.register_buffer("empty", torch.empty(0, 4))
        self.register_buffer("turned", torch.arange(12, dtype=torch.float64).reshape(3, 4).T)

    def get_extra_state(self) -> dict[str, int]:
        return {"version": 1}

    def set_extra_state(self, state: object) -> None: ...


def by_the_rule(module: nn.Module) -> str:
    lines = []
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor):
            data = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            lines.append(f"{name} {value.dtype} {tuple(value.shape)} {hashlib.sha256(data).hexdigest()}")
        else:
            lines.append(f"{name} {value!r}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_recorded_checksums_stay_what_they_were() -> None:
    assert state_checksum(Odd()) == "b92d794ffd745bff7e506d00c4008cfb6ee01cc2f07295801e815c84ce36b8b3"


def test_by_the_rule_and_alike_for_who_records_and_who_edits(tiny_model: Callable[..., nn.Module]) -> None:
    for module in (Odd(), tiny_model(), nn.Identity()):
        assert state_checksum(module) == weights_checksum(module) == by_the_rule(module)
