"""What is asked about a property, in which order, and the answer so far; it knows no widgets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from queries.live_sets.question import Question, RefusedError
from tui.app.asked import Asked, Value

if TYPE_CHECKING:
    from queries import Connection
    from queries.live_sets.answer import Answer
    from queries.live_sets.counts import Counts
    from queries.live_sets.made import LayerSets
    from queries.live_sets.overlap import Overlap

T = TypeVar("T")


class Viewer(Protocol):
    """What an inquiry is made for: it asks in threads, and shows what comes back."""

    @property
    def asked(self) -> Asked:
        """The choice to be answered."""

    @property
    def properties(self) -> Sequence[str]:
        """Names of the declared properties."""

    @property
    def snapshot_id(self) -> str:
        """The newest snapshot."""

    @property
    def waits(self) -> bool:
        """Whether a question is not answered yet."""

    def ask(
        self, about: str, work: "Callable[[Connection], Any]", then: Callable[[Any], None], *, doing: str = ...
    ) -> None:
        """Ask in a thread, instead of what was asked about the same."""

    def cancel(self, about: str | None = None) -> bool:
        """Give up what is asked about something; whether it was asked."""

    def show_old(self, old: bool) -> None:
        """Mark what is shown as out of date, or no longer."""

    def show_refused(self, error: RefusedError | None) -> None:
        """Say what cannot be asked; None = all can."""

    def show_answer(self, answer: "Answer") -> None:
        """Show all of a new answer, or of the same in another layer."""

    def take_over(self, parameters: Mapping[str, Value]) -> None:
        """Make parameters that were answered the choice."""

    def show_layers(self, answer: "Answer") -> None:
        """Show further layers of the answer."""

    def show_overlaps(self, answer: "Answer") -> None:
        """Show a further overlap."""


class Inquiry:
    """Asks first for the sets and for the layer that is looked at, then for the other layers, then for the overlaps.

    Attributes:
        answer: what is shown; None = nothing yet.
        asking: the question that is on its way to take its place.
        overlaps: with other properties, in the layer of the answer.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.answer: Answer | None = None
        self.asking: Question | None = None
        self.overlaps: list[Overlap] = []
        self._chosen: Question | None = None
        self._counts: Counts | None = None
        self._making = Lock()

    def follow(self) -> bool:
        """Ask what is not known yet of the choice; whether there is anything to ask."""
        question = question_of(self._viewer.asked)
        stays, self._chosen = question == self._chosen, question
        if question is None:
            self.answer = None
        elif self.answer is None or self.answer.question != question:
            if self.asking != question:
                self._ask(question)
        else:
            self._viewer.cancel("layer")
            if not stays:  # where it stays, what is being asked was typed, and is still wanted
                self._unask()
            self._go_on()
        return question is not None

    def renew(self) -> None:
        """Ask for the choice again, as the warehouse has grown; until that is answered, the old answer stays."""
        self._chosen = question_of(self._viewer.asked)
        if self._chosen is not None:
            self._ask(self._chosen)

    def want(self, parameters: Mapping[str, Value]) -> None:
        """Ask the choice under other parameters."""
        question = question_of(replace(self._viewer.asked, parameters=dict(parameters)))
        if question is None or question == self.asking:
            return
        if self.answer is not None and question == self.answer.question:
            self._viewer.show_refused(None)
            self._unask()
            self._go_on()
            return
        self._ask(question)

    def stopped(self) -> bool:
        """What ran was stopped; whether that was a question about another answer."""
        was, self.asking = self.asking, None
        self._viewer.show_old(False)
        return was is not None

    def failed(self, about: str) -> None:
        """A question went wrong: what is shown stays."""
        if about == "sets":
            self.stopped()

    def others(self) -> list[str]:
        """Properties whose overlap is not known yet."""
        known = {found.other for found in self.overlaps}
        if self.answer is not None:
            known.add(self.answer.question.name)
        return [name for name in self._viewer.properties if name not in known]

    def _ask(self, question: Question) -> None:
        for about in ("layer", "rest", "overlap"):
            self._viewer.cancel(about)
        self.asking = question
        layer = self._viewer.asked.layer
        doing = f"counting {question.name} from the activations" if question.reads_facts else f"reading {question.name}"
        self._viewer.show_old(question.reads_facts)

        def work(con: "Connection") -> "Answer | RefusedError":
            from queries.live_sets.answer import answer

            try:
                return answer(con, self._store(), question, layer)
            except RefusedError as error:
                return error

        self._viewer.ask("sets", work, self._answered, doing=doing)

    def _answered(self, answer: "Answer | RefusedError") -> None:
        self.stopped()
        if isinstance(answer, RefusedError):
            self._viewer.show_refused(answer)
            if self.answer is not None and self.answer.snapshot == self._viewer.snapshot_id:
                self._go_on()
            return
        self._viewer.show_refused(None)
        self.overlaps = []
        self.answer = answer
        self._viewer.show_answer(answer)
        self._viewer.take_over(answer.question.parameters)
        self._go_on()

    def _unask(self) -> None:
        """Give up the question on its way: what is shown is what is asked."""
        if self._viewer.cancel("sets"):
            self.stopped()

    def _go_on(self) -> None:
        """Go on with the answer that is shown: with the layer that is chosen, and with what was stopped."""
        answer, asked = self.answer, self._viewer.asked
        if answer is None:
            return
        others = {layer.layer for layer in answer.layers} - {answer.layer}
        if asked.layer in others and answer.question == question_of(asked):
            self._look_at(asked.layer)
        elif not self._viewer.waits:
            self._ask_rest()

    def _ask_more(
        self, about: str, answer: "Answer", work: "Callable[[Connection], T]", then: Callable[[T], None], doing: str
    ) -> None:
        """Ask for more of an answer; where the warehouse has grown since, for all of it again."""

        def of_its_snapshot(con: "Connection") -> "tuple[T] | None":
            return (work(con),) if con.snapshot.id == answer.snapshot else None

        def told(found: "tuple[T] | None") -> None:
            if self.answer is None or self.answer.question != answer.question:
                return
            if found is not None and self.answer.snapshot == answer.snapshot:
                then(found[0])
            elif self.asking is None:
                self._ask(answer.question)

        self._viewer.ask(about, of_its_snapshot, told, doing=doing)

    def _ask_rest(self) -> None:
        """Ask for the layers that are not there yet, and for the overlaps when there are none."""
        answer = self.answer
        if answer is None:
            return
        if not answer.waiting:
            self._ask_overlap()
            return

        def work(con: "Connection") -> "dict[int, LayerSets]":
            from queries.live_sets.answer import more

            return more(con, self._store(), answer)

        n = len(answer.layers) - len(answer.waiting)
        doing = f"counting {answer.question.name}: {n} of {len(answer.layers)} layers are done"
        self._ask_more("rest", answer, work, self._more, doing)

    def _more(self, sets: "Mapping[int, LayerSets]") -> None:
        if self.answer is None:
            return
        self.answer = replace(self.answer, sets={**self.answer.sets, **sets})
        self._viewer.show_layers(self.answer)
        self._ask_rest()

    def _look_at(self, layer: int) -> None:
        """Ask for another layer of the same answer."""
        answer = self.answer
        if answer is None:
            return

        def work(con: "Connection") -> "Answer":
            from queries.live_sets.answer import at_layer

            return at_layer(con, self._store(), answer, layer)

        self._ask_more("layer", answer, work, self._looked_at, f"counting {answer.question.name} in layer {layer}")

    def _looked_at(self, answer: "Answer") -> None:
        if self.answer is None or answer.layer != self._viewer.asked.layer:
            return
        self.answer = replace(answer, sets={**self.answer.sets, **answer.sets})
        self.overlaps = []
        self._viewer.show_answer(self.answer)
        self._ask_rest()

    def _ask_overlap(self) -> None:
        """Ask for the overlap with the next property."""
        answer, others = self.answer, self.others()
        if answer is None or not others:
            return

        def work(con: "Connection") -> "list[Overlap]":
            from queries.live_sets.overlap import some_overlaps

            return some_overlaps(con, self._store(), answer.question, answer.here.layer, others)

        then = partial(self._overlapped, answer)
        self._ask_more("overlap", answer, work, then, f"counting {others[0]}, for the overlap")

    def _overlapped(self, answer: "Answer", found: "list[Overlap]") -> None:
        if self.answer is not None and self.answer.here is answer.here:
            self.overlaps += found
            self._viewer.show_overlaps(self.answer)
            self._ask_overlap()

    def _store(self) -> "Counts":
        """The counts in memory; made in the thread that asks first, for NumPy takes its time to load."""
        from queries.live_sets.counts import Counts

        with self._making:
            if self._counts is None:
                self._counts = Counts()
            return self._counts


def question_of(asked: Asked) -> Question | None:
    """The question that a choice is; None = the warehouse has no model, or no property is declared."""
    if asked.model is None or asked.property is None:
        return None
    return Question(asked.model, asked.property, dict(asked.parameters))
