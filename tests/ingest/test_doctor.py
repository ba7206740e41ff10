"""The doctor: right models pass, and each thing that can be read wrong is found, with what to do."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ingest.doctor import Finding, examine, made_sound
from ingest.models import SpeechModel, load, wrap
from warehouse.grid import Grid


class Block(nn.Module):
    """Conv features at 20 ms, one feed-forward network, whose parts tests replace."""

    def __init__(self, activation: Callable[[Tensor], Tensor] = torch.relu, second: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 400, 320)
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 8) if second is None else second
        self.activation = activation

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.fc2(self.activation(self.fc1(self.conv(waveforms[:, None]).transpose(1, 2))))


def found(model: SpeechModel, **options: object) -> dict[str, Finding]:
    with torch.random.fork_rng(devices=[]):
        return {finding.claim: finding for finding in examine(model, **options)}


def outcomes(model: SpeechModel) -> dict[str, str]:
    return {claim: finding.outcome for claim, finding in found(model).items()}


ALL_OK = dict.fromkeys(("second linear", "activation", "frames", "second run", "batch", "normalisation"), "ok")


def test_a_model_that_is_read_right_passes(tiny_model: Callable[..., nn.Module]) -> None:
    said = found(wrap(tiny_model(), normalize=False))
    assert {claim: finding.outcome for claim, finding in said.items()} == ALL_OK
    assert said["frames"].said.startswith("T = floor((n - 400) / 320) + 1; as found at 5 lengths")
    assert said["activation"].said == "neurons are GELU of the first linear in 2 layers"
    assert all(not finding.remedy for finding in said.values())


def test_what_ships_passes_on_real_length() -> None:
    model = load("mel:tiny")
    sound = made_sound(16_000, 3.3)
    assert {finding.outcome for finding in examine(model, sound)} == {"ok"}


def test_a_module_that_changes_its_input_is_found() -> None:
    class Adapted(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + 0.01 * x[..., :8]

    finding = found(wrap(Block(second=Adapted(32, 8)), normalize=False))["second linear"]
    assert finding.outcome == "wrong"
    assert "layer 1 (fc2) times its weight is not what it gives" in finding.said
    assert "1 of 1 layers" in finding.said
    assert "merge it into the weight" in finding.remedy


def test_a_network_without_an_activation_function_is_found() -> None:
    assert outcomes(wrap(Block(activation=lambda x: x), normalize=False))["activation"] == "wrong"


def test_an_unknown_activation_is_open() -> None:
    finding = found(wrap(Block(activation=lambda x: x.relu() * x), normalize=False))["activation"]
    assert finding.outcome == "open"
    assert "gated" in finding.remedy


def test_a_module_without_such_a_weight_is_open() -> None:
    module = Block()
    finding = found(wrap(module, layers=["in:conv"], hop_ms=20, window_ms=25))
    assert finding["runs"].outcome == "wrong"  # what goes into it is no frames of that grid

    class Wrapper(nn.Module):
        in_features = 32

        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(32, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    finding = found(wrap(Block(second=Wrapper()), layers=["in:fc2"], normalize=False))
    assert finding["second linear"].outcome == "open"
    assert "is a Wrapper, which has no weight of 32 columns" in finding["second linear"].said


@pytest.mark.parametrize(("hop_ms", "window_ms"), [(20, 30), (10, 25), (20, 25.125)])
def test_a_wrong_grid_is_found(hop_ms: float, window_ms: float) -> None:
    said = found(wrap(Block(), hop_ms=hop_ms, window_ms=window_ms, normalize=False))
    wrong = [finding for finding in said.values() if finding.outcome == "wrong"]
    assert len(wrong) == 1
    assert "frames where the grid has" in wrong[0].said


def test_a_random_model_is_found() -> None:
    class Dropping(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.dropout(x, 0.5, training=True)

    finding = found(wrap(Block(activation=Dropping()), normalize=False))["second run"]
    assert finding.outcome == "wrong"
    assert "draws at random" in finding.remedy


def test_a_batch_that_differs_is_refused_and_said() -> None:
    class OverTheBatch(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x - x.mean(0, keepdim=True) * (len(x) > 1)).relu()

    finding = found(wrap(Block(activation=OverTheBatch()), normalize=False))["batch"]
    assert finding.outcome == "ok"
    assert finding.said.startswith("refused where bits differ")


def test_normalisation_that_nobody_stated_is_open(tiny_model: Callable[..., nn.Module]) -> None:
    finding = found(wrap(tiny_model()))["normalisation"]
    assert (finding.outcome, finding.remedy) == (
        "open",
        "state --normalize or --no-normalize, as the model was trained",
    )


def test_named_outputs_have_no_second_linear_to_show() -> None:
    model = wrap(Block(), layers=["conv", "fc1"], normalize=False)
    said = found(model)
    assert {claim: finding.outcome for claim, finding in said.items()} == {
        claim: outcome for claim, outcome in ALL_OK.items() if claim != "activation"
    }
    assert "you named" in said["second linear"].said


def test_a_site_that_is_not_run_ends_the_examination() -> None:
    model = wrap(Block(), normalize=False)
    lost = replace(model, forward=lambda waveforms: None)
    assert list(found(lost)) == ["runs"]


def test_sound_shorter_than_a_frame_is_said() -> None:
    (finding,) = examine(wrap(Block(), normalize=False), np.zeros(100, np.float32))
    assert "shorter than one frame" in finding.said


def test_made_sound_is_the_same_every_time() -> None:
    assert np.array_equal(made_sound(16_000), made_sound(16_000))
    assert wrap(Block()).grid == Grid(20_000, 12_500, 25_000)
