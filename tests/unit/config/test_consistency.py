"""Names that sections of a config share."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.config.consistency import check_task_names
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
