"""Named sets of neurons that outlive the program, and what is done with them; every change can be taken back."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from queries.basket.folder import Folder, basket_folder
from queries.basket.neuron_set import NeuronSet, checked_name, named
from queries.masks.mask import Mask
from warehouse.errors import MaskError

How = Literal["add", "intersect", "take away"]
HOW: dict[How, str] = {"add": "|", "intersect": "&", "take away": "-"}
"""What can be done with a set and further neurons: union, intersection, difference."""


@dataclass(frozen=True)
class Change:
    """What was done.

    Attributes:
        said: it, in a line.
        before: name -> the set as it was, None = there was none.
        after: the same names as they are now.
    """

    said: str
    before: Mapping[str, NeuronSet | None]
    after: Mapping[str, NeuronSet | None]


class Basket:
    """The named sets of a warehouse, one file each; what other programs change there is seen at once.

    Attributes:
        folder: where the files are.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._files = Folder(self.folder)
        self._changes: list[Change] = []

    @classmethod
    def of(cls, warehouse: str | os.PathLike[str]) -> Self:
        """The basket that this user has for a warehouse."""
        return cls(basket_folder(warehouse))

    def sets(self) -> tuple[NeuronSet, ...]:
        """All sets, by the alphabet."""
        found = (held.held for held in self._files.contents().sets.values())
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.name)))

    def names(self) -> tuple[str, ...]:
        """The names of all sets, by the alphabet."""
        return tuple(one.name for one in self.sets())

    def problems(self) -> tuple[str, ...]:
        """A line for every file of the folder that is no set; such files are never changed."""
        return self._files.contents().problems

    def holding(self, model: str, layer: int, neuron: int) -> tuple[NeuronSet, ...]:
        """The sets that a neuron is in."""
        return tuple(one for one in self.sets() if one.has(model, layer, neuron))

    def __contains__(self, name: object) -> bool:
        return name in self._files.contents().sets

    def __getitem__(self, name: str) -> NeuronSet:
        found = self._files.contents().sets.get(name)
        if found is None:
            raise MaskError(f"there is no set {name!r}; there are: {', '.join(self.names()) or 'none'}")
        return found.held

    def gather(self, name: str, mask: Mask, how: How = "add", origin: str = "") -> Change:
        """Add neurons to a set, which is made when there is none; or keep only them, or take them away.

        Args:
            name: of the set.
            mask: the neurons, as :func:`queries.basket.neuron_set.listed` finds them.
            how: what is done with them.
            origin: where they come from, in a line.

        Raises:
            MaskError: another model's neurons, a set to intersect or to take away from that is not there, or a
                folder that cannot be written.
        """
        with self._files.changing():
            change = self._gathered(name, mask, how, origin)
            return self._done(change.said, change.after)

    def foreseen(self, name: str, mask: Mask, how: How = "add") -> str:
        """What :meth:`gather` would say it did; nothing is done.

        Raises:
            MaskError: what it would refuse.
        """
        return self._gathered(name, mask, how, "").said

    def _gathered(self, name: str, mask: Mask, how: How, origin: str) -> Change:
        text = checked_name(name)
        old = self._now(text)
        if old is None:
            if how != "add":
                raise MaskError(f"there is no set {text!r} to {_verb(how)}; add the neurons to make it")
            made = named(text, mask, origin)
            return Change(f"{text}: new, {_neurons(len(made))}", {text: None}, {text: made})
        told = f"{old.origin} {HOW[how]} {origin}" if origin else old.origin
        new = named(text, _combined(old, how, named("listed", mask, origin)), told)
        return Change(_compared(text, old, new), {text: old}, {text: new})

    def combine(self, name: str, one: str, how: How, other: str) -> Change:
        """Make a set of two: their union, their intersection, or what the first has and the other lacks.

        Args:
            name: of the new set.
            one: name of a set.
            how: ``add``, ``intersect`` or ``take away``.
            other: name of another.

        Raises:
            MaskError: a name that is taken, an unknown set, sets of two models, or a folder that cannot be written.
        """
        text = checked_name(name)
        with self._files.changing():
            self._check_free(text)
            a, b = self[one], self[other]
            made = named(text, _combined(a, how, b), f"{one} {HOW[how]} {other}")
            return self._done(f"{text}: {one} {HOW[how]} {other}, {_neurons(len(made))}", {text: made})

    def rename(self, old: str, new: str) -> Change:
        """Give a set another name.

        Raises:
            MaskError: an unknown set, a name that is taken, or a folder that cannot be written.
        """
        text = checked_name(new)
        with self._files.changing():
            self._check_free(text)
            moved = self[old]
            after = {text: named(text, moved.mask, moved.origin), old: None}
            return self._done(f"{old} is now {text}", after)

    def copy(self, name: str, new: str) -> Change:
        """Make a second set of the same neurons.

        Raises:
            MaskError: an unknown set, a name that is taken, or a folder that cannot be written.
        """
        text = checked_name(new)
        with self._files.changing():
            self._check_free(text)
            kept = self[name]
            return self._done(f"{text}: a copy of {name}", {text: named(text, kept.mask, kept.origin)})

    def remove(self, name: str) -> Change:
        """Take a set out of the basket.

        Raises:
            MaskError: an unknown set, or a file that cannot be removed.
        """
        with self._files.changing():
            gone = self[name]
            return self._done(f"{name} was removed, {_neurons(len(gone))}", {name: None})

    @property
    def last(self) -> str | None:
        """What the change said that :meth:`undo` would take back; None when there is none."""
        return self._changes[-1].said if self._changes else None

    def undo(self) -> Change | None:
        """Take the last change back that this object made.

        Returns:
            The change that was taken back; None when there is none.

        Raises:
            MaskError: another program has changed the same set since; nothing is done.
        """
        if not self._changes:
            return None
        last = self._changes[-1]
        with self._files.changing():
            now = {name: self._now(name) for name in last.after}
            if now != dict(last.after):
                self._changes.pop()
                raise MaskError(f"“{last.said}” cannot be taken back: another program changed the set since")
            self._write(last.before)
        self._changes.pop()
        return last

    def _check_free(self, name: str) -> None:
        if name in self:
            raise MaskError(f"there is a set {name!r} already; give another name")

    def _now(self, name: str) -> NeuronSet | None:
        held = self._files.contents().sets.get(name)
        return None if held is None else held.held

    def _done(self, said: str, after: Mapping[str, NeuronSet | None]) -> Change:
        change = Change(said, {name: self._now(name) for name in after}, after)
        self._write(after)
        self._changes.append(change)
        return change

    def _write(self, sets: Mapping[str, NeuronSet | None]) -> None:
        for wanted in sets.values():  # first what is new: whoever dies between leaves a set twice, never none
            if wanted is not None:
                self._files.write(wanted)
        for name, wanted in sets.items():
            if wanted is None and name in self:
                self._files.remove(name)


def _combined(one: NeuronSet, how: How, other: NeuronSet) -> Mask:
    if how == "add":
        return one.mask | other.mask
    return one.mask & other.mask if how == "intersect" else one.mask - other.mask


def _compared(name: str, old: NeuronSet, new: NeuronSet) -> str:
    """How a set changed, in a line."""
    more = len(new) - len(old)
    told = f"{more} more" if more > 0 else f"{-more} fewer" if more < 0 else "unchanged"
    return f"{name}: {told}, {_neurons(len(new))} now"


def _neurons(n: int) -> str:
    return "1 neuron" if n == 1 else f"{n} neurons"


def _verb(how: How) -> str:
    return "intersect with" if how == "intersect" else "take them away from"
