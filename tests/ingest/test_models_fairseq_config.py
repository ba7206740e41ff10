"""What fairseq's configurations say: sizes, convolutions, normalisation; and what is refused."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from ingest.models.fairseq_config import CONVS, Architecture, Relative, architecture, conv_layers, layout
from warehouse.errors import ModelError

FILE = Path("w.pt")
BASE = {
    "encoder_layers": 12,
    "encoder_embed_dim": 768,
    "encoder_ffn_embed_dim": 3072,
    "encoder_attention_heads": 12,
}
CONV_LAYERS = ((512, 10, 5), *[(512, 3, 2)] * 4, *[(512, 2, 2)] * 2)


def test_what_is_left_out_is_fairseqs_default() -> None:
    assert architecture(BASE, FILE) == Architecture(
        convs=CONV_LAYERS,
        conv_bias=False,
        conv_norm="group_norm",
        width=768,
        neurons=3072,
        blocks=12,
        heads=12,
        kernel=128,
        groups=16,
        norm_first=False,
        relative=None,
    )


def test_what_is_stated_counts() -> None:
    stated = {
        "extractor_mode": "layer_norm",
        "conv_bias": True,
        "layer_norm_first": True,
        "conv_pos": 95,
        "conv_pos_groups": 8,
        "conv_feature_layers": "[(8, 4, 2)]",
        "relative_position_embedding": True,
        "num_buckets": 320,
        "max_distance": 800,
        "gru_rel_pos": True,
    }
    read = architecture(BASE | stated, FILE)
    assert read == Architecture(
        ((8, 4, 2),), True, "layer_norm", 768, 3072, 12, 12, 95, 8, True, Relative(320, 800, True)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONVS, CONV_LAYERS),
        ("[(512,10,5)] + [(512,3,2)] * 4 + [(512,2,2)] + [(512,2,2)]", CONV_LAYERS),
        ("[(512, 10, 5), (512, 3, 2)]", CONV_LAYERS[:2]),
        ("2 * [(1, 2, 3)]", ((1, 2, 3), (1, 2, 3))),
        ([(512, 10, 5), (512, 3, 2)], CONV_LAYERS[:2]),
    ],
)
def test_convolutions_are_read(text: object, expected: tuple) -> None:
    assert conv_layers(text, FILE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('pathlib').Path('mark').touch()",
        "[(512,10,5)] * 10**9",
        "[(1,1,1)] * 99 * 99 * 99 * 99 * 99",
        "[(1,1,1)] * -1",
        "(512,10,5)",
        "[512, 10, 5]",
        "[(512,10)]",
        "[(512,0,5)]",
        "[(512,True,5)]",
        "[(512,10,5)] + 3",
        "[x for x in (1,)]",
        "[",
        "",
        "(" * 900,
        None,
        7,
    ],
)
def test_convolutions_are_never_run(text: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"w\.pt: conv_feature_layers = .* is no list of \(channels, ker") as caught:
        conv_layers(text, FILE)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"encoder_layers": None}, "lacks encoder_layers"),
        ({"encoder_layers": 0}, "encoder_layers = 0 in its configuration is no whole number above 0"),
        ({"encoder_embed_dim": "768"}, "encoder_embed_dim = '768' in its"),
        ({"encoder_ffn_embed_dim": [3072, 100]}, r"encoder_ffn_embed_dim = \[3072, 100\]"),
        ({"encoder_attention_heads": True}, "encoder_attention_heads = True"),
        ({"conv_bias": "yes"}, "conv_bias = 'yes' in its configuration is neither True nor False"),
        ({"activation_fn": "relu"}, "activation_fn = 'relu' is not read, only 'gelu': build .*python:module:function"),
        ({"layer_type": "conformer"}, "layer_type = 'conformer' is not read"),
        ({"pos_conv_depth": 5}, "pos_conv_depth = 5 is not read"),
        ({"quantize_input": True}, "quantize_input = True is not read"),
        ({"extractor_mode": "mystery"}, "extractor_mode = 'mystery' is not read, only 'default' or 'layer_norm'"),
        ({"relative_position_embedding": True}, "lacks num_buckets"),
    ],
)
def test_what_is_not_read_is_named(stated: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=rf"^w\.pt: .*{words}") as caught:
        architecture(BASE | stated, FILE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        ({"model": {}, "cfg": {"model": BASE, "task": {"normalize": True}}}, True),
        ({"model": {}, "cfg": {"model": BASE | {"normalize": False}, "task": {"normalize": True}}}, True),
        ({"model": {}, "cfg": {"model": argparse.Namespace(**BASE, normalize=True)}}, True),
        ({"model": {}, "cfg": BASE | {"normalize": False}}, False),
        ({"model": {}, "cfg": BASE}, None),
        ({"model": {}, "cfg": None, "args": argparse.Namespace(**BASE, normalize=True)}, True),
        ({"model_weight": {}, "model_cfg": BASE, "task_cfg": {"normalize": False}}, False),
        ({"model_weight": {}, "model_cfg": BASE, "task_cfg": None}, None),
        ({"model": {}, "cfg": {"model": {"w2v_args": {"model": BASE, "task": {"normalize": True}}}}}, True),
        ({"model": {}, "args": argparse.Namespace(w2v_args=argparse.Namespace(**BASE, normalize=False))}, False),
    ],
)
def test_where_the_architecture_and_normalisation_stand(saved: dict[str, Any], expected: bool | None) -> None:
    found = layout(saved)
    assert found is not None
    assert found.normalize is expected
    assert architecture(found.model, FILE).neurons == 3072


@pytest.mark.parametrize(
    "saved",
    [{}, {"model": {}}, {"cfg": BASE}, {"model": 3, "cfg": BASE}, {"model": {}, "cfg": 3}, {"model_weight": {}}],
)
def test_other_files_have_none_of_the_layouts(saved: dict[str, Any]) -> None:
    assert layout(saved) is None
