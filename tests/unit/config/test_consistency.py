"""Names that sections of a config share."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.config.consistency import check_task_names, check_task_weights
from mtl_search.errors import ConfigError
from tests.support import small_sweeps as small


def test_a_good_config_passes() -> None:
    check_task_names(small.config())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tasks.kind.role": "auxiliary", "tasks.size.role": "auxiliary"}, "the role main"),
        ({"training.lr_multipliers.tasks": {"kin": 2.0}}, "did you mean 'kind'?"),
    ],
)
def test_names_that_do_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_task_names(small.config(changes))
    assert words in str(caught.value)


def test_a_name_that_cannot_be_part_of_a_path() -> None:
    tree = small.tree()
    tree["tasks"]["a/b"] = tree["tasks"]["kind"]
    with pytest.raises(ConfigError, match=r"part of dotted paths(.*\n)*.*'a/b'"):
        check_task_names(load_config(tree))


NO_WEIGHTS = {f"tasks.{task}.loss_weight": 0 for task in ("kind", "size", "flag")}
NO_SPACE: dict[str, Any] = {"search.space": {}}


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({**NO_WEIGHTS, **NO_SPACE}, "tasks.*.loss_weight: nothing would be trained: the sum of"),
        (
            {**NO_WEIGHTS, "search.space": {"training.optimizer.lr": {"log": [1e-4, 1e-2]}}},
            "tasks.*.loss_weight: nothing would be trained",
        ),
        (
            {**NO_WEIGHTS, **NO_SPACE, "training.weighting": "gradnorm"},
            "tasks.*.loss_weight: nothing would be trained",
        ),
        (
            {"tasks.kind.importance": 0, "tasks.size.importance": 0},
            "tasks.*.importance: nothing would be judged",
        ),
    ],
)
def test_weights_that_are_all_zero(changes: dict[str, Any], start: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_task_weights(small.config(changes))
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        NO_WEIGHTS,  # which the space of the config replaces
        {**NO_WEIGHTS, **NO_SPACE, "tasks.size.loss_weight": 0.1},
        {"tasks.kind.importance": 0},
    ],
)
def test_one_weight_above_zero_is_enough(changes: dict[str, Any]) -> None:
    check_task_weights(small.config(changes))
