"""What a task does not need stays behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_search.export.extract import TaskNetwork
from mtl_search.models.stage import parameter_count
from tests.support.exports import every_head

PER_TASK = {"name": "hard", "depth": {"crf": 0, "pair": 0}}


@pytest.mark.parametrize("sharing", [PER_TASK, "soft", "cross_stitch"])
def test_a_part_predicts_what_the_whole_predicts(sharing: Any) -> None:
    if sharing == "soft":
        sharing = {"name": "soft", "strength": 0.1}
    network = every_head(sharing).network
    inputs = {view: torch.randn(5, 4, 5) for view in ("left", "right")}
    masks = {"left": torch.arange(4) < torch.tensor([[1], [4], [2], [3], [4]])}
    with torch.no_grad():
        whole = network(inputs, masks)
        for tasks in (["crf"], ["softmax", "regression"], ["pair"], list(network.heads)):
            part = TaskNetwork(network, tasks)
            given = {view: mask for view, mask in masks.items() if view in part.masked}
            predicted = part.predictions({view: inputs[view] for view in part.views}, given)
            assert list(predicted) == tasks
            for task, values in predicted.items():
                expected = (
                    whole[task] if task == "crf" else network.heads[task].predict(whole[task])
                )
                torch.testing.assert_close(values, expected)


def test_trunks_and_columns_of_other_tasks_are_dropped() -> None:
    hard = every_head(PER_TASK).network
    stage = parameter_count(hard.sharing.trunk[0])  # type: ignore[index, arg-type]
    crf = TaskNetwork(hard, ["crf"])
    assert parameter_count(crf) == stage + parameter_count(hard.heads["crf"])
    assert crf.views == ("left",)
    soft = every_head({"name": "soft", "strength": 0.1}).network
    assert parameter_count(TaskNetwork(soft, ["crf"]).sharing) == stage
    # Every column reads every other one.
    stitched = every_head("cross_stitch").network
    part = TaskNetwork(stitched, ["crf"])
    assert parameter_count(part.sharing) == parameter_count(stitched.sharing)
    assert part.views == ("left", "right")
