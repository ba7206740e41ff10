from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.times import micros, samples_to_us, seconds


@settings(deadline=None)
@given(st.integers(0, 10**11))
def test_a_decimal_time_keeps_every_microsecond(time_us: int) -> None:
    assert micros(f"{time_us // 10**6}.{time_us % 10**6:06d}") == time_us
    assert micros(repr(time_us / 1e6)) == time_us
    assert micros(f"{time_us / 1e6:.17g}") == time_us


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("0", 0),
        ("12", 12_000_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("0.30000000000000004", 300_000),
        ("1e-3", 1_000),
        ("-0.25", -250_000),
        ("0.0000005", 0),  # halves go to the even neighbour
        ("0.0000015", 2),
    ],
)
def test_what_tools_write_is_read(text: str, time_us: int) -> None:
    assert micros(text) == time_us


@pytest.mark.parametrize("text", ["", "abc", "1,5", "nan", "inf", "1 2", "0x10", "1e999999999", "9" * 5000])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        micros(text)


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000]))
def test_samples_become_the_nearest_microsecond(n_samples: int, sample_rate: int) -> None:
    exact = Decimal(n_samples) * 10**6 / sample_rate
    assert abs(samples_to_us(n_samples, sample_rate) - exact) <= Decimal("0.5")


def test_a_time_is_shown_without_needless_zeros() -> None:
    assert [seconds(t) for t in (0, 1_250_000, 20, 3_000_000)] == ["0 s", "1.25 s", "0.00002 s", "3 s"]
