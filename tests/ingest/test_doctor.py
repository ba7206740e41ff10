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
    assert "in 1 of 1 layer" in finding.said
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


class InPlace(Block):
    """Activation and residual that overwrite what the linears gave."""

    def forward(self, waveforms: Tensor) -> Tensor:
        x = self.conv(waveforms[:, None]).transpose(1, 2)
        y = self.fc2(self.activation(self.fc1(x)))
        y += x
        return y


@pytest.mark.parametrize("activation", [nn.SiLU(inplace=True), nn.ReLU(inplace=True), nn.GELU()])
def test_operations_in_place_do_not_deceive(activation: nn.Module) -> None:
    said = found(wrap(InPlace(activation), normalize=False))
    assert {claim: finding.outcome for claim, finding in said.items()} == ALL_OK
    assert type(activation).__name__ in said["activation"].said


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_models_of_another_precision_pass(dtype: torch.dtype) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = wrap(Block(nn.functional.gelu).to(dtype), normalize=False)
    said = found(model)
    assert {claim: finding.outcome for claim, finding in said.items()} == ALL_OK
    equal = "GELU or GELU (tanh) (the same on these values)"
    assert said["activation"].said.startswith(f"neurons are {equal if dtype.itemsize == 2 else 'GELU'} of")


def scaled(activation: Callable[[Tensor], Tensor], factor: float) -> SpeechModel:
    module = Block(activation)
    with torch.no_grad():
        for parameter in module.fc1.parameters():
            parameter.mul_(factor)
    return wrap(module, normalize=False)


@pytest.mark.parametrize(
    ("activation", "factor", "name"),
    [
        (torch.tanh, 0.03, "tanh"),
        (nn.functional.silu, 0.03, "SiLU"),
        (torch.relu, 2_000.0, "ReLU"),
        (lambda x: nn.functional.gelu(x, approximate="tanh"), 1.0, "GELU (tanh)"),
    ],
)
def test_the_best_fit_names_the_activation(activation: Callable[[Tensor], Tensor], factor: float, name: str) -> None:
    assert found(scaled(activation, factor))["activation"].said == f"neurons are {name} of the first linear in 1 layer"


@pytest.mark.parametrize("factor", [1e-3, 0.03, 1.0])
def test_small_values_without_an_activation_function_are_found(factor: float) -> None:
    finding = found(scaled(lambda x: x.clone(), factor))["activation"]
    assert (finding.outcome, "without an activation" in finding.said) == ("wrong", True)


def test_values_that_tell_nothing_are_open() -> None:
    module = Block(torch.relu)
    with torch.no_grad():
        module.fc1.bias.fill_(100)
    finding = found(wrap(module, normalize=False))["activation"]
    assert (finding.outcome, "never negative" in finding.said) == ("open", True)


def test_an_adapter_is_not_hidden_by_a_large_bias() -> None:
    class Adapted(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + 0.01 * x[..., :8]

    second = Adapted(32, 8)
    with torch.no_grad():
        second.bias.fill_(3_000)
    assert outcomes(wrap(Block(second=second), normalize=False))["second linear"] == "wrong"


class Gated(Block):
    """A gate of its own, or one half of a first linear that is twice as wide."""

    def __init__(self, halves: bool) -> None:
        super().__init__()
        if halves:
            self.fc1 = nn.Linear(8, 64)
        else:
            self.gate = nn.Linear(8, 32)
        self.halves = halves

    def forward(self, waveforms: Tensor) -> Tensor:
        x = self.conv(waveforms[:, None]).transpose(1, 2)
        a, b = self.fc1(x).chunk(2, -1) if self.halves else (self.gate(x), self.fc1(x))
        return self.fc2(nn.functional.silu(a) * b)


def test_gated_networks_are_recognised() -> None:
    said = found(wrap(Gated(halves=False), normalize=False))["activation"]
    assert (said.outcome, said.said) == ("ok", "neurons are SiLU of gate times the first linear in 1 layer")
    said = found(wrap(Gated(halves=True), layers=["in:fc2"], normalize=False))["activation"]
    assert said.said == "neurons are SiLU of one half of fc1 times the other half of fc1 in 1 layer"


def test_a_normalisation_between_the_linears_is_named() -> None:
    class Normed(Block):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(32)
            self.activation = lambda x: self.norm(x.relu())

    finding = found(wrap(Normed(), normalize=False))["activation"]
    assert finding.outcome == "open"
    assert "comes out of a LayerNorm (norm): neurons are normalised values" in finding.said


class Convolved(Block):
    """A feed-forward network of convolutions of kernel 1, behind batch normalisation and an LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(8)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.fc1, self.fc2 = nn.Conv1d(8, 32, 1), nn.Conv1d(32, 8, 1)

    def forward(self, waveforms: Tensor) -> Tensor:
        x, _ = self.lstm(self.norm(self.conv(waveforms[:, None])).transpose(1, 2))
        return self.fc2(nn.functional.gelu(self.fc1(x.transpose(1, 2))))


def test_convolutions_of_kernel_1_are_matrices() -> None:
    said = found(wrap(Convolved(), layers=["in:fc2"], normalize=False))
    assert {claim: finding.outcome for claim, finding in said.items()} == ALL_OK
    assert said["activation"].said == "neurons are GELU of what comes out of fc1 in 1 layer"


def test_inputs_of_what_is_no_linear_have_nothing_to_show() -> None:
    said = found(wrap(Convolved(), layers=["in:norm", "in:lstm"], normalize=False))
    assert {finding.outcome for finding in said.values()} == {"ok"}
    assert said["second linear"].said == "nothing to show: neurons are what goes into the modules that you named"


class Lengths(Block):
    """Takes between so many and so many samples."""

    def __init__(self, least: int = 0, most: int = 1 << 30) -> None:
        super().__init__()
        self.least, self.most = least, most

    def forward(self, waveforms: Tensor) -> Tensor:
        if not self.least <= waveforms.shape[1] <= self.most:
            raise IndexError("no such position\nat all")
        return super().forward(waveforms)


@pytest.mark.parametrize(("least", "most", "lengths"), [(16_000, 1 << 30, 3), (48_000, 1 << 30, 3), (0, 20_000, 5)])
def test_models_that_do_not_take_every_length(least: int, most: int, lengths: int) -> None:
    said = found(wrap(Lengths(least, most), normalize=False))
    assert {claim: finding.outcome for claim, finding in said.items()} == ALL_OK
    assert f"as found at {lengths} lengths" in said["frames"].said
    assert ("Lengths cannot be run on 720 samples (IndexError: no such position)" in said["frames"].said) == bool(least)


def test_a_model_that_cannot_be_run_is_one_line() -> None:
    model = wrap(Lengths(1 << 29), hop_ms=20, window_ms=25, normalize=False)
    (finding,) = examine(model)
    assert finding.said == "Lengths cannot be run on 32000 samples (IndexError: no such position)"


def test_padding_does_not_hide_another_rate() -> None:
    padded = {"window_ms": 25, "padding_frames": 1_000, "normalize": False}
    finding = found(wrap(Block(), hop_ms=40, **padded))["frames"]
    assert (finding.outcome, "that is another rate, and no padding" in finding.said) == ("wrong", True)
    assert outcomes(wrap(Block(), hop_ms=20, **padded))["frames"] == "ok"

    class Fixed(Block):
        def forward(self, waveforms: Tensor) -> Tensor:
            return super().forward(nn.functional.pad(waveforms, (0, 160_000 - waveforms.shape[1])))

    for hop_ms in (20, 40):
        finding = found(wrap(Fixed(), hop_ms=hop_ms, **padded))["frames"]
        assert (finding.outcome, "whatever the length" in finding.said) == ("open", True)


def test_a_batch_that_is_not_as_it_was_is_found() -> None:
    """What agreed when it was tried may differ the next time."""

    class Third(nn.Module):
        seen = 0

        def forward(self, x: Tensor) -> Tensor:
            self.seen += len(x) > 1
            return (x + (self.seen > 1) * (len(x) > 1) * torch.arange(32)).relu()

    activation = Third()
    model = wrap(Block(activation=activation), normalize=False)
    activation.seen = 0
    finding = found(model)["batch"]
    assert (finding.outcome, finding.remedy) == ("wrong", "--batch 1")


def test_bfloat16_arithmetic_is_tried_as_ingest_uses_it() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = wrap(Block(nn.functional.gelu), normalize=False)
    assert {finding.outcome for finding in examine(model, dtype="bfloat16")} == {"ok"}
