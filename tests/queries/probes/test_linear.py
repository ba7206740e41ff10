"""Linear probes against scikit-learn's minimum, and against a plain loop of torch with its own gradients."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from queries.probes.linear import fit_linear
from queries.probes.ranking import ranking
from queries.probes.settings import Fitting
from warehouse.errors import QueryError


def _data(n: int, d: int, n_classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    target = draw.integers(0, n_classes, n)
    x = draw.normal(size=(n, d))
    x[:, : 3 * n_classes] += 0.8 * draw.normal(size=(n_classes, 3 * n_classes))[target]
    x = (x - x.mean(0)) / x.std(0)
    return x.astype(np.float32), target


def _fit(x: np.ndarray, targets: np.ndarray, n_classes: int, fitting: Fitting, seed: int = 0, views=None):
    views = views or (slice(0, x.shape[1]),)
    targets = targets if targets.ndim == 2 else targets[:, None]
    return fit_linear(torch.from_numpy(x), views, torch.from_numpy(targets), n_classes, fitting, seed)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(("lambda1", "lambda2"), [(1e-2, 1e-2), (3e-3, 1e-3)])
def test_converged_is_scikit_learns_elastic_net(n_classes: int, lambda1: float, lambda2: float) -> None:
    x, target = _data(300, 120, n_classes)
    found = _fit(x, target, n_classes, Fitting(solver="converged", lambda1=lambda1, lambda2=lambda2))
    theta = found.weights[0][:, 0].numpy()
    # Of two classes scikit-learn has one weight w = θ1 - θ0, and at the minimum θ1 = -θ0 = w / 2.
    l1, l2 = (lambda1, lambda2 / 2) if n_classes == 2 else (lambda1, lambda2)
    other = LogisticRegression(
        solver="saga",
        C=1 / (len(x) * (l1 + 2 * l2)),
        l1_ratio=l1 / (l1 + 2 * l2),
        tol=1e-9,
        max_iter=20_000,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it says so when it did not converge
        other.fit(x.astype(np.float64), target)
    theirs = other.coef_.T if n_classes > 2 else np.stack([-other.coef_[0] / 2, other.coef_[0] / 2], 1)
    np.testing.assert_allclose(theta, theirs, atol=1e-3)
    assert ranking(theta)[0][:50].tolist() == ranking(np.where(np.abs(theirs) < 1e-9, 0, theirs))[0][:50].tolist()


def test_a_minimum_that_was_not_reached_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queries.probes.converged.MOST_STEPS", 5)
    x, target = _data(40, 60, 2)
    with pytest.raises(QueryError, match="did not reach its minimum"):
        _fit(x, target, 2, Fitting(solver="converged", lambda1=0, lambda2=0))


def test_adam_is_torchs_own_on_the_same_batches() -> None:
    x, target = _data(300, 40, 3)
    fitting = Fitting(epochs=4, batch=64, lambda1=1e-3, lambda2=1e-3)
    found = _fit(x, target, 3, fitting, seed=5)
    linear = torch.nn.Linear(40, 3)
    torch.nn.init.zeros_(linear.weight)
    torch.nn.init.zeros_(linear.bias)
    adam = torch.optim.Adam(linear.parameters(), lr=fitting.learning_rate)
    draw = np.random.default_rng((5, 2))
    for _ in range(fitting.epochs):
        for some in torch.from_numpy(draw.permutation(300)).split(64):
            loss = torch.nn.functional.cross_entropy(linear(torch.from_numpy(x)[some]), torch.from_numpy(target)[some])
            loss = loss + 1e-3 * linear.weight.abs().sum() + 1e-3 * linear.weight.square().sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
    torch.testing.assert_close(found.weights[0][:, 0], linear.weight.detach().T, atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(found.intercepts[0][0], linear.bias.detach(), atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("solver", ["adam", "converged"])
def test_neither_views_nor_labellings_see_each_other(solver: str) -> None:
    x, target = _data(200, 60, 3)
    fitting = Fitting(solver=solver, lambda1=1e-3, lambda2=1e-3)
    other = np.random.default_rng(1).permutation(target)
    together = _fit(x, np.stack([target, other], 1), 3, fitting, views=(slice(0, 20), slice(10, 60), slice(0, 60)))
    alone = _fit(x, target, 3, fitting, views=(slice(10, 60),))
    atol = 1e-5 if solver == "adam" else 1e-3
    torch.testing.assert_close(together.weights[1][:, 0], alone.weights[0][:, 0], atol=atol, rtol=1e-3)


def test_zeroed_features_say_nothing() -> None:
    x, target = _data(100, 12, 3)
    found = _fit(x, target, 3, Fitting())
    kept = np.array([0, 5, 7])
    zeroed = np.zeros_like(x)
    zeroed[:, kept] = x[:, kept]
    wanted = (torch.from_numpy(zeroed) @ found.weights[0][:, 0] + found.intercepts[0][0]).argmax(1)
    assert found.predict(torch.from_numpy(x), 0, kept)[0].tolist() == wanted.tolist()
