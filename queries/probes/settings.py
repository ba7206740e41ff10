"""How a probe is made: every choice of it, with the paper's as defaults."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from warehouse.errors import QueryError

Kind = Literal["block", "ffn"]
Statistics = Literal["mean", "mean+std"]
Solver = Literal["adam", "converged"]

ALL = "all"
EACH = "each"


@dataclass(frozen=True)
class Fitting:
    """How the weights of a probe are found ([B] §3).

    The loss is the mean cross-entropy of a softmax, plus λ1 ‖θ‖₁ + λ2 ‖θ‖₂² over the weights without the intercepts.

    Attributes:
        solver: ``adam``, as in the paper, or ``converged``: the minimum itself.
        epochs: passes of Adam over the training part.
        batch: rows of a step.
        learning_rate: of Adam.
        lambda1: weight of the L1 norm.
        lambda2: weight of the squared L2 norm.
        hidden: units of the second probe, which has a hidden layer of rectified units and is trained by Adam; 0 = none.
    """

    solver: Solver = "adam"
    epochs: int = 20
    batch: int = 128
    learning_rate: float = 1e-3
    lambda1: float = 1e-5
    lambda2: float = 1e-5
    hidden: int = 64

    def __post_init__(self) -> None:
        _demand(self.solver in ("adam", "converged"), f"solver {self.solver!r}: give adam or converged")
        _demand(self.epochs >= 1, f"epochs {self.epochs}: give 1 or more")
        _demand(self.batch >= 1, f"batch {self.batch}: give 1 or more")
        _demand(0 < self.learning_rate <= 1, f"learning_rate {self.learning_rate}: give a number above 0, at most 1")
        for name in ("lambda1", "lambda2"):
            value = getattr(self, name)
            _demand(0 <= value < float("inf"), f"{name} {value}: give 0 or more")
        _demand(self.hidden >= 0, f"hidden {self.hidden}: give 0 (no such probe) or more units")


@dataclass(frozen=True)
class Settings:
    """What is probed, and how.

    Attributes:
        kind: ``block`` = outputs of blocks, as in the paper, or ``ffn`` = inputs of second linears, the neurons of
            property neurons and masks.
        layers: numbers of layers, ``each`` for one probe each, and ``all`` for one of the layers concatenated.
        statistics: what each neuron gives of a row, ``mean`` or ``mean+std`` over its frames.
        corpus: only this corpus; None = all.
        seeds: each decides over a split, the order of batches and the control labels.
        folds: equal parts of the rows, one of which is tested on.
        split: SELECT of utterance_id and part (train or test) in place of folds.
        balance: a column of utterances and the share of some of its values in the training part, as in
            ``gender`` (equal shares) or ``gender:F=0.1``; None = the training part as it is.
        by: columns of utterances by whose values errors are told apart.
        share: percent of the features that are kept when efficacy is measured ([B] §3: 20).
        shares: percent of the features that probes are trained on again, for minimal sets; none = leave that out.
        fitting: how weights are found.
        rows: most rows, drawn at random; None = all.
        leave_out_missing: whether rows without a label are left out; else they are an error.
        without: classes that are left out.
        class_depth: features of the ranking of a single class that are kept.
    """

    kind: Kind = "block"
    layers: tuple[str, ...] = (EACH, ALL)
    statistics: Statistics = "mean"
    corpus: str | None = None
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    folds: int = 5
    split: str | None = None
    balance: str | None = None
    by: tuple[str, ...] = ()
    share: float = 20.0
    shares: tuple[float, ...] = (1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 50.0, 75.0)
    fitting: Fitting = field(default_factory=Fitting)
    rows: int | None = None
    leave_out_missing: bool = False
    without: tuple[str, ...] = ()
    class_depth: int = 1_000

    def __post_init__(self) -> None:
        _demand(self.kind in ("block", "ffn"), f"kind {self.kind!r}: give block or ffn")
        _demand(self.statistics in ("mean", "mean+std"), f"statistics {self.statistics!r}: give mean or mean+std")
        _demand(bool(self.layers), "layers: none are named; give numbers, each or all")
        for name in self.layers:
            _demand(
                name in (EACH, ALL) or name.isdecimal(), f"layers {name!r}: give the number of a layer, each or all"
            )
        _demand(bool(self.seeds), "seeds: none; give 1 or more")
        _demand(all(0 <= seed < 2**31 for seed in self.seeds), "seeds: give whole numbers from 0")
        _demand(len(set(self.seeds)) == len(self.seeds), "seeds: one is there twice; give different ones")
        _demand(self.folds >= 2, f"folds {self.folds}: give 2 or more")
        for share in (self.share, *self.shares):
            _demand(0 < share < 100, f"share {share:g}: give a percentage above 0 and below 100")
        _demand(len(set(self.shares)) == len(self.shares), "shares: one is there twice; give different ones")
        _demand(self.rows is None or self.rows >= 1, f"rows {self.rows}: give 1 or more")
        _demand(self.class_depth >= 1, f"class_depth {self.class_depth}: give 1 or more")


def settings_of(**given: Any) -> Settings:
    """Settings from the fields of ``Settings`` and ``Fitting`` alike; ``seeds`` may be how many.

    Raises:
        QueryError: a field that there is not, or a value out of range.
    """
    known = {field.name for field in fields(Settings)} - {"fitting"}
    of_fitting = {field.name for field in fields(Fitting)}
    if unknown := sorted(set(given) - known - of_fitting):
        listed = ", ".join(sorted(known | of_fitting))
        raise QueryError(f"probes have no setting {unknown[0]}; they have: {listed}")
    own: dict[str, Any] = dict(given)
    for name in ("layers", "by", "without"):
        if name in own:
            own[name] = (own[name],) if isinstance(own[name], str) else tuple(map(str, own[name]))
    if "shares" in own:
        own["shares"] = tuple(map(float, own["shares"]))
    if "seeds" in own:
        own["seeds"] = tuple(range(own["seeds"]) if isinstance(own["seeds"], int) else map(int, own["seeds"]))
    fitting = Fitting(**{name: own.pop(name) for name in of_fitting & own.keys()})
    return Settings(**own, fitting=fitting)


def n_kept(share: float, n: int) -> int:
    """Features that a share in percent keeps of n: at least one."""
    return max(1, int(share * n / 100 + 0.5))


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise QueryError(message)
