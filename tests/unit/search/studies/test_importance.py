"""The importance of settings: what is planted comes first, and what cannot be told is not told."""

from __future__ import annotations

import json
import math
import random
import time
from typing import Any

import pytest

from mtl_search.config import Config
from mtl_search.search.studies.importance import importance_view
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_info import State
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from tests.support import recorded_sweeps

LR = "training.optimizer.lr"
WEIGHT = "tasks.right.loss_weight"
WIDTHS = "model.backbone.widths"


def log_uniform(low: float, high: float) -> str:
    attributes = {"step": None, "low": low, "high": high, "log": True}
    return json.dumps({"name": "FloatDistribution", "attributes": attributes})


DISTRIBUTIONS = {
    LR: log_uniform(1e-4, 1e-2),
    WEIGHT: log_uniform(0.1, 10),
    WIDTHS: json.dumps(
        {"name": "CategoricalDistribution", "attributes": {"choices": [[4], [8, 8], None]}}
    ),
}


def trial(number: int, chance: random.Random, **changes: Any) -> TrialRecord:
    """The learning rate decides alone; widths are drawn for every second trial."""
    params: dict[str, Any] = {
        LR: 10 ** chance.uniform(-4, -2),
        WEIGHT: 10 ** chance.uniform(-1, 1),
        WIDTHS: chance.choice([[4], [8, 8], None]),
    }
    if number % 2:
        del params[WIDTHS]
    state: State = changes.pop("state", "COMPLETE")
    objective = -((math.log10(params[LR]) + 3) ** 2)
    made = TrialRecord(
        f"search-{number:04d}",
        ArmName(changes.pop("arm", "search")),
        number,
        params,
        {path: DISTRIBUTIONS[path] for path in params},
        {},
        0,
        0.0,
        state=state,
        **changes,
    )
    made.epochs = [EpochRecord(1, {}, objective, 0.0)]
    return made


def sweep(count: int, **changes: Any) -> SweepRecord:
    chance = random.Random(0)
    trials = [trial(number, chance, **changes) for number in range(count)]
    return SweepRecord(trials={made.id: made for made in trials})


def config() -> Config:
    space = {"tasks.*.loss_weight": {"log_ratio": 10, "reference": "left"}}
    return recorded_sweeps.config("demo", recorded_sweeps.TASKS, **{"search.space": space})


def test_what_decides_comes_first_and_shares_add_up_to_one() -> None:
    view = importance_view(sweep(60), config())
    assert view is not None
    assert view.rows[0]["setting"] == LR
    assert {row["setting"] for row in view.rows} == {LR, WEIGHT, WIDTHS}
    assert sum(row["importance"] for row in view.rows) == pytest.approx(1)
    assert [row["importance"] for row in view.rows] == sorted(
        (row["importance"] for row in view.rows), reverse=True
    )
    assert {(row["arm"], row["trials"]) for row in view.rows} == {("search", 60)}
    meanings = {row["setting"]: row["meaning"] for row in view.rows}
    assert meanings == {LR: "", WIDTHS: "", WEIGHT: "loss weight of right over that of left"}
    assert view.summary.startswith(f"In the search arm {LR} mattered most (")
    assert "too few" not in view.summary


def test_the_same_trials_give_the_same_shares() -> None:
    assert importance_view(sweep(20), config()) == importance_view(sweep(20), config())


def test_few_trials_are_told_to_be_few() -> None:
    view = importance_view(sweep(12), config())
    assert view is not None
    assert view.summary.endswith("12 complete trials, which are too few to be sure of the order.")
    assert importance_view(sweep(9), config()) is None


def test_many_settings_need_more_trials() -> None:
    record = sweep(12)
    for made in record:
        for number in range(5):
            made.params[f"extra.{number}"] = 1.0
            made.distributions[f"extra.{number}"] = log_uniform(0.1, 10)
    assert importance_view(record, config()) is None


@pytest.mark.parametrize("state", ["PRUNED", "FAIL", "RUNNING"])
def test_only_complete_trials_count_as_in_optuna(state: State) -> None:
    record = sweep(60)
    expected = importance_view(record, config())
    ended = sweep(90, state=state)
    for name in list(ended.trials)[:60]:
        ended.trials[name] = record.trials[name]
    found = importance_view(SweepRecord(trials=ended.trials), config())
    assert expected is not None
    assert found is not None
    assert found.rows == expected.rows


@pytest.mark.parametrize("changes", [{"role": "member"}, {"role": "offered"}, {"arm": "single/a"}])
def test_what_the_sampler_did_not_draw_does_not_count(changes: dict[str, Any]) -> None:
    assert importance_view(sweep(60, **changes), config()) is None


def test_equally_good_trials_tell_nothing() -> None:
    record = sweep(30)
    for made in record:
        made.epochs[0].best_objective = 0.5
    assert importance_view(record, config()) is None


def test_one_setting_has_nothing_beside_it() -> None:
    record = sweep(30)
    for made in record:
        made.params = {LR: made.params[LR]}
        made.distributions = {LR: DISTRIBUTIONS[LR]}
    assert importance_view(record, config()) is None


def test_both_arms_have_shares_of_their_own() -> None:
    record = sweep(20)
    others = {f"equal-{made.number}": made for made in sweep(20, arm="equal")}
    view = importance_view(SweepRecord(trials={**record.trials, **others}), config())
    assert view is not None
    for arm in ("search", "equal"):
        shares = [row["importance"] for row in view.rows if row["arm"] == arm]
        assert sum(shares) == pytest.approx(1)


def test_two_thousand_trials_take_seconds() -> None:
    record = sweep(2000)
    begun = time.monotonic()
    assert importance_view(record, config()) is not None
    assert time.monotonic() - begun < 20  # measured: about one
