"""Means of neurons from a warehouse, against activations captured by hooks, and mean-ablation with them."""

import csv
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from queries import connect
from queries.editing import erased, neuron_means
from queries.masks import Mask
from queries.masks.recorded import mask_layers
from warehouse.errors import MaskError, QueryError


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> tuple[Path, Path]:
    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("means")
    speech = make_speech(folder / "speech", n_utterances=5)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="c")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "w", model_name="tiny", quiet=True, shard_minutes=0.05)
        ingest(tiny_model(1), corpus, folder / "bare", model_name="bare", quiet=True, means=False)
    return folder / "w", speech


def captured(module: nn.Module, speech: Path, gender: str = "FM") -> dict[str, np.ndarray]:
    """Mean input of every second linear over all frames, by hooks."""
    seen: dict[str, list[np.ndarray]] = {}
    for path, part in module.named_modules():
        if path.endswith("output_dense"):
            part.register_forward_pre_hook(lambda _, x, path=path: seen.setdefault(path, []).append(x[0][0].numpy()))
    for row in csv.DictReader((speech / "metadata.csv").open()):
        if row["gender"] in gender:
            wave, _ = soundfile.read(speech / "audio" / f"{row['utterance']}.flac", dtype="float32")
            with torch.inference_mode():
                module(torch.from_numpy(wave)[None])
    return {path: np.concatenate(values).astype(np.float64).mean(axis=0) for path, values in seen.items()}


@pytest.mark.parametrize(
    ("where", "gender"), [(None, "FM"), ("gender = 'F'", "F"), ("age > 20 AND gender <> 'F'", "M")]
)
def test_as_captured_by_hooks(
    study: tuple[Path, Path], tiny_model: Callable[..., nn.Module], where: str | None, gender: str
) -> None:
    expected = captured(tiny_model(), study[1], gender)
    with connect(study[0]) as con:
        found = neuron_means(con, where=where)
    assert list(found) == [f"encoder.transformer.layers.{i}.feed_forward.output_dense" for i in (0, 1)]
    for path, values in found.items():
        assert (values.dtype, values.shape) == (np.float64, (64,))
        np.testing.assert_allclose(values, expected[path], rtol=1e-5, atol=1e-6)


def test_mean_ablation_of_the_recorded_model(study: tuple[Path, Path], tiny_model: Callable[..., nn.Module]) -> None:
    module = tiny_model()
    with connect(study[0]) as con:
        means = neuron_means(con, "tiny")
        mask = Mask.from_sql(con, "SELECT layer, neuron FROM activations WHERE frame_id < 3")
    gone = mask.removed()
    assert len(mask)
    x = torch.randn(1, 6_000)
    hooks = [
        module.get_submodule(path).register_forward_pre_hook(
            lambda _, args, path=path: (
                torch.where(torch.tensor(gone[path]), torch.from_numpy(means[path]).float(), args[0]),
            )
        )
        for path in gone
    ]
    with torch.no_grad():
        expected = module(x)[0]
        for hook in hooks:
            hook.remove()
        with erased(module, mask, means=means):  # the checksum of the warehouse is this model's
            torch.testing.assert_close(module(x)[0], expected, rtol=0, atol=1e-5)
    with pytest.raises(MaskError, match="was made for model tiny"), erased(tiny_model(1), mask):
        pass


def test_what_is_refused(study: tuple[Path, Path]) -> None:
    with connect(study[0]) as con:
        assert len(mask_layers(con)) == 2
        with pytest.raises(QueryError, match="there is no model x"):
            neuron_means(con, "x")
        with pytest.raises(MaskError, match=r"where=\"gender = 'X'\" holds for no utterance that model tiny has seen"):
            neuron_means(con, where="gender = 'X'")
        for bad in ("colour = 1", "gender =", "1) UNION SELECT (1", "true; DROP TABLE x"):
            with pytest.raises((MaskError, QueryError)) as caught:
                neuron_means(con, where=bad)
            assert "\n" not in str(caught.value)
    with (
        connect(study[0].parent / "bare") as con,
        pytest.raises(MaskError, match="bare was recorded without means; record it again"),
    ):
        neuron_means(con)
