"""Named sets that outlive the program: every change, taking it back, and what damaged files and others do to them."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.basket import Basket, basket_folder
from queries.masks import Mask
from warehouse.errors import MaskError

Neurons = set[tuple[int, int]]
NAMES = ("female", "Female", "männlich & co / 1", "x" * 100)
EVERY = [(1, j) for j in range(5)] + [(3, j) for j in range(4)]
OPERATORS: dict[str, Callable[[Neurons, Neurons], Neurons]] = {
    "add": set.union,
    "intersect": set.intersection,
    "take away": set.difference,
}

names, hows = st.sampled_from(NAMES), st.sampled_from(sorted(OPERATORS))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("gather"), names, hows, st.sets(st.sampled_from(EVERY))),
        st.tuples(st.just("combine"), names, names, hows, names),
        st.tuples(st.just("rename"), names, names),
        st.tuples(st.just("copy"), names, names),
        st.tuples(st.just("remove"), names),
        st.tuples(st.just("undo")),
    ),
    max_size=12,
)


def expected(state: dict[str, Neurons], step: tuple[Any, ...]) -> dict[str, Neurons] | None:
    """What a step makes of sets that are plain Python; None = it is refused."""
    verb, *rest = step
    new = dict(state)
    if verb == "gather":
        name, how, neurons = rest
        if name not in state and how != "add":
            return None
        new[name] = OPERATORS[how](state.get(name, set()), neurons)
    elif verb == "combine":
        name, one, how, other = rest
        if name in state or one not in state or other not in state:
            return None
        new[name] = OPERATORS[how](state[one], state[other])
    elif rest[0] not in state or (verb != "remove" and rest[1] in state):
        return None
    elif verb == "rename":
        new[rest[1]] = new.pop(rest[0])
    elif verb == "copy":
        new[rest[1]] = state[rest[0]]
    else:
        del new[rest[0]]
    return new


@settings(max_examples=40, deadline=None)
@given(steps)
def test_a_basket_is_what_plain_sets_under_the_same_changes_are(
    mask_of: Callable[..., Mask], pairs: Callable[[Mask], Neurons], taken: list[tuple[Any, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        basket = Basket(folder)
        state: dict[str, Neurons] = {}
        past: list[dict[str, Neurons]] = []
        for step in taken:
            verb, *rest = step
            if verb == "undo":
                assert (basket.undo() is not None) == bool(past)
                state = past.pop() if past else state
            else:
                wanted = expected(state, step)
                if verb == "gather":
                    rest = [rest[0], mask_of(rest[2]), rest[1]]
                if wanted is None:
                    with pytest.raises(MaskError):
                        getattr(basket, verb)(*rest)
                else:
                    foreseen = basket.foreseen(*rest) if verb == "gather" else None
                    assert getattr(basket, verb)(*rest).said == (foreseen or basket.last)
                    past.append(state)
                    state = wanted
            for seen in (basket, Basket(folder)):  # what the next program finds is what this one shows
                assert {one.name: pairs(one.mask) for one in seen.sets()} == state
                assert not seen.problems()


def test_a_set_is_a_mask_file_that_describes_itself(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    basket.gather("female", mask_of({(1, 2), (3, 0)}, sql="SELECT 1 AS layer, 2 AS neuron"), "add", "gender=F")
    (path,) = basket.folder.glob("*.json")
    mask = Mask.load(path)
    assert mask.neurons() == {1: [2], 3: [0]}
    told = {"set": "female", "from": "gender=F", "model": "m", "sql": "SELECT 1 AS layer, 2 AS neuron"}
    assert told.items() <= mask.provenance.items()
    assert basket["female"].origin == "gender=F"
    assert basket.folder.stat().st_mode & 0o077 == 0


def test_changes_say_what_they_did(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    def said(neurons: Neurons, how: Any) -> str:
        return basket.gather("s", mask_of(neurons), how, "more").said

    assert said({(1, 0)}, "add") == "s: new, 1 neuron"
    assert said({(1, 0), (1, 1), (3, 3)}, "add") == "s: 2 more, 3 neurons now"
    assert said({(1, 0)}, "add") == "s: unchanged, 3 neurons now"
    assert said({(1, 0)}, "take away") == "s: 1 fewer, 2 neurons now"
    assert basket["s"].origin == "more | more | more - more"
    assert basket.combine("t", "s", "intersect", "s").said == "t: s & s, 2 neurons"
    assert basket.remove("t").said == "t was removed, 2 neurons"


def test_neurons_of_another_model_are_refused(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    basket.gather("s", mask_of({(1, 0)}))
    with pytest.raises(MaskError, match="masks of two models do not combine: m and other"):
        basket.gather("s", mask_of({(1, 1)}, model="other"))
    assert len(basket["s"]) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [(" ", "a set needs a name"), ("x" * 101, "101 characters"), ("a\nb", "cannot be shown"), ("\udc80", "cannot be")],
)
def test_names_that_cannot_be_shown_are_refused(
    basket: Basket, mask_of: Callable[..., Mask], name: str, said: str
) -> None:
    with pytest.raises(MaskError, match=said):
        basket.gather(name, mask_of({(1, 0)}))
    assert basket.sets() == ()


def test_an_unknown_set_is_refused_with_those_that_there_are(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    with pytest.raises(MaskError, match="there are: none"):
        basket["female"]
    basket.gather("male", mask_of({(1, 0)}))
    with pytest.raises(MaskError, match="no set 'female'; there are: male"):
        basket.combine("x", "male", "add", "female")


def test_a_damaged_file_is_said_and_left_alone(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    basket.gather("female", mask_of({(1, 0)}))
    (path,) = basket.folder.glob("*.json")
    path.write_bytes(path.read_bytes()[:40])
    (basket.folder / "notes.json").write_text("[1]")
    before = {file: file.read_bytes() for file in basket.folder.glob("*.json")}
    assert basket.sets() == ()
    assert len(basket.problems()) == 2
    assert str(path) in basket.problems()[0]
    basket.gather("female", mask_of({(1, 3)}))  # the same name takes another file
    assert basket["female"].mask.neurons()[1] == [3]
    assert {file: file.read_bytes() for file in before} == before


def test_two_files_of_one_name_are_said(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    basket.gather("s", mask_of({(1, 0)}))
    (path,) = basket.folder.glob("*.json")
    (basket.folder / "zz.json").write_bytes(path.read_bytes())
    assert [one.name for one in basket.sets()] == ["s"]
    assert basket.problems() == (f"{basket.folder / 'zz.json'}: is named 's' as {path.name} is; remove one of them",)


def test_what_another_program_does_is_seen_and_not_undone(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    other = Basket(basket.folder)
    basket.gather("s", mask_of({(1, 0)}))
    other.gather("s", mask_of({(1, 1)}))
    assert len(basket["s"]) == 2
    with pytest.raises(MaskError, match="another program changed the set since"):
        basket.undo()
    assert len(basket["s"]) == 2
    assert basket.undo() is None


def test_a_basket_that_cannot_be_written_is_said(tmp_path: Path, mask_of: Callable[..., Mask]) -> None:
    (tmp_path / "file").write_text("")
    basket = Basket(tmp_path / "file" / "basket")
    assert (basket.sets(), basket.problems()) == ((), ())
    with pytest.raises(MaskError, match=r"sets cannot be kept there .*XDG_STATE_HOME"):
        basket.gather("s", mask_of({(1, 0)}))


def test_every_warehouse_has_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "a").mkdir()
    os.symlink(tmp_path / "a", tmp_path / "link")
    one = basket_folder(tmp_path / "a")
    assert one == basket_folder(tmp_path / "link")
    assert one != basket_folder(tmp_path / "b" / "a")
    assert one.is_relative_to(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    assert Basket.of(tmp_path / "a").folder == one


def test_a_neuron_finds_its_sets(basket: Basket, mask_of: Callable[..., Mask]) -> None:
    basket.gather("b", mask_of({(1, 0), (3, 2)}))
    basket.gather("A", mask_of({(3, 2)}))
    basket.gather("other", mask_of({(3, 2)}, model="other"))
    assert [one.name for one in basket.holding("m", 3, 2)] == ["A", "b"]
    assert [one.name for one in basket.holding("m", 1, 0)] == ["b"]
    assert basket.holding("m", 3, 99) == basket.holding("m", 2, 0) == ()
