"""Log-mel encoders: the frames they give, and their files."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from torch import nn

from ingest.models import load, wrap
from ingest.models.mel import GRID, TINY, save_mel_encoder
from ingest.models.mel_encoder import MelEncoder, MelEncoderConfig, standardized
from warehouse import ModelError

SMALL = MelEncoderConfig(width=16, neurons=24, blocks=2, heads=2, kernel=5)


def encoder(config: MelEncoderConfig = SMALL) -> MelEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return MelEncoder(config).eval()


def test_it_has_as_many_frames_as_the_convolutional_models() -> None:
    module = encoder()
    for samples in (400, 559, 560, 719, 720, 1039, 1040, 16_000, 48_077):
        frames = module(torch.randn(1, samples)).shape[1]
        assert frames == (samples - 400) // 320 + 1 == GRID.n_frames(samples, 16_000)


def test_its_spectrum_is_librosa_style_log_mel_by_hand() -> None:
    waveform = torch.randn(1, 1600)
    window = torch.hann_window(400)
    bands = torchaudio.functional.melscale_fbanks(201, 20.0, 8000.0, 40, 16_000)
    rows = [
        ((torch.fft.rfft(waveform[0, at : at + 400] * window).abs() ** 2) @ bands + 1e-6).log()
        for at in range(0, 1201, 160)
    ]
    torch.testing.assert_close(encoder().log_mel(waveform)[0], torch.stack(rows), rtol=1e-4, atol=1e-4)


def test_a_louder_and_a_filtered_utterance_are_the_same_to_it() -> None:
    mel = torch.randn(1, 50, 40)
    torch.testing.assert_close(standardized(mel + torch.randn(40)), standardized(mel), atol=1e-5, rtol=0)


def test_padding_changes_no_frame_before_it() -> None:
    module, mel = encoder(), standardized(torch.randn(1, 40, 40))
    alone = module.encode(mel)
    longer = torch.cat([mel, torch.randn(1, 20, 40)], 1)
    padded = module.encode(longer, padding=torch.arange(30)[None] >= 20)
    torch.testing.assert_close(padded[:, :20], alone, atol=1e-5, rtol=1e-4)


def test_hidden_frames_do_not_reach_it() -> None:
    module, mel = encoder(), torch.randn(2, 40, 40)
    hidden = torch.zeros(2, 20, dtype=torch.bool)
    hidden[:, 5:9] = True
    other = mel.clone()
    other[:, 10:18] = torch.randn(2, 8, 40)
    torch.testing.assert_close(module.encode(mel, hidden=hidden), module.encode(other, hidden=hidden))


def test_its_feed_forward_networks_are_found_also_under_a_head() -> None:
    model = wrap(nn.ModuleDict({"encoder": encoder(), "head": nn.Linear(16, 3)}))
    assert [site.out_module for site in model.sites] == [f"encoder.encoder.layers.{i}.fc2" for i in range(2)]
    assert [site.in_module for site in model.sites] == [f"encoder.encoder.layers.{i}.fc1" for i in range(2)]
    assert (model.family, model.grid, model.sites[0].n_neurons) == ("mel", GRID, 24)
    assert (GRID.hop_us, GRID.offset_us) == (20_000, 17_500)  # the centre of the two windows that a frame stacks
    seen: list[torch.Tensor] = []
    model.module.get_submodule(model.sites[0].out_module).register_forward_pre_hook(
        lambda _, given: seen.append(given[0])
    )
    model.forward(model.waveforms([np.random.default_rng(0).standard_normal(8000)]))
    assert seen[0].shape == (1, 24, 24)


def test_a_file_builds_the_encoder_again(tmp_path: Path) -> None:
    written = encoder()
    save_mel_encoder(written, tmp_path / "e.safetensors", {"made_by": "a test"})
    read = load(f"mel:{tmp_path / 'e.safetensors'}")
    assert read.source == f"mel:{tmp_path / 'e.safetensors'}"
    for name, value in written.state_dict().items():
        torch.testing.assert_close(read.module.state_dict()[name], value, atol=1e-3, rtol=1e-3)
    other = load(f"mel:{tmp_path / 'e.safetensors'}", random_init=5)
    assert other.checksum == load(f"mel:{tmp_path / 'e.safetensors'}", random_init=5).checksum != read.checksum


def test_the_model_that_ships_is_small_and_whole() -> None:
    assert TINY.stat().st_size < 10_000_000
    model = load("mel:tiny")
    assert len(model.sites) >= 4
    assert min(site.n_neurons for site in model.sites) >= 1024
    assert all(value.isfinite().all() for value in model.module.state_dict().values())


def test_what_is_no_encoder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file; give mel:tiny"):
        load("mel:huge")
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk" * 10)
    with pytest.raises(ModelError, match=r"junk\.safetensors: no log-mel encoder"):
        load(f"mel:{junk}")
    save_mel_encoder(encoder(), junk, {})
    with pytest.raises(ModelError, match="takes sound at 16000 Hz"):
        load(f"mel:{junk}", sample_rate=8000)
