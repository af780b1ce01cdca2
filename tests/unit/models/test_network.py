"""The whole network: what it returns, its parameters and its copies."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

from mtl_search.models.build import build_network
from mtl_search.models.heads.regression import Regression
from mtl_search.models.stage import Stage
from tests.support.networks import (
    DATA,
    ODD_NAMES,
    TASKS,
    network_config,
    network_inputs,
    network_targets,
)


@pytest.mark.parametrize("backbone", ["mlp", "convnet"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_every_task_has_an_output_a_loss_and_a_prediction(backbone: str, depth: int) -> None:
    network = build_network(network_config(backbone=backbone, depth=depth), DATA)
    targets = network_targets(network)
    network.fit({task: target[:12] for task, target in targets.items()})
    outputs = network(network_inputs())
    predictions = network.predict(outputs)
    assert list(outputs) == list(predictions) == list(network.heads) == list(TASKS)
    losses = [network.heads[task].loss(outputs[task], targets[task]) for task in outputs]
    torch.stack(losses).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_the_network_says_what_each_task_reads_and_predicts() -> None:
    network = build_network(network_config(), DATA)
    assert network.views["same"] == ("left", "right")
    assert network.target_names == {**{task: task for task in TASKS}, "second": "digit"}


def test_outputs_are_those_of_a_network_wired_by_hand() -> None:
    network = build_network(network_config(depth=1), DATA).eval()
    inputs, sharing = network_inputs(), network.sharing
    outputs = network(inputs)
    (trunk,) = sharing.trunk  # type: ignore[misc]
    for task in ("digit", "second", "many", "size"):
        (own,) = sharing.branch(task)  # type: ignore[operator]
        expected = network.heads[task](own(trunk(inputs[network.views[task][0]])))
        torch.testing.assert_close(outputs[task], expected)
    (own,) = sharing.branch("same")  # type: ignore[operator]
    expected = network.heads["same"](own(trunk(inputs["left"])), own(trunk(inputs["right"])))
    torch.testing.assert_close(outputs["same"], expected)


def test_fit_reaches_every_head() -> None:
    network = build_network(network_config(), DATA)
    network.fit(network_targets(network, slice(0, 12)))
    head = network.heads["size"]
    assert isinstance(head, Regression)
    expected = DATA.targets["size"].values[:12].mean()
    assert head.mean.item() == pytest.approx(expected, rel=1e-5)
    assert all(head.trivial_loss.item() != 1.0 for head in network.heads.values())


@pytest.mark.parametrize("task", TASKS)
def test_one_task_alone_is_a_network_of_its_own(task: str) -> None:
    network = build_network(network_config({task: TASKS[task]}), DATA)
    assert list(network(network_inputs())) == [task]
    assert network.shared_parameters() == []
    assert {id(p) for p in network.task_parameters(task)} == {id(p) for p in network.parameters()}


@pytest.mark.parametrize("depth", [0, 1, 2, {"digit": 0, "many": 1}])
def test_parameters_are_shared_or_of_one_task(depth: Any) -> None:
    network = build_network(network_config(depth=depth), DATA)
    owned = [network.shared_parameters(), *(network.task_parameters(task) for task in TASKS)]
    ids = [id(p) for parameters in owned for p in parameters]
    assert len(ids) == len(set(ids)) == len(list(network.parameters()))


def test_tasks_may_have_any_name() -> None:
    tasks = {name: {**TASKS["digit"], "target": "digit"} for name in ODD_NAMES}
    network = build_network(network_config(tasks, depth=1), DATA)
    assert list(network(network_inputs())) == ODD_NAMES
    again = build_network(network_config(tasks, depth=1), DATA)
    again.load_state_dict(network.state_dict())
    for name, output in again(network_inputs()).items():
        torch.testing.assert_close(output, network(network_inputs())[name])


def test_a_copy_has_its_own_heads() -> None:
    network = build_network(network_config(), DATA)
    other = copy.deepcopy(network)
    with torch.no_grad():
        for p in other.parameters():
            p.zero_()
    assert {id(h) for h in other.heads.values()} == {id(h) for h in other.head_modules.values()}
    assert all(not p.any() for head in other.heads.values() for p in head.parameters())
    assert any(p.any() for head in network.heads.values() for p in head.parameters())


def test_weights_survive_a_file_that_is_read_without_pickle() -> None:
    network = build_network(network_config(depth=1), DATA)
    network.fit(network_targets(network))
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other = build_network(network_config(depth=1), DATA)
    other.load_state_dict(torch.load(file, weights_only=True))
    network.eval()
    other.eval()
    one, two = network.predict(network(network_inputs())), other.predict(other(network_inputs()))
    for task in TASKS:
        torch.testing.assert_close(one[task], two[task])


def token_stages(input_shape: tuple[int, ...], *, width: int = 4) -> list[Stage]:
    """A user's backbone that keeps tokens."""
    return [Stage(nn.Linear(input_shape[-1], width), width, f"token {width}", "tokens")]


TOKEN_TASKS: dict[str, Any] = {
    "tags": {"head": "crf", "view": "tokens"},
    "digit": {"head": "softmax", "view": "tokens"},
}


def test_tokens_reach_a_tagger_and_a_classifier_with_their_mask() -> None:
    backbone = {"name": f"{__name__}:token_stages", "width": 5}
    network = build_network(network_config(TOKEN_TASKS, backbone=backbone), DATA)
    mask = torch.as_tensor(DATA.masks["tokens"])
    inputs = network_inputs()
    outputs = network(inputs, {"tokens": mask})
    assert torch.equal(network.predict(outputs)["tags"] == -1, ~mask)
    dirty = {**inputs, "tokens": inputs["tokens"].masked_fill(~mask.unsqueeze(2), 99.0)}
    again = network(dirty, {"tokens": mask})
    torch.testing.assert_close(again, outputs)
    assert network(inputs)["tags"].isfinite().all()
