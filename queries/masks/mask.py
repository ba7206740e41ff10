"""A mask: for every layer of a model, which neurons a set holds, and what is to become of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from queries.masks.layers import MaskLayer, described, span
from warehouse.errors import MaskError

if TYPE_CHECKING:
    import polars as pl

    from queries.connection import Connection, Parameters

Kind = Literal["erase", "keep"]
Bools = np.ndarray
"""Bool vector of length D: True = the neuron is in the set."""


@dataclass(frozen=True, eq=False)
class Mask:
    """A set of neurons of one model, and what True means: neurons to ``erase``, or the ones to ``keep``.

    Masks of the same layers and kind combine as sets: ``a | b``, ``a & b``, ``a - b``, and ``~a``, all neurons that
    ``a`` lacks. They are equal when layers, kind and neurons are; where they came from does not matter.

    Attributes:
        kind: what is to become of the neurons of the set.
        layers: the networks, in the order of their layers; all that were recorded, also those without a neuron here.
        chosen: for each of ``layers`` a read-only bool vector (D,).
        provenance: where the set came from, as text: model, checksum, sql, λ, σ, snapshot and the like.
    """

    kind: Kind
    layers: tuple[MaskLayer, ...]
    chosen: tuple[Bools, ...]
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ("erase", "keep"):
            raise MaskError(f"kind {self.kind!r} of a mask: must be erase or keep")
        if len(self.layers) != len(self.chosen):
            raise MaskError(f"a mask of {len(self.layers)} layers has vectors for {len(self.chosen)}")
        numbers = [layer.layer for layer in self.layers]
        if any(a >= b for a, b in pairwise(numbers)) or len({layer.out_module for layer in self.layers}) < len(numbers):
            raise MaskError("layers of a mask must be in ascending order, each once and with a module of its own")
        for layer, vector in zip(self.layers, self.chosen, strict=True):
            if vector.dtype != np.bool_ or vector.shape != (layer.n_neurons,):
                raise MaskError(
                    f"layer {layer.layer} ({layer.out_module}): a bool vector of {layer.n_neurons} neurons is wanted, "
                    f"not {vector.dtype} of shape {vector.shape}"
                )
        copies = tuple(vector.copy() for vector in self.chosen)
        for vector in copies:
            vector.flags.writeable = False
        object.__setattr__(self, "chosen", copies)

    @classmethod
    def of_neurons(
        cls,
        layers: Sequence[MaskLayer],
        neurons: Mapping[int, Sequence[int] | np.ndarray],
        kind: Kind = "erase",
        provenance: Mapping[str, str] | None = None,
    ) -> Self:
        """The mask of listed neurons.

        Args:
            layers: all networks of the model.
            neurons: layer from 1 -> neurons from 0; a layer that is absent has none.
            kind: what True means.
            provenance: where they come from.

        Raises:
            MaskError: a layer that the model lacks, or a neuron that is out of range or no whole number.
        """
        known = {layer.layer for layer in layers}
        unknown = sorted(set(neurons) - known)
        if unknown:
            raise MaskError(f"no layer {unknown[0]} in this model; it has {span(sorted(known))}")
        chosen = []
        for layer in layers:
            listed = np.asarray(neurons.get(layer.layer, ())).reshape(-1)
            if listed.size and listed.dtype.kind not in "iu":
                raise MaskError(
                    f"layer {layer.layer} ({layer.out_module}): neurons are numbers from 0, not {listed.dtype}"
                )
            outside = listed[(listed < 0) | (listed >= layer.n_neurons)]
            if outside.size:
                raise MaskError(
                    f"layer {layer.layer} ({layer.out_module}): no neuron {outside[0]}; it has neurons 0 to "
                    f"{layer.n_neurons - 1}"
                )
            vector = np.zeros(layer.n_neurons, dtype=np.bool_)
            vector[listed.astype(np.int64)] = True
            chosen.append(vector)
        return cls(kind, tuple(layers), tuple(chosen), dict(provenance or {}))

    def __len__(self) -> int:
        """How many neurons the set has."""
        return sum(int(vector.sum()) for vector in self.chosen)

    def __bool__(self) -> bool:
        """Always true: a mask without neurons is a mask; ``len`` says that it is empty."""
        return True

    @property
    def n_neurons(self) -> int:
        """Neurons of the model, in the set or not."""
        return sum(layer.n_neurons for layer in self.layers)

    @property
    def share(self) -> float:
        """Neurons of the set over those of the model."""
        return len(self) / self.n_neurons if self.n_neurons else 0.0

    def neurons(self) -> dict[int, list[int]]:
        """Layer from 1 -> neurons of the set from 0, ascending; every layer of the mask is there."""
        return {
            layer.layer: np.flatnonzero(vector).tolist() for layer, vector in zip(self.layers, self.chosen, strict=True)
        }

    def removed(self) -> dict[str, Bools]:
        """Path of the second linear -> bool vector (D,): what the model is to lose, whatever the kind."""
        return {
            layer.out_module: vector if self.kind == "erase" else ~vector
            for layer, vector in zip(self.layers, self.chosen, strict=True)
        }

    def as_kind(self, kind: Kind) -> "Mask":
        """The same change of the model, told the other way: what is not erased is kept."""
        return self if kind == self.kind else replace(~self, kind=kind)

    def random_like(self, seed: int) -> "Mask":
        """As many neurons in every layer, drawn without replacement: the random control of [A] Table 1."""
        draw = np.random.default_rng(seed)
        chosen = []
        for layer, vector in zip(self.layers, self.chosen, strict=True):
            drawn = np.zeros(layer.n_neurons, dtype=np.bool_)
            drawn[draw.choice(layer.n_neurons, int(vector.sum()), replace=False)] = True
            chosen.append(drawn)
        return replace(self, chosen=tuple(chosen), provenance={**self.provenance, "random_like": f"seed {seed}"})

    def summary(self) -> "pl.DataFrame":
        """Neurons and share per layer: columns layer, out_module, neurons, of, share."""
        from queries.masks.summary import summary

        return summary(self)

    def save(self, path: str | PathLike[str], format: str | None = None) -> None:
        """Write the mask to a file, which appears whole or not at all; one that is there is replaced.

        Args:
            path: the file.
            format: name of a format (:data:`queries.masks.formats.FORMATS`); None = as the suffix says.

        Raises:
            MaskError: no such format, a suffix that says none, or a file that cannot be written.
        """
        from queries.masks.formats import save

        save(self, path, format)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        format: str | None = None,
        layers: Sequence[MaskLayer] | None = None,
        kind: Kind | None = None,
    ) -> "Mask":
        """Read a mask from a file in any of the formats; nothing in the file is ever executed.

        Args:
            path: the file.
            format: name of its format; None = what its content says.
            layers: the networks that it must be of; needed for the formats that do not say (``paper``, ``lape``).
            kind: what True must mean; formats that do not say mean ``erase`` unless it is given.

        Raises:
            MaskError: the file is damaged, too large, of no known format, or for other layers or of another kind.
        """
        from queries.masks.formats import load

        return load(path, format, layers, kind)

    @classmethod
    def from_sql(
        cls,
        con: "Connection",
        query: str,
        *,
        kind: Kind = "erase",
        model: str | None = None,
        params: "Parameters | None" = None,
        allow_empty: bool = False,
        provenance: Mapping[str, str] | None = None,
    ) -> "Mask":
        """The mask of the neurons that a query lists.

        Args:
            con: an open warehouse.
            query: a SELECT with the columns ``layer`` and ``neuron``; a row that comes twice counts once. With a
                column ``model`` all rows must be of one model.
            kind: what True means.
            model: name of the model in the warehouse; needed where there are several and the query does not tell.
            params: values of ``?`` or ``$name`` in the query.
            allow_empty: whether a query without a row is a mask without neurons, rather than an error.
            provenance: what to record beside model, checksum, SQL, λ and snapshot.

        Raises:
            MaskError: rows that are no neurons of the model's feed-forward networks, or no row at all.
            QueryError: the query is refused.
            duckdb.Error: DuckDB's own message on a query that it cannot answer.
        """
        from queries.masks.from_sql import mask_from_sql

        return mask_from_sql(
            con, query, kind=kind, model=model, params=params, allow_empty=allow_empty, provenance=provenance
        )

    def __or__(self, other: "Mask") -> "Mask":
        """Neurons of either."""
        return self._combined(other, "|", (a | b for a, b in self._pairs(other)))

    def __and__(self, other: "Mask") -> "Mask":
        """Neurons of both."""
        return self._combined(other, "&", (a & b for a, b in self._pairs(other)))

    def __sub__(self, other: "Mask") -> "Mask":
        """Neurons of this one that the other lacks."""
        return self._combined(other, "-", (a & ~b for a, b in self._pairs(other)))

    def __invert__(self) -> "Mask":
        """All neurons of the model that this one lacks; what True means stays."""
        return replace(
            self,
            chosen=tuple(~vector for vector in self.chosen),
            provenance={**self.provenance, **({"sql": f"~({self._sql})"} if self._sql else {})},
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return (
            self.kind == other.kind
            and self.layers == other.layers
            and all(np.array_equal(a, b) for a, b in zip(self.chosen, other.chosen, strict=True))
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.layers, *(vector.tobytes() for vector in self.chosen)))

    def __repr__(self) -> str:
        model = f" of {self.provenance['model']}" if "model" in self.provenance else ""
        return f"<Mask: {self.kind} {len(self)} of {self.n_neurons} neurons in {len(self.layers)} layers{model}>"

    @cached_property
    def _sql(self) -> str:
        return self.provenance.get("sql", "")

    def _pairs(self, other: "Mask") -> Iterator[tuple[Bools, Bools]]:
        if self.kind != other.kind:
            raise MaskError(
                f"one mask says what to {self.kind}, the other what to {other.kind}: bring them to one kind with "
                f".as_kind({self.kind!r})"
            )
        ours, theirs = self.provenance.get("checksum"), other.provenance.get("checksum")
        if ours and theirs and ours != theirs:
            models = f"{self.provenance.get('model')} and {other.provenance.get('model')}"
            raise MaskError(f"masks of two models do not combine: {models} have other weights")
        if self.layers != other.layers:
            raise MaskError(
                f"masks of other layers do not combine: {described(self.layers)} and {described(other.layers)}"
            )
        return zip(self.chosen, other.chosen, strict=True)

    def _combined(self, other: "Mask", sign: str, chosen: Iterator[Bools]) -> "Mask":
        # What both say alike stays; how the set came about is told by one formula of queries.
        alike = {key: text for key, text in self.provenance.items() if other.provenance.get(key) == text}
        formula = {"sql": f"({self._sql}) {sign} ({other._sql})"} if self._sql and other._sql else {}
        return Mask(self.kind, self.layers, tuple(chosen), alike | formula)
