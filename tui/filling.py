"""How `neurons export` fills a density up: the options that say so, checked, and the scores that they mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.reporting import MisuseError

if TYPE_CHECKING:
    from queries import Connection, Mask

WAYS = ("l1", "probability", "random")


@dataclass(frozen=True)
class Filling:
    """What the user said of a density.

    Attributes:
        density: share of neurons to keep; None = only those that are named.
        uniform: the same number in every layer.
        fill: one of WAYS; None = probability.
        seed: of the way ``random``.
        spec: the model of the way ``l1``.
        weights: file of its weights.
        random_init: seed of its random weights.
        mean_std: file that normalises its input.
        with_bias: add the first bias to its norms.
    """

    density: float | None
    uniform: bool
    fill: str | None
    seed: int | None
    spec: str | None
    weights: Path | None
    random_init: int | None
    mean_std: Path | None
    with_bias: bool

    @property
    def way(self) -> str:
        """What fills the density up."""
        return self.fill or "probability"

    def check(self) -> None:
        """Refuse options that do not fit together.

        Raises:
            MisuseError: says which, and what to give.
        """
        said = {"--uniform": self.uniform or None, "--fill": self.fill, "--seed": self.seed}
        of_model = {
            "--spec": self.spec,
            "--weights": self.weights,
            "--random-init": self.random_init,
            "--mean-std": self.mean_std,
            "--with-bias": self.with_bias or None,
        }
        if self.fill is not None and self.fill not in WAYS:
            raise MisuseError(f"--fill {self.fill}: give {', '.join(WAYS[:-1])} or {WAYS[-1]}")
        if self.density is None:
            _refuse({**said, **of_model}, "says how to fill a density up: give --density too")
        elif not 0 < self.density <= 1:
            raise MisuseError(f"--density {self.density:g}: give a share of neurons, more than 0 and at most 1")
        if self.way != "l1":
            _refuse(of_model, "is for --fill l1")
        elif self.spec is None:
            raise MisuseError("--fill l1 needs the model: give --spec, and --weights or --random-init as to ingest")
        for path in (self.weights, self.mean_std):
            if path is not None and not path.exists():
                raise MisuseError(f"{path}: there is no such file or folder; check the path")
        if (self.way == "random") != (self.seed is not None):
            raise MisuseError("--fill random and --seed belong together: give both or neither")

    def kept(self, con: "Connection", protected: "Mask", model: str | None, parameters: Mapping[str, Any]) -> "Mask":
        """The keep mask of the density that holds the protected neurons.

        Args:
            con: an open warehouse.
            protected: a keep mask.
            model: name of the model; needed where there are several.
            parameters: of the macros.

        Raises:
            WarehouseError: protection exceeds the density, or the scores cannot be had.
        """
        from queries.masks import keep_mask, l1_scores, probability_scores, random_scores
        from tui.interruptible import interruptible

        told = {"fill": self.way}
        if self.way == "l1":
            from tui.recorded_weights import recorded_module

            module = recorded_module(con, self.spec or "", self.weights, self.random_init, self.mean_std, model)
            scores = l1_scores(module, protected.layers, with_bias=self.with_bias)
            told["fill"] = "l1 with bias" if self.with_bias else "l1"
        elif self.way == "random":
            scores = random_scores(protected.layers, self.seed or 0)
            told["seed"] = str(self.seed)
        else:
            scores = interruptible(con, lambda: probability_scores(con, model, **parameters))
        density = 1.0 if self.density is None else self.density
        return keep_mask(protected.layers, scores, density, protected=protected, uniform=self.uniform, provenance=told)


def _refuse(options: Mapping[str, Any], why: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise MisuseError(f"{name} {why}")
