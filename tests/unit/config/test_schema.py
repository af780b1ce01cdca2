"""The sections of a config and their defaults."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def test_what_is_not_said_has_its_default() -> None:
    needed = {name: tree()[name] for name in ("name", "data", "tasks", "model")}
    config = load_config(needed)
    assert (config.training.epochs, config.search.arms) == (10, ("single", "equal", "search"))
    assert config.search.finalists.seeds == 5
    assert config.search.finalists.looks == (5, 10)
    assert config.search.objective == "skill"
    assert {task.importance for task in config.tasks.values()} == {1.0}


def test_main_tasks_leave_auxiliary_ones_out() -> None:
    assert load_config(tree()).main_tasks == ("left", "same")


def test_a_config_cannot_be_changed() -> None:
    config = load_config(tree())
    for section, name in ((config, "seed"), (config.training, "epochs"), (config.data, "name")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, name, 1)


def test_random_splits_are_none_or_several() -> None:
    for splits in (0, 2, 10):
        config = load_config(tree(), {"search.finalists.splits": splits})
        assert config.search.finalists.splits == splits
    wrong: list[object] = [1, -1, 2.5, True, "all"]
    for value in wrong:
        with pytest.raises(ConfigError, match=r"search\.finalists\.splits"):
            load_config(tree(), {"search.finalists.splits": value})
    with pytest.raises(ConfigError, match="one split says nothing of others: 0, or at least 2"):
        load_config(tree(), {"search.finalists.splits": 1})
