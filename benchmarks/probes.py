r"""How fast probes are: all layers, seeds and labels in one run, beside the same probes one by one.

    python benchmarks/probes.py ../shared/data/speechocean762/eval [--warehouse hubert-eval.warehouse] [--baselines 1]

HuBERT base with seeded random weights is recorded over the evaluation part of speechocean762 (796 utterances of 40
speakers) where the warehouse is not there yet. Then 12 layers and all of them together are probed for four labels
under five splits: linear probes for true and control labels, rankings, efficacy, and all of it committed.

The baselines fit the same linear probes, for true labels and for control labels, to the same standardised features,
one after the other, and nothing else. For the solver adam that is a loop of torch with nn.Linear, DataLoader, Adam and
autograd, as one writes it, for as many seeds as --baselines says, scaled to five. For the solver converged it is
scikit-learn's saga, cut off after MOST_PASSES, where it is still above our minimum, for the true labels, layer 1 and
the first seed, scaled by the features of all probes: a pass of saga takes time in proportion.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from figures import figure, run

from queries import connect
from queries.probes import Label, probe
from queries.probes.features import probed_layers, read_features
from queries.probes.labels import labelled
from queries.probes.linear import fit_linear
from queries.probes.settings import Fitting, settings_of
from queries.probes.splits import splits
from queries.probes.standard import standardised

LABELS = (Label("gender"), Label("speaker"), Label("age", edges=(20, 25)), Label("duration", bins=3))
SEEDS = 5
MOST_PASSES = 1_000
MEMORY = """
import sys
from queries.probes import probe
probe(sys.argv[1], "speaker", kind="ffn", seeds=2)

"""


def recorded(speech: Path, warehouse: Path) -> Path:
    """The warehouse, made where it is not there."""
    if not warehouse.exists():
        files = [
            "--audio",
            speech / "audio",
            "--labels",
            speech / "alignments",
            "--metadata",
            speech / "utterances.csv",
        ]
        model = ["--model", "torchaudio:HUBERT_BASE", "--random-init", "0", "--no-f0"]
        subprocess.run([sys.executable, "-m", "tui.cli", "ingest", warehouse, *files, *model], check=True)
    return warehouse


def one_by_one(
    warehouse: Path, seeds: int, first_layer: bool = False
) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
    """Features of every probe, (n, d) float32, its classes (n,), and how many of these there are."""
    with connect(warehouse, comments=False) as con:
        ((model,),) = con.sql("SELECT model FROM models").fetchall()
        asked = settings_of(seeds=seeds)
        for label in LABELS:
            rows = labelled(con, label, model, asked)
            layers, views = probed_layers(con, model, asked)
            features = read_features(con, rows, model, asked, layers)
            for split in splits(con, rows, asked):
                train, _ = standardised(features.values, split)
                true = torch.from_numpy(rows.target[split.train])
                control = true[torch.randperm(len(true), generator=torch.Generator().manual_seed(split.seed))]
                for view in views[:1] if first_layer else views:
                    columns = slice(None) if view is None else features.slices[view]
                    x = train[:, columns].contiguous()
                    for targets in (true,) if first_layer else (true, control):
                        yield x, targets, len(rows.classes)


def torch_loop(x: torch.Tensor, targets: torch.Tensor, n_classes: int) -> None:
    """One probe as one writes it."""
    fitting = Fitting()
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, targets), fitting.batch, shuffle=True)
    linear = torch.nn.Linear(x.shape[1], n_classes)
    adam = torch.optim.Adam(linear.parameters(), lr=fitting.learning_rate)
    for _ in range(fitting.epochs):
        for rows, wanted in data:
            loss = torch.nn.functional.cross_entropy(linear(rows), wanted)
            loss = loss + fitting.lambda1 * linear.weight.abs().sum() + fitting.lambda2 * linear.weight.square().sum()
            adam.zero_grad()
            loss.backward()
            adam.step()


def saga(x: torch.Tensor, targets: torch.Tensor, n_classes: int) -> float:
    """One probe by scikit-learn; returns the loss that it reached."""
    from sklearn.linear_model import LogisticRegression

    fitting = Fitting()
    l1, l2 = (fitting.lambda1, fitting.lambda2 / 2) if n_classes == 2 else (fitting.lambda1, fitting.lambda2)
    strength = l1 + 2 * l2
    model = LogisticRegression(
        solver="saga", C=1 / (len(x) * strength), l1_ratio=l1 / strength, max_iter=MOST_PASSES, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge
        model.fit(x.numpy(), targets.numpy())
    weights, intercepts = model.coef_.T, model.intercept_
    if n_classes == 2:
        weights, intercepts = np.stack([-weights[:, 0], weights[:, 0]], 1) / 2, np.array([-1, 1]) * intercepts / 2
    return loss_of(x, targets, torch.from_numpy(weights).double(), torch.from_numpy(intercepts).double(), fitting)


def loss_of(
    x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, intercepts: torch.Tensor, fitting: Fitting
) -> float:
    """What both minimise, of weights (d, C) and intercepts (C,)."""
    entropy = torch.nn.functional.cross_entropy(x.double() @ weights + intercepts, targets)
    return float(entropy + fitting.lambda1 * weights.abs().sum() + fitting.lambda2 * weights.square().sum())


def timed(work: Callable[[], object]) -> float:
    """Wall seconds of some work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_one_run(warehouse: Path, solver: str) -> float:
    """Seconds of all probes, in a copy of the warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(warehouse, Path(folder) / "w", copy_function=shutil.copyfile)
        probe(copy, "gender", seeds=1, layers=("1",), hidden=0, shares=())  # what is imported once
        return timed(lambda: probe(copy, LABELS, seeds=SEEDS, solver=solver, hidden=0, shares=()))


def baseline(warehouse: Path, seeds: int, fit: Callable[..., object]) -> float:
    """Seconds of the fits alone, scaled to all seeds."""
    spent = sum(timed(lambda given=given: fit(*given)) for given in one_by_one(warehouse, seeds))
    return spent * SEEDS / seeds


def main() -> None:
    """Record if need be, and time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--warehouse", type=Path, default=Path("hubert-eval.warehouse"))
    parser.add_argument("--baselines", type=int, default=1, help="seeds that the baselines fit")
    given = parser.parse_args()
    warehouse = recorded(given.speech, given.warehouse)
    fits = f"13 x {SEEDS} x {len(LABELS)} probes, and as many of control labels"

    loop = baseline(warehouse, given.baselines, torch_loop)
    adam = in_one_run(warehouse, "adam")
    figure(f"{fits}, adam, in one run", adam, "s", loop, "a loop of torch")
    figure("times as fast", loop / adam, "x")

    above: list[float] = []
    firsts = list(one_by_one(warehouse, 1, first_layer=True))
    spent = sum(timed(lambda one=one: above.append(saga(*one))) for one in firsts)
    theirs = spent * SEEDS * 2 * 2 * 12  # two labellings of twelve layers, and of all of them together
    converged = in_one_run(warehouse, "converged")
    figure(f"{fits}, converged, in one run", converged, "s", theirs, f"saga, {MOST_PASSES} passes")
    figure("times as fast", theirs / converged, "x")
    fitting = Fitting(solver="converged")
    for (x, targets, n_classes), reached in zip(firsts, above, strict=True):
        found = fit_linear(x, (slice(0, x.shape[1]),), targets[:, None], n_classes, fitting, 0)
        mine = loss_of(x, targets, found.weights[0][:, 0], found.intercepts[0][0], fitting)
        figure(f"loss at our minimum, layer 1, {n_classes} classes", mine, "", reached, "saga's")

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(warehouse, Path(folder) / "w", copy_function=shutil.copyfile)
        figure(
            "peak memory, all of ffn (36,864 features), 40 speakers",
            run([sys.executable, "-c", MEMORY, str(copy)]).peak_mib,
            "MiB",
        )


if __name__ == "__main__":
    main()
