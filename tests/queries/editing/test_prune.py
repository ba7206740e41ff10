"""Pruned models against the same models with zeros, in every framework, and transformers' own files of them."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from queries.editing import erase, prune
from queries.masks import Mask
from warehouse.errors import MaskError

TRANSFORMERS = ("Hubert", "Wav2Vec2", "WavLM", "Data2VecAudio", "Wav2Vec2Conformer")


def means_of(mask: Mask) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    return {layer.out_module: draw.standard_normal(layer.n_neurons) for layer in mask.layers}


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def cases(tiny: Any) -> dict[str, Mask]:
    return {
        "random": tiny.drawn(1),
        "keep": tiny.drawn(2, 0.2, "keep"),
        "uniform": tiny.uniform(3, 10),
        "one neuron": tiny.mask({1: [5]}),
        "none": tiny.mask({}),
        "one layer gone": tiny.mask({1: list(range(48))}),
        "all gone": tiny.mask({}, "keep"),
    }


@pytest.mark.parametrize("name", ["random", "keep", "uniform", "one neuron", "none", "one layer gone", "all gone"])
@pytest.mark.parametrize("with_means", [False, True])
def test_as_the_model_with_zeros(one: Any, name: str, with_means: bool) -> None:
    as_the_model_with_zeros(one, name, with_means)


@pytest.mark.parametrize(
    ("name", "with_means"), [("random", True), ("uniform", False), ("one layer gone", True), ("all gone", False)]
)
def test_in_every_framework(tiny: Any, name: str, with_means: bool) -> None:
    as_the_model_with_zeros(tiny, name, with_means)


def as_the_model_with_zeros(tiny: Any, name: str, with_means: bool) -> None:
    mask = cases(tiny)[name]
    means = means_of(mask) if with_means else None
    expected = tiny.replaced(mask, means)
    zeroed = copy.deepcopy(tiny)
    erase(zeroed.module, mask, means=means)
    kept = prune(tiny.module, mask, means=means)
    close(tiny(), zeroed())
    torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)
    assert kept == mask.as_kind("keep")
    for layer, vector in zip(kept.layers, kept.chosen, strict=True):
        first, second = (tiny.module.get_submodule(path) for path in (layer.in_module, layer.out_module))
        width = int(vector.sum())
        assert first.weight.shape[0] == first.bias.shape[0] == second.weight.shape[1] == width
        assert (first.out_features, second.in_features) == (width, width)


def test_rows_biases_and_columns_of_the_kept_neurons_remain(tiny: Any) -> None:
    before = copy.deepcopy(tiny.module)
    kept = prune(tiny.module, tiny.drawn(4))
    for layer in kept.layers:
        remain = kept.neurons()[layer.layer]
        old, new = (m.get_submodule(layer.in_module) for m in (before, tiny.module))
        assert torch.equal(new.weight, old.weight[remain])
        assert torch.equal(new.bias, old.bias[remain])
        assert torch.equal(
            tiny.module.get_submodule(layer.out_module).weight,
            before.get_submodule(layer.out_module).weight[:, remain],
        )


def test_parameters_are_fresh_and_like_the_old_ones(one: Any) -> None:
    one.module.to(torch.float64)
    one.module.encoder.layers[0].fc1.requires_grad_(False)
    untouched = one.module.encoder.layers[1].fc1.weight
    with torch.inference_mode():
        prune(one.module, one.mask({1: [0, 1]}))
    first, second = one.module.encoder.layers[0].fc1, one.module.encoder.layers[0].fc2
    assert (first.weight.dtype, first.weight.requires_grad, first.bias.requires_grad) == (torch.float64, False, False)
    assert second.weight.requires_grad
    assert second.weight.is_contiguous()
    assert second.weight.untyped_storage().nbytes() == 32 * 46 * 8
    assert one.module.encoder.layers[1].fc1.weight is untouched
    one.module(torch.ones(2, 1, 32, dtype=torch.float64)).sum().backward()
    assert second.weight.grad.shape == (32, 46)


def test_what_states_the_width_beside_the_linears(one: Any) -> None:
    prune(one.module, one.drawn(5))
    for layer in one.module.encoder.layers:
        assert layer.ffn_embedding_dim == layer.fc1.out_features == layer.fc2.in_features < 48


def test_again_in_the_original_numbers(tiny: Any) -> None:
    one, two = tiny.drawn(6, 0.3), tiny.drawn(7, 0.3)
    zeroed = copy.deepcopy(tiny)
    erase(zeroed.module, one | two)
    first = prune(tiny.module, one)
    both = prune(tiny.module, two.as_kind("keep"), already=first)
    close(tiny(), zeroed())
    assert both.as_kind("erase") == one | two
    three = tiny.drawn(8, 0.5)
    erase(zeroed.module, three)
    erase(tiny.module, three, already=both)  # what is gone already may be named again
    close(tiny(), zeroed())


def test_pruned_again_with_means(one: Any) -> None:
    first, second = one.drawn(9, 0.3), one.drawn(10, 0.3)
    means = means_of(first)
    expected = one.replaced(first | second, means)
    kept = prune(one.module, first, means=means)
    prune(one.module, second, means=means, already=kept)
    torch.testing.assert_close(one(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("framework", TRANSFORMERS)
def test_a_uniform_budget_goes_through_save_pretrained(
    framework: str, make: Callable[..., Any], tmp_path: Path
) -> None:
    tiny = make(framework)
    prune(tiny.module, tiny.uniform(1, 10))
    assert tiny.module.config.intermediate_size == 10
    expected = tiny()
    tiny.module.save_pretrained(tmp_path)
    tiny.module = type(tiny.module).from_pretrained(tmp_path).eval()
    assert torch.equal(tiny(), expected)


@pytest.mark.parametrize("framework", TRANSFORMERS)
def test_a_head_lends_its_prefix_and_shares_the_configuration(
    framework: str, make: Callable[..., Any], tmp_path: Path
) -> None:
    import transformers

    tiny = make(framework)
    mask = tiny.uniform(2, 7)
    headed = getattr(transformers, f"{framework}ForSequenceClassification")(tiny.module.config).eval()
    expected = copy.deepcopy(headed)
    erase(expected, mask)
    prune(headed, mask)
    x = torch.randn(1, 4_000)
    with torch.no_grad():
        close(headed(x).logits, expected(x).logits)
        headed.save_pretrained(tmp_path)
        again = type(headed).from_pretrained(tmp_path).eval()
        assert torch.equal(again(x).logits, headed(x).logits)
    assert again.config.intermediate_size == 7


def test_a_free_budget_leaves_the_configuration_alone(make: Callable[..., Any]) -> None:
    for mask_of in (lambda t: t.drawn(1), lambda t: t.mask({1: [0]})):
        tiny = make("Hubert")
        prune(tiny.module, mask_of(tiny))
        assert tiny.module.config.intermediate_size == 48


def test_the_configuration_follows_when_layers_become_alike(make: Callable[..., Any]) -> None:
    tiny = make("Hubert")
    kept = prune(tiny.module, tiny.mask({1: [0]}))
    assert tiny.module.config.intermediate_size == 48
    prune(tiny.module, tiny.mask({2: [5]}), already=kept)
    assert tiny.module.config.intermediate_size == 47


def test_part_of_the_layers_leaves_the_configuration_alone(make: Callable[..., Any]) -> None:
    tiny = make("Hubert")
    some = Mask.of_neurons(tiny.layers[:1], {1: [0, 1]})
    prune(tiny.module, some)
    assert tiny.module.config.intermediate_size == 48


def test_whisper_keeps_its_decoder(make: Callable[..., Any], tmp_path: Path) -> None:
    import transformers

    tiny = make("Whisper")
    whole = transformers.WhisperModel(tiny.module.config).eval()
    mask = tiny.uniform(3, 9)
    shallow = Mask.of_neurons(mask.layers[:1], {1: [0]})  # the decoder has one block, too
    with pytest.raises(MaskError, match=r"at 2 places \(encoder\..*, decoder\..*\); say which with prefix="):
        prune(whole, shallow)
    kept = prune(whole, mask, prefix="encoder")
    assert kept == mask
    assert (whole.config.encoder_ffn_dim, whole.config.decoder_ffn_dim) == (9, 48)
    mel, tokens = torch.randn(1, 80, 40), torch.tensor([[3, 4]])
    with torch.no_grad():
        expected = whole(mel, decoder_input_ids=tokens).last_hidden_state
        whole.save_pretrained(tmp_path)
        again = transformers.WhisperModel.from_pretrained(tmp_path).eval()
        assert torch.equal(again(mel, decoder_input_ids=tokens).last_hidden_state, expected)


def test_a_network_that_pruning_does_not_reach_leaves_the_configuration_alone(make: Callable[..., Any]) -> None:
    tiny = make("Wav2Vec2Conformer")
    mask = Mask.of_neurons([layer for layer in tiny.layers if "ffn1" in layer.out_module], {1: [0], 3: [0]})
    prune(tiny.module, mask)
    assert tiny.module.config.intermediate_size == 48


def test_what_cannot_be_pruned_is_refused_and_stays(one: Any) -> None:
    was = copy.deepcopy(one.module.state_dict())
    unknown = [type(layer)(layer.layer, None, layer.out_module, layer.n_neurons) for layer in one.layers]
    mask = Mask.of_neurons(unknown, {1: [0]})
    with pytest.raises(MaskError, match=r"layer 1 \(encoder.layers.0.fc2\) has no first linear on record"):
        prune(one.module, mask)
    erase(copy.deepcopy(one.module), mask)
    one.module.encoder.layers[1].fc1.weight = one.module.encoder.layers[0].fc1.weight
    with pytest.raises(MaskError, match=r"shares a weight with another module.*erase the neurons instead"):
        prune(one.module, one.mask({1: [0]}))
    assert all(
        torch.equal(value, one.module.state_dict()[name]) for name, value in was.items() if "layers.1.fc1" not in name
    )
    assert one.module.encoder.layers[0].fc1.out_features == 48


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(["erase", "keep"]), with_means=st.booleans())
def test_any_two_masks(make: Callable[..., Any], data: st.DataObject, kind: str, with_means: bool) -> None:
    tiny = make("fairseq")
    one, two = (
        tiny.mask({layer.layer: data.draw(st.lists(st.integers(0, 47))) for layer in tiny.layers}, kind)
        for _ in range(2)
    )
    means = means_of(one) if with_means else None
    expected = tiny.replaced(one.as_kind("erase") | two.as_kind("erase"), means)
    kept = prune(tiny.module, one, means=means)
    both = prune(tiny.module, two, means=means, already=kept)
    torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)
    assert both == one.as_kind("keep") & two.as_kind("keep")


def test_a_compiled_and_a_parallel_wrapper_are_seen_through(one: Any) -> None:
    expected = one.replaced(one.drawn(11))
    wrapped = nn.Sequential(nn.DataParallel(one.module))
    prune(wrapped, one.drawn(11))
    close(one(), expected)
