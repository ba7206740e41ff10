from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.audio import AudioHeader, n_samples_at, once, probe, read_audio, resample
from warehouse.errors import CorpusError

RATE = 16_000


def tone(hertz: float, n_samples: int, sample_rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(n_samples) / sample_rate)).astype(np.float32)


def noise(n_samples: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, n_samples).astype(np.float32)


@pytest.mark.parametrize("suffix", ["flac", "wav", "ogg", "mp3"])
@pytest.mark.parametrize(("n_samples", "sample_rate"), [(16_000, 16_000), (44_117, 44_100), (5_001, 22_050)])
def test_the_header_tells_the_length_of_what_is_read(
    tmp_path: Path, suffix: str, n_samples: int, sample_rate: int
) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, tone(200, n_samples, sample_rate), sample_rate)
    assert probe(path) == AudioHeader(n_samples, sample_rate, 1)
    wave = read_audio(path, RATE)
    assert wave.dtype == np.float32
    assert wave.shape == (n_samples_at(n_samples, sample_rate, RATE),)
    expected = tone(200, len(wave), RATE)
    inner = slice(400, -400)
    assert np.abs(wave - expected)[inner].max() < (2e-3 if suffix in ("flac", "wav") else 0.1)


def test_what_has_the_wanted_form_is_read_bit_by_bit(tmp_path: Path) -> None:
    wave = noise(8_000)
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    said: list[str] = []
    assert np.array_equal(read_audio(tmp_path / "a.wav", RATE, said.append), wave)
    assert said == []


def test_channels_are_averaged_and_rates_changed_and_both_said(tmp_path: Path) -> None:
    both = np.stack([tone(300, 44_100, 44_100), -tone(300, 44_100, 44_100) / 2], axis=1)
    soundfile.write(tmp_path / "a.wav", both, 44_100, subtype="FLOAT")
    said: list[str] = []
    note = once(said.append)
    wave = read_audio(tmp_path / "a.wav", RATE, note)
    read_audio(tmp_path / "a.wav", RATE, note)
    assert said == ["audio of 2 channels is mixed to one", "audio of 44100 Hz is resampled to 16000 Hz"]
    assert np.abs(wave - tone(300, RATE, RATE) / 4)[400:-400].max() < 1e-3


@settings(deadline=None)
@given(
    st.integers(1, 3_000),
    st.sampled_from([8_000, 11_025, 22_050, 24_000, 44_100, 48_000]),
    st.sampled_from([16_000, 8_000]),
)
def test_the_resampled_length_is_the_one_foretold(n_samples: int, sample_rate: int, wanted_rate: int) -> None:
    assert resample(noise(n_samples), sample_rate, wanted_rate).shape == (
        n_samples_at(n_samples, sample_rate, wanted_rate),
    )


@pytest.mark.parametrize("sample_rate", [22_050, 44_100, 48_000])
def test_what_the_new_rate_cannot_hold_is_filtered_out(sample_rate: int) -> None:
    wave = resample(tone(0.49 * sample_rate, sample_rate, sample_rate), sample_rate, RATE)
    assert np.abs(wave)[400:-400].max() < 0.5 * 10 ** (-50 / 20)  # 50 dB down


@pytest.mark.parametrize("suffix", ["flac", "wav", "ogg", "mp3"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_an_error(tmp_path: Path, suffix: str, kept: float) -> None:
    whole = tmp_path / f"whole.{suffix}"
    soundfile.write(whole, noise(60_000), RATE)
    data = whole.read_bytes()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CorpusError, match=rf"a\.{suffix}: .*(truncated|damaged)") as caught:
        read_audio(path, RATE)
    assert "\n" not in str(caught.value)


def test_a_flac_cut_between_two_of_its_frames_is_an_error(tmp_path: Path) -> None:
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, noise(60_000), RATE)
    data = whole.read_bytes()
    starts = [at for at in range(1, len(data) - 1) if data[at : at + 2] == b"\xff\xf8"][1:]
    assert len(starts) >= 5
    for start in starts:
        (tmp_path / "a.flac").write_bytes(data[:start])
        with pytest.raises(CorpusError, match=r"a\.flac: .*(truncated|damaged)"):
            read_audio(tmp_path / "a.flac", RATE)


def test_a_flac_damaged_inside_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(60_000), RATE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"a\.flac: .*damaged"):
        read_audio(path, RATE)


def test_a_wav_written_to_a_pipe_has_no_size_and_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(4_000), RATE)
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(read_audio(path, RATE)) == 4_000


def test_a_flac_written_to_a_pipe_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(4_000), RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the total number of samples: 36 bits of the first metadata block
    data[22:26] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"a\.flac: its header does not say how long it is"):
        probe(path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "the file is empty"), (b"not audio at all", "cannot be decoded"), (None, "cannot be read")],
)
def test_a_file_that_is_none_says_so(tmp_path: Path, data: bytes | None, reason: str) -> None:
    path = tmp_path / "a.flac"
    if data is not None:
        path.write_bytes(data)
    for read in (probe, lambda path: read_audio(path, RATE)):
        with pytest.raises(CorpusError, match=rf"a\.flac: {reason}"):
            read(path)


def test_a_file_without_samples_says_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0, np.float32), RATE)
    with pytest.raises(CorpusError, match=r"a\.wav: holds no samples"):
        probe(tmp_path / "a.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sample_that_is_no_number_is_named(tmp_path: Path, value: float, channels: int) -> None:
    wave = np.zeros((4_000, channels), np.float32)
    wave[1_600, -1] = value
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    with pytest.raises(CorpusError, match=r"a\.wav: sample 1600 \(0\.100 s\) is NaN or infinite"):
        read_audio(tmp_path / "a.wav", RATE)
