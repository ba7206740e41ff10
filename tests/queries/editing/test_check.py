"""What is refused before anything is changed, and what the messages say."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from queries.editing import check, erase, erased, prune, weights_checksum
from queries.masks import Mask, MaskLayer
from warehouse.errors import MaskError


def recorded(tiny: Any, mask: Mask) -> Mask:
    return replace(mask, provenance={"model": "hubert_base", "checksum": weights_checksum(tiny.module)})


def refused(tiny: Any, module: nn.Module, mask: Mask, said: str, **options: Any) -> None:
    """By every verb, with the same words, and without a trace."""
    before = {name: value.clone() for name, value in module.state_dict().items()}

    def for_a_while(*args: Any, **options: Any) -> None:
        with erased(*args, **options):
            raise AssertionError

    for verb in (check, erase, for_a_while, prune):
        with pytest.raises(MaskError, match=said) as caught:
            verb(module, mask, **options)
        assert "\n" not in str(caught.value)
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_other_widths(make: Callable[..., Any]) -> None:
    tiny, narrow = make("Hubert"), make("Hubert", intermediate_size=40)
    refused(
        tiny,
        narrow.module,
        tiny.drawn(1),
        r"HubertModel: encoder\.layers\.0\.feed_forward\.intermediate_dense \(layer 1\) has 40 rows, the mask 48 neu",
    )


def test_one_wrong_layer_spares_the_ones_before(one: Any) -> None:
    one.module.encoder.layers[1].fc2 = nn.Linear(47, 32)
    refused(
        one, one.module, one.drawn(1), r"FairseqLike: encoder\.layers\.1\.fc2 \(layer 2\) has 47 columns, the mask 48"
    )


def test_a_model_that_was_pruned_says_how_to_go_on(one: Any) -> None:
    kept = prune(one.module, one.drawn(1))
    refused(one, one.module, one.drawn(2), r"the mask 48 neurons; .*give what it was pruned to as already=")
    wrong = prune(copy.deepcopy(one.module), one.drawn(2), already=kept)
    refused(one, one.module, one.drawn(3), r"of which the model was said to have kept", already=wrong)


def test_paths_that_are_not_there(make: Callable[..., Any]) -> None:
    tiny, shallow = make("Hubert"), make("Hubert", num_hidden_layers=1)
    refused(tiny, shallow.module, tiny.drawn(1), r"HubertModel has no module encoder\.layers\.1\.feed_forward\.inter")
    other = make("fairseq")
    refused(tiny, other.module, tiny.drawn(1), r"FairseqLike has no module encoder\.layers\.0\.feed_forward\.inter")
    refused(tiny, tiny.module, tiny.drawn(1), r"no module hubert\.encoder.*give the prefix", prefix="hubert")


def test_prefixes(one: Any) -> None:
    mask = recorded(one, one.drawn(1))
    headed = nn.ModuleDict({"head": nn.Linear(32, 2), "upstream": nn.ModuleDict({"model": one.module})})
    assert check(one.module, mask) == ""
    assert check(one.module, mask, prefix="") == ""
    assert check(headed, mask) == "upstream.model."  # and the checksum is that of the part
    assert check(headed, mask, prefix="upstream.model") == check(headed, mask, prefix="upstream.model.")
    headed["same"] = one.module  # one encoder under two names is one
    assert check(headed, mask) == "upstream.model."
    headed["teacher"] = copy.deepcopy(one.module)
    said = r"ModuleDict has the mask's modules at 2 places \(upstream.model.encoder.layers.0.fc1, teacher\.enc"
    refused(one, headed, mask, said)
    erase(headed, mask, prefix="teacher")
    assert check(headed, mask, prefix="upstream.model")
    with pytest.raises(MaskError, match="has other weights"):
        check(headed, mask, prefix="teacher")


def test_other_weights(one: Any) -> None:
    mask = recorded(one, one.drawn(1))
    check(one.module, mask)
    with torch.no_grad():
        one.module.encoder.layers[0].final_layer_norm.bias[0] += 1e-3
    refused(
        one,
        one.module,
        mask,
        r"made for model hubert_base \(checksum [0-9a-f]{12}…\), and this FairseqLike has other weights \(checksum "
        r"[0-9a-f]{12}…\); load the weights that were recorded, or pass other_weights=True for a model that was",
    )
    check(one.module, mask, other_weights=True)
    with erased(one.module, mask, other_weights=True):
        pass
    erase(one.module, mask, other_weights=True)
    kept = prune(one.module, mask, other_weights=True)
    check(one.module, mask, already=kept)  # a pruned model has other weights by its very shapes


def test_neurons_that_lie_elsewhere(one: Any) -> None:
    outputs = [MaskLayer(1, "encoder.layers.0.fc2", "encoder.layers.0.fc2", 32)]
    refused(one, one.module, Mask.of_neurons(outputs, {1: [0]}), "what comes out of this module")
    norm = [MaskLayer(1, None, "encoder.layers.0.final_layer_norm", 32)]
    refused(one, one.module, Mask.of_neurons(norm, {1: [0]}), r"has a weight of shape \(32,\); a matrix is wanted")
    block = [MaskLayer(1, None, "encoder.layers.0", 32)]
    refused(one, one.module, Mask.of_neurons(block, {1: [0]}), "is a FairseqLayer without a weight of its own")


def test_weights_that_are_computed_anew(one: Any) -> None:
    second = one.module.encoder.layers[0].fc2
    torch_prune.l1_unstructured(second, "weight", 3)
    refused(one, one.module, one.drawn(1), r"fc2 \(layer 1\) computes its weight anew.*torch\.nn\.utils\.prune\.remove")
    torch_prune.remove(second, "weight")
    check(one.module, one.drawn(1))
    nn.utils.parametrizations.weight_norm(second)
    refused(one, one.module, one.drawn(1), "remove_parametrizations")


def test_a_mask_as_a_mask_of_torchs_own_pruning(one: Any) -> None:
    mask = one.drawn(1)
    expected = one.replaced(mask)
    for path, gone in mask.removed().items():
        second = one.module.get_submodule(path)
        torch_prune.custom_from_mask(second, "weight", torch.tensor(~gone).expand_as(second.weight))
    torch.testing.assert_close(one(), expected, rtol=0, atol=1e-6)


def test_an_empty_mask_of_no_layers(one: Any) -> None:
    nothing = Mask("erase", (), ())
    assert check(one.module, nothing) == ""
    erase(one.module, nothing)
