"""Probes with a hidden layer against the same network in torch, and where a linear probe sees nothing."""

import numpy as np
import torch

from queries.probes.hidden import fit_hidden
from queries.probes.settings import Fitting


def test_it_learns_as_torch_does_from_the_same_weights() -> None:
    draw = np.random.default_rng(0)
    x = torch.from_numpy(draw.normal(size=(160, 10)).astype(np.float32))
    targets = torch.from_numpy(draw.integers(0, 3, (160, 2)))
    views = (slice(0, 4), slice(2, 10))
    fitting = Fitting(epochs=3, batch=50, hidden=5, lambda1=1e-3, lambda2=1e-3)
    start = fit_hidden(x, views, targets, 3, Fitting(epochs=1, batch=160, hidden=5, learning_rate=1e-30), 7)
    found = fit_hidden(x, views, targets, 3, fitting, 7)
    for view, columns in enumerate(views):
        for labelling in range(2):
            place, units = view * 2 + labelling, slice(labelling * 5, labelling * 5 + 5)
            first, second = torch.nn.Linear(columns.stop - columns.start, 5), torch.nn.Linear(5, 3)
            with torch.no_grad():
                first.weight.copy_(start.products.of_view(start.first, view)[units])
                second.weight.copy_(start.second[place])
                first.bias.zero_()
                second.bias.zero_()
            network = torch.nn.Sequential(first, torch.nn.ReLU(), second)
            _train(network, x[:, columns], targets[:, labelling], fitting, 7)
            weights = found.products.of_view(found.first, view)[units]
            torch.testing.assert_close(weights, first.weight.detach(), atol=3e-4, rtol=1e-3)
            torch.testing.assert_close(found.second[place], second.weight.detach(), atol=3e-4, rtol=1e-3)
            torch.testing.assert_close(found.second_bias[place][:, 0], second.bias.detach(), atol=3e-4, rtol=1e-3)
            wanted = network(x[:, columns]).argmax(1).numpy()
            assert (found.predict(x)[view, labelling] == wanted).mean() > 0.98


def _train(network: torch.nn.Sequential, x: torch.Tensor, target: torch.Tensor, fitting: Fitting, seed: int) -> None:
    adam = torch.optim.Adam(network.parameters(), lr=fitting.learning_rate)
    draw = np.random.default_rng((seed, 2))
    for _ in range(fitting.epochs):
        for some in torch.from_numpy(draw.permutation(len(x))).split(fitting.batch):
            weights = (network[0].weight, network[2].weight)
            penalty = sum(1e-3 * w.abs().sum() + 1e-3 * w.square().sum() for w in weights)
            adam.zero_grad()
            (torch.nn.functional.cross_entropy(network(x[some]), target[some]) + penalty).backward()
            adam.step()


def test_it_finds_what_no_weighted_sum_tells() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(2_000, 2)).astype(np.float32)
    target = torch.from_numpy((x[:, 0] * x[:, 1] > 0).astype(np.int64)[:, None])  # exclusive or of the signs
    fitting = Fitting(epochs=60, hidden=32, learning_rate=1e-2)
    found = fit_hidden(torch.from_numpy(x), (slice(0, 2),), target, 2, fitting, 0)
    assert (found.predict(torch.from_numpy(x))[0, 0] == target[:, 0].numpy()).mean() > 0.9
