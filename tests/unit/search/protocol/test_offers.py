"""Settings that one arm has found are offered to the others."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import Config
from mtl_search.search.arms import Arm, plan_arms
from mtl_search.search.protocol.offers import (
    MOST_FROM_SINGLES,
    choose_offers,
    common_settings,
    spread,
)
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.trial_record import TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session

LR = "training.optimizer.lr"
DEPTH = "model.sharing.depth"


def arms(config: Config) -> dict[str, Arm]:
    return {arm.name: arm for arm in plan_arms(config)}


def offered(fake: FakeTune, arm: str) -> list[TrialRecord]:
    return [trial for trial in fake.record.arm(arm) if trial.is_offered]


def best(fake: FakeTune, arm: str) -> TrialRecord:
    own = [trial for trial in fake.record.arm(arm) if not trial.is_offered]
    return max(own, key=lambda trial: trial.objective or 0.0)


def test_each_single_task_arm_tries_what_both_shared_arms_found(session: Session) -> None:
    fake = session()
    fake.run()
    for arm in ("single/kind", "single/size"):
        trials = offered(fake, arm)
        assert [trial.origin for trial in trials] == [
            best(fake, "equal").id,
            best(fake, "search").id,
        ]
        for trial in trials:
            origin = fake.record.trials[trial.origin]
            assert trial.overrides == {LR: origin.overrides[LR]}
            assert trial.state == "COMPLETE"


def test_shared_arms_try_what_the_single_tasks_found_and_keep_all_else(session: Session) -> None:
    fake = session()
    fake.run()
    for arm in ("equal", "search"):
        own = best(fake, arm)
        from_singles = [t for t in offered(fake, arm) if t.origin.startswith("single")]
        assert {trial.origin for trial in from_singles} == {
            best(fake, f"single/{task}").id for task in ("kind", "size")
        }
        for trial in from_singles:
            assert trial.overrides == {
                **own.overrides,
                LR: fake.record.trials[trial.origin].overrides[LR],
            }


def test_equal_weights_try_rate_and_depth_of_the_search(session: Session) -> None:
    fake = session()
    fake.run()
    (trial,) = (t for t in offered(fake, "equal") if t.origin.startswith("search"))
    found = best(fake, "search")
    assert trial.overrides == {path: found.overrides[path] for path in (LR, DEPTH)}


def test_offers_come_before_the_finalists_and_may_win(session: Session) -> None:
    fake = session(slots=1)
    while not fake.record.arm("final/single/kind"):
        trial = str(fake.suggest())
        is_offered = fake.record.trials[fake.live[trial].id].is_offered
        value = 0.9 if is_offered else 0.5
        fake.end(trial, kind_accuracy=value, size_r2=value, size_mae=1 - value)
    finalist = fake.record.arm("final/single/kind")[0]
    assert fake.record.trials[finalist.origin].is_offered


def test_offered_trials_run_side_by_side(session: Session) -> None:
    fake = session(slots=4)
    most = 0
    while not any(trial.is_finalist for trial in fake.record):
        answer = fake.suggest()
        live = [fake.record.trials[spec.id] for spec in fake.live.values()]
        most = max(most, sum(trial.is_offered for trial in live))
        if answer not in fake.live:
            fake.end(next(iter(fake.live)))
    assert most == 4


def test_an_interrupted_sweep_offers_the_rest_and_nothing_twice(session: Session) -> None:
    first = session(slots=1)
    while len(offered(first, "single/size")) < 1:
        first.end(str(first.suggest()))
    first.kill()
    whole = session(slots=1)
    whole.run()
    for arm in ("single/kind", "single/size", "equal", "search"):
        hashes = [trial.config_hash for trial in whole.record.arm(arm)]
        assert len(set(hashes)) == len(hashes), arm
    assert len(offered(whole, "single/kind")) == len(offered(whole, "single/size")) == 2


def test_a_reference_that_an_offer_improves_changes_no_other_offer(session: Session) -> None:
    """By the better reference of `kind`, the best trial with equal weights would be the second."""
    config = small.config({"search.objective": "delta_m", "search.finalists.top": 0})
    scores = {"equal-0000": (0.9, 0.5), "equal-0001": (0.5, 0.88)}

    def run(fake: FakeTune, *, to_the_end: bool) -> None:
        while True:
            trial = fake.suggest()
            if trial == "FINISHED":
                return
            name = fake.live[str(trial)].id
            is_offered = fake.record.trials[name].is_offered
            kind, size = scores.get(name, (0.8 if is_offered else 0.5, 0.5))
            fake.end(str(trial), kind_accuracy=kind, size_r2=size, size_mae=1 - size)
            if is_offered and not to_the_end:
                return

    first = session(config, slots=1)
    run(first, to_the_end=False)
    assert [trial.arm for trial in first.record if trial.is_offered] == ["single/kind"]
    first.kill()
    resumed = session(config, slots=1)
    run(resumed, to_the_end=True)
    equal = max(resumed.record.arm("equal")[:4], key=lambda trial: trial.best_objective)
    assert equal.id == "equal-0001"
    for arm in ("single/kind", "single/size"):
        origins = [trial.origin for trial in offered(resumed, arm)]
        assert origins[0] == "equal-0000", arm
        assert len(origins) == 2, arm


def test_settings_that_were_tried_are_not_offered_again(session: Session) -> None:
    fake = session(small.config({"search.space": {LR: {"choice": [0.01]}}}))
    fake.run()
    assert not any(trial.is_offered for trial in fake.record)


def test_with_many_tasks_a_shared_arm_tries_some_of_their_settings() -> None:
    trials = []
    for number in range(9):
        overrides = {LR: 0.001 * (9 - number)}
        arm = ArmName.single(f"t{number}")
        trials.append(TrialRecord(f"{arm}-0", arm, 0, {}, {}, overrides, 0, 0.0))
    rates = [trial.overrides[LR] for trial in spread(trials)]
    assert len(rates) == MOST_FROM_SINGLES
    assert (rates[0], rates[-1]) == (0.001, pytest.approx(0.009))
    assert rates == sorted(rates)
    assert spread(trials[:4]) == trials[:4]


@pytest.mark.parametrize(
    ("giver", "receiver", "settings"),
    [
        ("search", "single/size", {LR: 0.2, "tasks.size.head.dropout": 0.4}),
        ("search", "equal", {LR: 0.2, DEPTH: 2, "tasks.size.head.dropout": 0.4}),
        (
            "single/size",
            "search",
            {LR: 0.2, DEPTH: 1, "tasks.kind.loss_weight": 3.0, "tasks.size.head.dropout": 0.4},
        ),
    ],
)
def test_only_what_both_arms_search_is_taken(
    giver: str, receiver: str, settings: dict[str, Any]
) -> None:
    planned = arms(small.config())
    everything = {LR: 0.2, DEPTH: 2, "tasks.kind.loss_weight": 0.1, "tasks.size.head.dropout": 0.4}
    own = {LR: 0.1, DEPTH: 1, "tasks.kind.loss_weight": 3.0, "tasks.size.head.dropout": 0.0}
    given = {p: v for p, v in everything.items() if not planned[giver].fixes(p)}
    mine = {p: v for p, v in own.items() if not planned[receiver].fixes(p)}
    assert common_settings(given, planned[giver], mine, planned[receiver]) == settings


def test_nothing_is_offered_before_there_is_anything(session: Session) -> None:
    assert choose_offers(session().context) == []
