"""Times as integer microseconds, read from decimal text exactly.

Aligners work on a 10 ms lattice, where two phones often share a frame half and half; a boundary that a
binary float moved by one microsecond would decide such a tie (docs/method.md), so no float is ever involved.
"""

from decimal import Decimal, InvalidOperation

MICROSECONDS = 1_000_000


def micros(seconds: str) -> int:
    """Microseconds of a decimal number of seconds, rounded half to even; ValueError when it is none.

    >>> micros("0.3"), micros("0.30000000000000004"), micros("1e-3")
    (300000, 300000, 1000)
    """
    whole, _, fraction = seconds.partition(".")
    if len(fraction) <= 6 and len(whole) <= 10 and whole.isdecimal() and (not fraction or fraction.isdecimal()):
        return int(whole) * MICROSECONDS + int(fraction.ljust(6, "0"))
    try:
        value = Decimal(seconds)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.adjusted() > 10:  # a larger exponent would only cost memory
        raise ValueError(f"{seconds!r} is no time in seconds")
    return int((value * MICROSECONDS).to_integral_value())


def samples_to_us(n_samples: int, sample_rate: int) -> int:
    """Microseconds of a count of samples, rounded to the nearest (half upwards)."""
    return (2 * n_samples * MICROSECONDS + sample_rate) // (2 * sample_rate)


def seconds(time_us: int) -> str:
    """A time for a message: seconds without needless zeros, such as ``"1.25 s"``."""
    return f"{time_us / MICROSECONDS:.6f}".rstrip("0").rstrip(".") + " s"
