"""What is read from a sweep's folder: its best trial and its weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search import ConfigError, Result, SweepError
from mtl_search.config import to_yaml
from tests.support.recorded_sweeps import Builder, whole
from tests.support.recorded_sweeps import config as demo


def test_an_adaptive_trial_becomes_static_weights(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(demo()))
    made = Builder(tmp_path / "journal.jsonl").sweep()
    made.trial("equal", 0, 0.8)
    adaptive = made.begin("search", 0, adaptive=True)
    for epoch, left in enumerate((1.0, 2.0), start=1):
        weights = {"left": left, "right": 1.0, "same": 2 - left}
        made.epoch(
            adaptive,
            epoch,
            0.9,
            {},
            **{f"train/weight/{task}": weight for task, weight in weights.items()},
        )
    made.end(adaptive)
    begun = made.begin("search", 1)
    result = Result(tmp_path)
    assert (
        result.mean_weights()
        == result.mean_weights(adaptive)
        == {"left": 1.5, "right": 1.0, "same": 0.5}
    )
    last = result.mean_weights(last=1)
    assert last["same"] == 0.01
    assert sum(last.values()) == pytest.approx(3)
    assert last["left"] / last["right"] == pytest.approx(2)
    assert result.mean_weights("equal-0000") == {"left": 1.0, "right": 1.0, "same": 1.0}
    with pytest.raises(SweepError, match="has not got to the end of an epoch"):
        result.mean_weights(begun)
    with pytest.raises(
        SweepError, match=r"there is no trial 'serch-0000'.*did you mean 'search-0000'\?"
    ):
        result.mean_weights("serch-0000")
    with pytest.raises(ConfigError, match="last: "):
        result.mean_weights(last=0)


def test_a_trial_that_only_found_weights_is_never_the_best(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(demo()))
    made = Builder(tmp_path / "journal.jsonl").sweep()
    made.trial("single/left", 0, 0.5)
    made.trial("warmup/uw", 0, 0.9)
    assert Result(tmp_path).best.trial == "single-left-0000"


def test_health_is_that_of_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(demo()))
    whole(Builder(tmp_path / "journal.jsonl").sweep().scales(0.95))
    result = Result(tmp_path)
    warned = {check.name for check in result.health if check.ok is False}
    assert "constant prediction" in warned
    assert result.verdict.measure == "skill"
