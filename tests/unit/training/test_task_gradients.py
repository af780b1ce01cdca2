"""Gradients of each task from a divided network: those of as many plain backward passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mtl_search.config import override, parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.models.build import build_network
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.stage import Stage
from mtl_search.training.task_gradients import GradientAccumulator, TaskGradients
from tests.support.trials import all_heads, config, data

N = 12


def _built(
    settings: Any, samples: DataSet
) -> tuple[MultiTaskNetwork, dict[str, Any], dict[str, Any]]:
    torch.manual_seed(0)
    network = build_network(settings, samples)
    network.fit(
        {
            task: torch.from_numpy(samples.targets[name].values)
            for task, name in network.target_names.items()
        }
    )
    inputs = {name: torch.from_numpy(x[:N]) for name, x in samples.inputs.items()}
    return network, inputs, {name: torch.from_numpy(x[:N]) for name, x in samples.masks.items()}


def _losses(network: MultiTaskNetwork, outputs: Any, samples: DataSet) -> torch.Tensor:
    targets = {
        name: torch.from_numpy(target.values[:N]) for name, target in samples.targets.items()
    }
    names = network.target_names
    return torch.stack(
        [head.loss(outputs[task], targets[names[task]]) for task, head in network.heads.items()]
    )


def _lstm() -> tuple[Any, DataSet]:
    rng = np.random.default_rng(0)
    samples = DataSet(
        {"x": rng.normal(size=(30, 4, 3)).astype(np.float32)},
        {
            "a": Target(rng.integers(0, 2, 30), "class", ("n", "y")),
            "b": Target(rng.normal(size=30), "real"),
        },
        {"train": np.arange(20), "validation": np.arange(20, 25), "test": np.arange(25, 30)},
    )
    tree = {
        "name": "lstm",
        "data": "none",
        "tasks": {"a": {"head": "softmax"}, "b": {"head": "regression"}},
        "model": {"backbone": {"name": "bilstm", "hidden": 4}},
    }
    return parse(tree), samples


def _with_sharing(sharing: dict[str, Any]) -> tuple[Any, DataSet]:
    return override(config(), {"model.sharing": sharing}), data()


SHARINGS: dict[str, Any] = {
    "all stages": {"name": "hard"},
    "one stage": {"name": "hard", "depth": 1},
    "none": {"name": "hard", "depth": 0},
    "a depth a task": {"name": "hard", "depth": {"kind": 2, "flag": 1, "size": 0}},
    "soft": {"name": "soft", "strength": 0.1},
    "cross-stitch": {"name": "cross_stitch"},
}
NETWORKS: dict[str, Callable[[], tuple[Any, DataSet]]] = {
    name: partial(_with_sharing, sharing) for name, sharing in SHARINGS.items()
}
NETWORKS |= {
    "convnet": lambda: (config("convnet"), data(missing=True)),
    "every head, two views, masks": all_heads,
    "bilstm": _lstm,
}


@pytest.mark.parametrize("again", [False, True], ids=["at once", "by task"])
@pytest.mark.parametrize("name", list(NETWORKS))
def test_gradients_are_those_of_one_pass_a_task(name: str, again: bool) -> None:
    settings, samples = NETWORKS[name]()
    network, inputs, masks = _built(settings, samples)
    network.train()
    parameters = [p for p in network.parameters() if p.requires_grad]
    plain = _losses(network, network(inputs, masks), samples)
    expected = [
        torch.autograd.grad(
            loss, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        for loss in plain.unbind()
    ]
    by_parameter = {id(p): [rows[i] for rows in expected] for i, p in enumerate(parameters)}

    cut, found = TaskGradients(network), GradientAccumulator()
    cut._at_once = cut._at_once and not again
    losses = _losses(network, cut(inputs, masks), samples)
    torch.testing.assert_close(losses, plain)
    cut.backward(losses, found)

    assert {id(p) for p in (*cut.shared, *cut.own_parameters)} == by_parameter.keys()
    jacobian = cut.jacobian(found)
    place = 0
    for parameter in cut.shared:
        rows = torch.stack(by_parameter[id(parameter)]).flatten(1)
        torch.testing.assert_close(
            jacobian[:, place : place + parameter.numel()], rows, rtol=1e-4, atol=1e-6
        )
        place += parameter.numel()
    assert place == jacobian.shape[1]
    for parameter, task, gradient in zip(
        cut.own_parameters, cut.owners, cut.own_gradients([found]), strict=True
    ):
        torch.testing.assert_close(
            gradient, by_parameter[id(parameter)][task], rtol=1e-4, atol=1e-6
        )
        assert not any(
            row.any() for number, row in enumerate(by_parameter[id(parameter)]) if number != task
        )


def test_what_is_found_adds_up_and_is_zero_without_a_sample() -> None:
    settings, samples = NETWORKS["one stage"]()
    network, inputs, masks = _built(settings, samples)
    cut, one, none = TaskGradients(network), GradientAccumulator(), GradientAccumulator()
    for _ in range(2):
        cut.backward(_losses(network, cut(inputs, masks), samples), one)
    once = GradientAccumulator()
    cut.backward(_losses(network, cut(inputs, masks), samples), once)
    torch.testing.assert_close(cut.jacobian(one), 2 * cut.jacobian(once))
    for twice, single, zero in zip(
        *(cut.own_gradients([x]) for x in (one, once, none)), strict=True
    ):
        torch.testing.assert_close(twice, 2 * single)
        assert not zero.any()
    assert cut.jacobian(none).shape == cut.jacobian(one).shape
    assert not cut.jacobian(none).any()


class _Spare(nn.Module):
    """A layer with another beside it that nobody calls."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.used, self.spare = nn.Linear(width, 4), nn.Linear(width, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.used(x))


def spare_backbone(input_shape: tuple[int, ...]) -> list[Stage]:
    return [Stage(_Spare(input_shape[-1]), 4, "spare")]


def test_parameters_that_nothing_depends_on_have_no_gradient() -> None:
    samples = data()
    settings = override(config(), {"model.backbone": {"name": f"{__name__}:spare_backbone"}})
    network, inputs, masks = _built(settings, samples)
    cut, found = TaskGradients(network), GradientAccumulator()
    cut.backward(_losses(network, cut(inputs, masks), samples), found)
    assert cut._at_once  # or it would be the other way that is tested
    jacobian = cut.jacobian(found)
    assert jacobian.any(1).all()
    names = {id(p): name for name, p in network.named_parameters()}
    parts = jacobian.split([p.numel() for p in cut.shared], 1)
    unused = [part for p, part in zip(cut.shared, parts, strict=True) if "spare" in names[id(p)]]
    assert [part.any() for part in unused] == [False, False]


def test_gradients_are_set_where_they_belong() -> None:
    network, *_ = _built(config(), data())
    divided = TaskGradients(network)
    vector = torch.arange(float(sum(p.numel() for p in divided.shared)))
    own = [torch.full_like(p, number) for number, p in enumerate(divided.own_parameters)]
    divided.set_gradients(vector, own)
    gradients = [p.grad for p in divided.shared if p.grad is not None]
    assert torch.equal(torch.cat([gradient.flatten() for gradient in gradients]), vector)
    for parameter, expected in zip(divided.own_parameters, own, strict=True):
        assert parameter.grad is not None
        assert torch.equal(parameter.grad, expected)
    assert all(p.grad is not None and p.grad.shape == p.shape for p in network.parameters())
