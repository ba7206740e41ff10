"""Masks of small models, and a warehouse that two of them have been recorded in."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from queries import Connection, connect
from queries.masks import Mask, MaskLayer
from warehouse.errors import MaskError

Make = Callable[..., Mask]


@pytest.fixture(scope="session")
def layers() -> tuple[MaskLayer, ...]:
    """Three networks of torchaudio's names; the widths differ."""
    path = "encoder.transformer.layers.{}.feed_forward.{}_dense"
    widths = (8, 6, 8)
    return tuple(
        MaskLayer(number + 1, path.format(number, "intermediate"), path.format(number, "output"), width)
        for number, width in enumerate(widths)
    )


@pytest.fixture(scope="session")
def make(layers: tuple[MaskLayer, ...]) -> Make:
    """Makes a mask of those networks from neurons by layer."""

    def mask(neurons: dict[int, list[int]], kind: Any = "erase", **provenance: str) -> Mask:
        return Mask.of_neurons(layers, neurons, kind, provenance)

    return mask


@pytest.fixture(scope="session")
def refusal(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Gives the one line that refuses a file of some bytes, for a model of 8 and 6 neurons."""
    folder = tmp_path_factory.mktemp("hostile")
    layers = (MaskLayer(1, "a.0", "b.0", 8), MaskLayer(2, None, "b.1", 6))

    def refuse(data: bytes, name: str = "hostile.bin", format: str | None = None) -> str:
        path = folder / name
        path.write_bytes(data)
        with pytest.raises(MaskError) as caught:
            Mask.load(path, format, layers=layers)
        line = str(caught.value)
        assert line.startswith(f"{path}: ")
        assert "\n" not in line
        assert len(line) < 1500
        return line

    return refuse


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    """A warehouse of one corpus and the model tiny; not to be changed."""
    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("masks")
    speech = make_speech(folder / "speech", n_utterances=6)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "study.warehouse", model_name="tiny", quiet=True)
    return folder / "study.warehouse"


@pytest.fixture(scope="session")
def studies(study: Path, tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    """A warehouse with two models, other and tiny, and a property that not everybody's names suit."""
    import shutil

    from ingest import Corpus, ingest
    from queries.declare import declare_property

    folder = tmp_path_factory.mktemp("masks")
    speech = make_speech(folder / "speech", n_utterances=6)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    path = Path(shutil.copytree(study, folder / "studies.warehouse"))
    ingest(tiny_model(1), corpus, path, model_name="other", quiet=True)
    declare_property(path, "a=b,c", sql="CASE WHEN utterances.gender = 'F' THEN 'x,=y' ELSE 'z' END")
    return path


@pytest.fixture
def con(study: Path) -> Iterator[Connection]:
    with connect(study) as opened:
        yield opened
