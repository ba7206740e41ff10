"""A small warehouse of drawn means with probes in it, and the report on them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_means import Means, warehouse_of

from queries import Connection, connect
from queries.probe_report import write_probe_report
from queries.probes import probe
from queries.probes.verification.run import verify

HOSTILE = "<img src=x onerror=alert(1)>"
"""A value of the column by which errors are told apart."""

ROWS, SPEAKERS, WIDTH = 120, 12, 8


@pytest.fixture(scope="session")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models m and other with a twin, of which m is probed for two labels and other, without a twin, for one."""
    draw = np.random.default_rng(3)
    speaker = np.arange(ROWS) % SPEAKERS
    side, loud = speaker % 2, (speaker // 2) % 2
    means = {name: {} for name in ("m", "other", "random")}
    for name, layers in means.items():
        for layer in (1, 2):
            values = draw.normal(size=(ROWS, WIDTH)).astype(np.float32)
            if name != "random":
                values[:, 1] += layer * (2 * side - 1)
                values[:, 1:3] += 1.5 * (2 * loud[:, None] - 1)  # which side it is only both neurons tell
            layers[layer] = values
    columns = {
        "speaker": [f"s{number:02d}" for number in speaker],
        "side": ["left" if one else "right" for one in side],
        "loud": ["loud" if one else "soft" for one in loud],
        "room": [HOSTILE if one % 3 else None for one in speaker],
    }
    path = tmp_path_factory.mktemp("probed") / "study.warehouse"
    first, *others = (Means(layers, columns, kind="ffn", model=name) for name, layers in means.items())
    warehouse_of(path, first, *others)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    common = {"kind": "ffn", "seeds": 2, "folds": 3, "shares": (25.0, 50.0), "hidden": 4, "epochs": 30}
    probe(path, ["side", "loud"], model="m", twin="random", by=["room"], **common)
    probe(path, "side", model="other", **{**common, "seeds": 1, "hidden": 0})
    verify(path, model="m", twin="random", kind="ffn", seeds=2, epochs=30)
    torch.set_num_threads(before)
    return path


@pytest.fixture
def con(probed: Path) -> Iterator[Connection]:
    with connect(probed) as opened:
        yield opened


@pytest.fixture(scope="session")
def written(probed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the report on all of them."""
    folder = tmp_path_factory.mktemp("written") / "new" / "probes"
    with connect(probed, comments=False) as opened:
        assert write_probe_report(opened, folder) == folder / "probes.html"
    return folder
