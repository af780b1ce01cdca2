"""Ends of the search space are checked for many tasks at once."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import Config, load_config
from mtl_search.errors import ConfigError
from mtl_search.search.space.boundary import check_ends
from mtl_search.search.space.space import space_of

TASKS = [f"t{number}" for number in range(64)]


def many_tasks(space: dict[str, Any]) -> Config:
    return load_config(
        {
            "name": "demo",
            "data": "unused",
            "model": {"backbone": "mlp"},
            "tasks": {task: {"head": "binary"} for task in TASKS},
            "search": {"space": space},
        }
    )


def checked(config: Config, wrong: Any = lambda config: False) -> list[Config]:
    seen: list[Config] = []

    def check(changed: Config) -> None:
        seen.append(changed)
        if wrong(changed):
            raise ConfigError("too much", path="tasks")

    check_ends(config, space_of(config), check)
    return seen


@pytest.mark.parametrize(
    ("space", "checks"),
    [
        ({"tasks.*.loss_weight": {"log_ratio": 3, "reference": "t0"}}, 1),
        ({"tasks.*.loss_weight": {"log": [0.1, 3]}}, 2),
        ({f"tasks.{task}.loss_weight": {"log": [0.1, 3]} for task in TASKS}, 2),
        ({f"training.lr_multipliers.tasks.{t}": {"log": [0.1, 3]} for t in TASKS}, 2),
        ({"tasks.*.loss_weight": {"log": [0.1, 3]}, "training.epochs": {"int": [1, 2]}}, 4),
    ],
)
def test_checks_do_not_grow_with_the_number_of_tasks(space: dict[str, Any], checks: int) -> None:
    assert len(checked(many_tasks(space))) == checks


def test_every_value_is_checked_at_both_ends() -> None:
    seen = checked(many_tasks({"tasks.*.loss_weight": {"log": [0.1, 3]}}))
    assert [{task.loss_weight for task in config.tasks.values()} for config in seen] == [{0.1}, {3}]


def test_the_entry_of_the_task_that_fails_is_blamed() -> None:
    config = many_tasks({f"tasks.{task}.loss_weight": {"log": [0.1, 3]} for task in TASKS})
    with pytest.raises(ConfigError, match=r"space\.tasks\.t37\.loss_weight: fails where .* 3\.0"):
        checked(config, lambda changed: changed.tasks["t37"].loss_weight == 3)


def test_an_error_that_no_value_alone_has_is_told_all_the_same() -> None:
    config = many_tasks({"tasks.*.loss_weight": {"log": [0.1, 3]}})
    with pytest.raises(ConfigError, match="too much"):
        checked(config, lambda new: sum(task.loss_weight for task in new.tasks.values()) > 100)
