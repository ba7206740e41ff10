"""What is typed becomes a value and text again; keys move a number within its range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.live_sets.question import RefusedError
from queries.live_sets.texts import FIELDS, moved, text_of, value_of

NUMBERS = [name for name, field in FIELDS.items() if field.step]


@given(st.sampled_from(NUMBERS), st.integers(0, 99_999))
def test_a_number_comes_back(parameter: str, thousandths: int) -> None:
    value = thousandths if FIELDS[parameter].whole else thousandths / 1000
    assert value_of(parameter, text_of({parameter: value}, parameter)) == value


@given(st.sampled_from(NUMBERS), st.text(max_size=6), st.integers(-40, 40))
def test_a_moved_number_is_one_that_can_be_asked(parameter: str, text: str, by: int) -> None:
    field = FIELDS[parameter]
    value = value_of(parameter, moved(parameter, text, by))
    assert isinstance(value, int if field.whole else float)
    assert field.least <= value <= (field.most if field.most is not None else value)


@pytest.mark.parametrize(
    ("parameter", "text", "by", "expected"),
    [
        ("p_sigma", "", 1, "0.85"),
        ("p_sigma", "1", 3, "1"),
        ("p_min_frames", "", 1, "5"),
        ("p_where", "true", 1, "true"),
    ],
)
def test_keys_move_on_from_the_default(parameter: str, text: str, by: int, expected: str) -> None:
    assert moved(parameter, text, by) == expected


@pytest.mark.parametrize(("parameter", "text"), [("p_sigma", "much"), ("p_min_frames", "2.5"), ("p_z", "nan")])
def test_what_is_no_number_is_refused(parameter: str, text: str) -> None:
    with pytest.raises(RefusedError, match=r"is no (whole )?number") as refused:
        value_of(parameter, text)
    assert refused.value.parameter == parameter


@pytest.mark.parametrize("digits", [10, 400, 5000])
def test_too_large_a_whole_number_is_refused(digits: int) -> None:
    with pytest.raises(RefusedError) as refused:
        value_of("p_min_frames", "9" * digits)
    assert refused.value.parameter == "p_min_frames"
    assert len(str(refused.value)) < 120
    assert moved("p_min_frames", "9" * digits, 1) == "5"


def test_nothing_is_the_default() -> None:
    assert {value_of(parameter, "  ") for parameter in FIELDS} == {None}
    assert value_of("p_where", " duration > 5 ") == "duration > 5"
