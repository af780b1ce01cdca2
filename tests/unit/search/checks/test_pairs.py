from __future__ import annotations

import pytest

from mtl_search.config import Config, load_config
from mtl_search.errors import ConfigError
from mtl_search.search.checks.pairs import MOST_TASKS, check_pair_measures
from tests.support import small_sweeps as small


def _config(tasks: int, **report: bool) -> Config:
    tree = small.tree()
    kind = tree["tasks"]["kind"]
    tree["tasks"] = {f"t{number}": kind for number in range(tasks)}
    tree["search"]["space"] = {}
    tree["report"] = report
    return load_config(tree)


@pytest.mark.parametrize("name", ["gradient_conflict", "task_affinity"])
def test_measures_of_pairs_are_refused_with_hundreds_of_tasks(name: str) -> None:
    check_pair_measures(_config(MOST_TASKS, **{name: True}))
    check_pair_measures(_config(MOST_TASKS + 1, **{name: False}))
    with pytest.raises(ConfigError) as caught:
        check_pair_measures(_config(MOST_TASKS + 1, **{name: True}))
    assert str(caught.value).startswith(
        f"report.{name}: this measures pairs of tasks, and the 101 tasks have 5,050 of them: set "
        "it to false, or take at most 100 tasks"
    )
