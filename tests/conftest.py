"""What the tests share: where the real data lies, small models, and small corpora made on the spot."""

import csv
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

SHARED = Path(__file__).parents[2] / "shared"
PHONES = ["AA", "IY", "UW", "M", "N", "L", "Z", "B", "P", "S", "T", "SH"]


def pytest_configure() -> None:
    """Take Ctrl-C even where whoever started the tests ignores it, as a shell does for what it runs in the background.

    Processes inherit an ignored signal: without this, tests that interrupt a process would wait for ever.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real speech and known answers; a test that needs it skips, aloud, where it is missing."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared is not beside the checkout: real speech and known answers are not checked")
    return SHARED / "data"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The machine's own Chromium, for the tests of one file.

    Playwright leaves a loop running in the thread as long as it is open, so a second one in the same worker fails:
    there is this one only, and it is closed before another file's tests begin.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no page is looked at")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine: what a browser shows is not checked")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., object]:
    """Makes a wav2vec 2.0 of torchaudio with base's convolutions, two small blocks, and seeded weights."""

    def make(seed: int = 0, layers: int = 2, width: int = 64) -> object:
        import torch
        import torchaudio

        torch.manual_seed(seed)
        return torchaudio.models.wav2vec2_model(
            extractor_mode="group_norm",
            extractor_conv_layer_config=[(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
            extractor_conv_bias=False,
            encoder_embed_dim=32,
            encoder_projection_dropout=0.0,
            encoder_pos_conv_kernel=8,
            encoder_pos_conv_groups=4,
            encoder_num_layers=layers,
            encoder_num_heads=4,
            encoder_attention_dropout=0.0,
            encoder_ff_interm_features=width,
            encoder_ff_interm_dropout=0.0,
            encoder_dropout=0.0,
            encoder_layer_norm_first=False,
            encoder_layer_drop=0.0,
            aux_num_out=None,
        ).eval()

    return make


@pytest.fixture(scope="session")
def make_speech() -> Callable[..., Path]:
    """Makes a labelled corpus: hummed vowels and hissed consonants, TextGrids, a CSV of metadata.

    Speakers s0, s2, … are F and hum high, s1, s3, … are M and hum low; boundaries lie on a 10 ms lattice, so
    that ties between phones occur.
    """

    def make(folder: Path, n_utterances: int = 6, n_speakers: int = 3, seed: int = 0) -> Path:
        random = np.random.default_rng(seed)
        (folder / "audio").mkdir(parents=True)
        (folder / "labels").mkdir()
        rows = []
        for number in range(n_utterances):
            name, speaker = f"u{number:03d}", number % n_speakers
            phones = ["", *random.choice(PHONES, random.integers(6, 12)), ""]
            ends = np.cumsum(random.integers(5, 16, len(phones)))  # hundredths of a second
            hum = 210.0 if speaker % 2 == 0 else 115.0
            wave = _speak(phones, ends, hum * random.uniform(0.85, 1.15), random)
            soundfile.write(folder / "audio" / f"{name}.flac", wave, 16_000)
            (folder / "labels" / f"{name}.TextGrid").write_text(_textgrid(phones, ends))
            rows.append((name, f"s{speaker}", "FM"[speaker % 2], 20 + speaker, "north" if speaker < 2 else "south"))
        with open(folder / "metadata.csv", "w", newline="") as file:
            csv.writer(file).writerows([("utterance", "speaker", "gender", "age", "accent"), *rows])
        return folder

    return make


def _speak(phones: list[str], ends: np.ndarray, hum: float, random: np.random.Generator) -> np.ndarray:
    n = int(ends[-1]) * 160
    time = np.arange(n) / 16_000
    harmonics = [np.sin(2 * np.pi * hum * k * time) / k for k in range(1, 13)]
    wave = np.zeros(n)
    start = 0
    for phone, end in zip(phones, ends * 160, strict=True):
        if phone in {"P", "S", "T", "SH"}:
            wave[start:end] = random.standard_normal(end - start) * 0.05
        elif phone:
            vowel = sum(h for k, h in enumerate(harmonics) if (k + PHONES.index(phone)) % 4)  # a timbre per phone
            wave[start:end] = 0.15 * vowel[start:end]
        start = end
    return (wave + random.standard_normal(n) * 1e-3).astype(np.float32)


def _textgrid(phones: list[str], ends: np.ndarray) -> str:
    bounds = [0, *ends.tolist()]
    last = bounds[-1] / 100
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {last}"]
    lines += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    lines += ['        name = "phones"', "        xmin = 0", f"        xmax = {last}"]
    lines += [f"        intervals: size = {len(phones)}"]
    for number, phone in enumerate(phones):
        lines += [f"        intervals [{number + 1}]:", f"            xmin = {bounds[number] / 100}"]
        lines += [f"            xmax = {bounds[number + 1] / 100}", f'            text = "{phone}"']
    return "\n".join(lines) + "\n"
