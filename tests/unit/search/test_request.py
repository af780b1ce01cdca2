"""A request is checked before anything is written, and gets all that the sweep needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError
from mtl_search.search.arms import plan_arms
from mtl_search.search.request import SweepRequest, check_request
from tests.support import small_sweeps as small

HERE = "tests.support.small_sweeps"


def test_a_checked_request_has_all_that_the_sweep_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = small.config(
        {"search.objective": f"{HERE}:add_up", "training.max_samples_per_split": 5}
    )
    checked = check_request(SweepRequest(config, Path("here"), data=small.DATA, address="local"))
    assert checked.request.directory == tmp_path / "here"
    assert [arm.name for arm in checked.arms] == [arm.name for arm in plan_arms(config)]
    assert checked.metrics == {"kind": ("accuracy",), "size": ("r2", "mae")}
    assert checked.objective is small.add_up
    assert [len(split) for split in checked.data.splits.values()] == [5, 5, 5]
    assert list(tmp_path.iterdir()) == []


def test_the_objective_of_a_request_goes_before_that_of_the_config(tmp_path: Path) -> None:
    def objective(metrics: Mapping[str, float]) -> float:
        return 1.0

    config = small.config({"search.objective": f"{HERE}:add_up"})
    request = SweepRequest(config, tmp_path, data=small.DATA, objective=objective, address="local")
    assert check_request(request).objective is objective


def test_metrics_of_main_tasks_are_the_configs_or_the_heads_first(tmp_path: Path) -> None:
    config = small.config({"tasks.kind.metrics": []})
    checked = check_request(SweepRequest(config, tmp_path, data=small.DATA, address="local"))
    assert checked.metrics == {"kind": ("accuracy",), "size": ("r2", "mae")}


def test_the_objective_of_a_request_is_tried(tmp_path: Path) -> None:
    request = SweepRequest(
        small.config(), tmp_path, data=small.DATA, objective=lambda m: m["val/a"], address="local"
    )
    with pytest.raises(ConfigError, match="the objective reads 'val/a'"):
        check_request(request)
