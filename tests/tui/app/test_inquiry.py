"""What the property screen asks, and in which order, without a screen: threads are played by a queue."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from queries import Connection, connect
from queries.live_sets.question import RefusedError
from tui.app.asked import Asked, Value
from tui.app.screens.property.inquiry import Inquiry

if TYPE_CHECKING:
    from queries.live_sets.answer import Answer


@dataclass
class Played:
    """Shows nothing, and answers one question at a time, when it is told to."""

    con: Connection
    asked: Asked = field(default_factory=lambda: Asked("tiny-speech", "phone_class", 1))
    properties: tuple[str, ...] = ("phone_class", "gender", "pitch")
    queue: dict[str, tuple[Callable[[Any], Any], Callable[[Any], None]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    refused: RefusedError | None = None

    @property
    def snapshot_id(self) -> str:
        return self.con.snapshot.id

    @property
    def waits(self) -> bool:
        return bool(self.queue)

    def ask(
        self, about: str, work: Callable[[Any], Any], then: Callable[[Any], None], *, doing: str = "reading"
    ) -> None:
        self.queue[about] = work, then

    def cancel(self, about: str | None = None) -> bool:
        return self.queue.pop(about or "", None) is not None

    def show_old(self, old: bool) -> None:
        self.told.append("old" if old else "new")

    def show_refused(self, error: RefusedError | None) -> None:
        self.refused = error

    def show_answer(self, answer: "Answer") -> None:
        self.told.append(f"layer {answer.layer}")

    def take_over(self, parameters: Mapping[str, Value]) -> None:
        self.asked = replace(self.asked, parameters=parameters)

    def show_layers(self, answer: "Answer") -> None:
        self.told.append("layers")

    def show_overlaps(self, answer: "Answer") -> None:
        self.told.append("overlaps")

    def answer(self) -> str:
        """Answer the only question; what it was about."""
        [(about, (work, then))] = self.queue.items()
        self.queue.clear()
        with self.con.cursor() as con:
            then(work(con))
        return about

    def answer_all(self) -> list[str]:
        abouts = []
        while self.queue:
            abouts.append(self.answer())
        return abouts


@pytest.fixture
def played(shown: Path) -> Iterator[Played]:
    with connect(shown) as con:
        yield Played(con)


def in_order(abouts: list[str]) -> bool:
    """Whether the sets came first, then the other layers, and then the overlaps, some of either at once."""
    order = ["sets", "rest", "overlap"]
    return set(abouts) >= {"sets", "overlap"} and abouts == sorted(abouts, key=order.index)


def test_the_sets_come_first_and_the_overlaps_last(played: Played) -> None:
    inquiry = Inquiry(played)
    assert inquiry.follow()
    assert inquiry.asking is not None
    abouts = played.answer_all()
    assert in_order(abouts)
    assert played.told[-1] == "overlaps"
    assert inquiry.asking is None
    assert inquiry.answer is not None
    assert not inquiry.answer.waiting
    assert [found.other for found in inquiry.overlaps] == ["gender", "pitch"]
    assert inquiry.others() == []


def test_the_smallest_change_asks_no_more_than_it_needs(played: Played) -> None:
    inquiry = Inquiry(played)
    inquiry.follow()
    played.answer_all()
    played.asked = replace(played.asked, layer=3)
    inquiry.follow()
    assert list(played.queue) == ["layer"]
    played.answer_all()
    assert inquiry.answer is not None
    assert inquiry.answer.layer == 3
    inquiry.follow()
    assert not played.queue  # the choice is what is shown


def test_going_back_to_what_is_shown_gives_up_what_was_typed_and_goes_on(played: Played) -> None:
    inquiry = Inquiry(played)
    inquiry.follow()
    played.answer()
    shown_first = inquiry.answer
    assert shown_first is not None
    inquiry.want({"p_sigma": 0.5})
    assert list(played.queue) == ["sets"]
    inquiry.want({})
    assert "sets" not in played.queue
    assert inquiry.asking is None
    assert inquiry.answer is shown_first
    played.answer_all()
    assert [found.other for found in inquiry.overlaps] == ["gender", "pitch"]


def test_what_is_refused_leaves_the_answer_and_the_choice(played: Played) -> None:
    inquiry = Inquiry(played)
    inquiry.follow()
    played.answer_all()
    before = inquiry.answer, played.asked
    inquiry.want({"p_sigma": 7.0})
    played.answer_all()
    assert played.refused is not None
    assert (inquiry.answer, played.asked) == before
    inquiry.want({"p_sigma": 0.5})
    played.answer_all()
    assert played.refused is None
    assert dict(played.asked.parameters) == {"p_sigma": 0.5}


def test_what_was_stopped_or_failed_is_asked_again_when_it_is_chosen_again(played: Played) -> None:
    inquiry = Inquiry(played)
    inquiry.follow()
    played.cancel("sets")
    assert inquiry.stopped()
    assert not inquiry.stopped()
    inquiry.follow()
    assert list(played.queue) == ["sets"]
    played.queue.clear()
    inquiry.failed("sets")
    inquiry.follow()
    assert list(played.queue) == ["sets"]


def test_without_a_model_there_is_nothing_to_ask(played: Played) -> None:
    played.asked = Asked()
    inquiry = Inquiry(played)
    assert not inquiry.follow()
    inquiry.renew()
    inquiry.want({})
    assert not played.queue


def test_what_is_counted_from_activations_comes_layer_by_layer(played: Played) -> None:
    inquiry = Inquiry(played)
    inquiry.follow()
    played.answer_all()
    inquiry.want({"p_where": "gender = 'F'"})
    assert played.told[-1] == "old"
    assert in_order(played.answer_all())
    assert inquiry.answer is not None
    assert not inquiry.answer.waiting
    assert set(inquiry.answer.sets) == {1, 2, 3, 4}
