"""A config that was changed by hand is not that of its sweep any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import Config, load_config, override, to_stored
from mtl_search.errors import SweepError
from mtl_search.storage.binding.config import check_config
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import config

HERE = Path("runs/demo")


def record_of(of: Config, **fields: Any) -> SweepRecord:
    return SweepRecord(id="ab12", name=of.name, config=to_stored(of), **fields)


@pytest.mark.parametrize(
    "change", [{"search.trials": 99}, {"tracking.enabled": False}, {"report.reference": False}]
)
def test_what_a_resume_may_change_may_be_changed(change: dict[str, Any]) -> None:
    before = config()
    check_config(HERE, override(before, change), record_of(before))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"training.epochs": 5}, "training.epochs was 10 and is 5"),
        ({"seed": 7}, "seed was 0 and is 7"),
        ({"training.clip_norm": 2.0}, "training.clip_norm was not there and is 2.0"),
        ({"tasks.left.loss_weight": 2}, "tasks.left.loss_weight was .* and is 2"),
    ],
)
def test_what_a_trial_is_may_not(change: dict[str, Any], said: str) -> None:
    before = config()
    with pytest.raises(SweepError, match=f"config.yaml was changed since .*: {said}.*search.tria"):
        check_config(HERE, override(before, change), record_of(before))


def test_another_sweeps_journal_is_named() -> None:
    with pytest.raises(SweepError, match=r"journal of the sweep 'demo', and .* of 'other'"):
        check_config(HERE, config("other"), record_of(config()))
    old = SweepRecord(id="ab12", name="demo", budget={"single/age": 3, "equal": 3})
    with pytest.raises(SweepError, match="has trials of the task 'age', which"):
        check_config(HERE, config(), old)


def test_secrets_are_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {**to_stored(config()), "data": {"name": "digit_pairs", "key": "${A_KEY}"}}
    monkeypatch.setenv("A_KEY", "first-value")
    before = load_config(tree)
    monkeypatch.setenv("A_KEY", "second-value")
    check_config(HERE, load_config(tree), record_of(before))
    stored = to_stored(before)
    stored["data"]["url"] = "https://me:***@host"
    record = SweepRecord(id="ab12", name="demo", config=stored)
    now = load_config({**tree, "data": {**tree["data"], "url": "https://me:pass-word@host"}})
    check_config(HERE, now, record)
