"""One scheduler an arm: rebuilt after an interruption, and never for finalists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import TrialReport, to_result
from mtl_search.training.workers import stops
from tests.support import small_sweeps as small
from tests.support.trial_streams import (
    EPOCHS,
    STOPPING,
    Controller,
    Stream,
    memory,
    objectives,
    run,
    rungs,
    scheduler,
    told,
    tune_pack,
    tune_trial,
)


@pytest.mark.parametrize("name", STOPPING)
@pytest.mark.parametrize("finished", [1, 3, 8])
def test_a_rebuilt_scheduler_decides_as_the_uninterrupted_one(finished: int, name: str) -> None:
    straight = Stream(scheduler(name=name))
    run(straight, range(finished))
    other = scheduler(name=name)
    other.restore_trials(straight.record, objectives)
    resumed = Stream(other, SweepRecord())
    later = run(straight, range(finished, 20))
    assert run(resumed, range(finished, 20)) == later
    assert {decision for *_, decision in later} == {"CONTINUE", "STOP"}
    for arm in ("equal", "search"):
        assert memory(straight.scheduler, arm) == memory(other, arm)


@pytest.mark.parametrize("name", STOPPING)
@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_an_interrupted_trial_is_judged_as_if_it_had_not_been(epochs: int, name: str) -> None:
    straight, broken = Stream(scheduler(name=name)), Stream(scheduler(name=name))
    for stream in (straight, broken):
        run(stream, range(5))
    decisions = len(straight.decisions)
    straight.trial("search", 5)
    assert broken.trial("search", 5, epochs=epochs).state == "RUNNING"
    other = scheduler(name=name)
    other.restore_trials(broken.record, objectives)
    resumed = Stream(other, broken.record)
    resumed.trial("search", 5)  # without a checkpoint it reports every epoch again
    assert resumed.decisions == straight.decisions[decisions:]
    assert memory(other, "search") == memory(straight.scheduler, "search")


def test_arms_do_not_share_rungs() -> None:
    under = scheduler()
    stream = Stream(under)
    run(stream, range(4))
    for arm, other in (("equal", "search"), ("search", "equal")):
        seen = {name for _, recorded in rungs(under, arm) for name in recorded}
        assert seen
        assert not any(name.startswith(other) for name in seen)


def test_finalists_are_never_stopped_and_never_seen() -> None:
    under = scheduler()
    run(Stream(under), range(6))
    final = Stream(under)
    for number in range(6):
        assert final.trial("final/search", number).state == "COMPLETE"
    under.restore_trials(final.record, objectives)
    assert {name for _, recorded in rungs(under, "search") for name in recorded}.isdisjoint(
        final.record.trials
    )


def test_fifo_stops_nobody() -> None:
    under = ArmScheduler(small.config({"training.epochs": EPOCHS}), 1)
    assert {decision for *_, decision in run(Stream(under), range(6))} == {"CONTINUE"}


def test_a_trial_whose_process_died_is_added_again_without_harm() -> None:
    under = scheduler()
    controller = Controller()
    for _ in range(2):
        under.on_trial_add(controller, tune_trial("search", 0))
    assert (
        under.on_trial_result(None, tune_trial("search", 0), told(tune_trial("search", 0), 1, 0.5))
        == "CONTINUE"
    )


def test_as_many_actors_as_slots_are_kept_warm_once() -> None:
    under, controller = scheduler(slots=3), Controller()
    for number in range(4):
        under.on_trial_add(controller, tune_trial("search", number))
    assert (controller.increased, controller.pending) == ([("one CPU", 3)], [3])


def test_rungs_are_filled_when_they_are_first_needed() -> None:
    """References may still change until an arm begins, and with them its objectives."""
    straight = Stream(scheduler())
    run(straight, range(3))
    asked: list[str] = []
    other = scheduler()

    def noted(trial: TrialRecord) -> dict[int, float]:
        asked.append(trial.id)
        return objectives(trial)

    other.restore_trials(straight.record, noted)
    assert asked == []
    other.on_trial_add(Controller(), tune_trial("equal", 9))
    assert asked == ["equal-0", "equal-1", "equal-2"]


def test_the_trial_that_waits_longest_runs_next() -> None:
    under = scheduler()
    choose: Any = under.choose_trial_to_run
    trials = [tune_trial("search", number) for number in range(4)]
    statuses = ["TERMINATED", "PAUSED", "PENDING", "PENDING"]
    controller: Any = Controller()
    for trial, status in zip(trials, statuses, strict=True):
        under.on_trial_add(controller, trial)
        trial.status = status
    live = trials[:0:-1]  # Tune has them as a set, without those that have ended
    controller.get_live_trials = lambda: live
    assert choose(controller) is trials[2]
    trials[2].status = trials[3].status = "RUNNING"
    assert choose(controller) is trials[1]
    trials[1].status = "RUNNING"
    assert choose(controller) is None


# ------------------------------------------------------------------------------------------- packs


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[set[str]]]:
    """What packs were told, each time; `test_stops` tries how it gets there."""
    written: dict[str, list[set[str]]] = {}

    def write(key: str, members: Collection[str]) -> None:
        written.setdefault(key, []).append(set(members))

    monkeypatch.setattr(stops, "write", write)
    monkeypatch.setattr(stops, "forget", lambda key: written.pop(key, None))
    return written


def result(epoch: int, values: Mapping[str, float], states: Mapping[str, Any] | None = None) -> Any:
    """A result of Tune's with the reports of the members that are left."""
    ends = states or {}
    reports = {
        name: TrialReport(epoch, {}, value, ends.get(name, "RUNNING"))
        for name, value in values.items()
    }
    return to_result(reports)


MEMBERS = {"search-0": 0.9, "equal-0": 0.2, "search-1": 0.8, "search-2": 0.7, "search-3": 0.1}


@pytest.mark.parametrize("name", STOPPING)
def test_members_are_judged_as_if_each_were_alone(
    name: str, board: dict[str, list[set[str]]]
) -> None:
    under, single = scheduler(name=name), scheduler(name=name)
    pack = tune_pack(*MEMBERS)
    under.on_trial_add(Controller(), pack)
    alone = {member: tune_trial(*member.split("-")) for member in MEMBERS}
    for trial in alone.values():
        single.on_trial_add(Controller(), trial)
    stopped: list[set[str]] = [set()]
    for epoch in range(1, EPOCHS):
        left = {member: value for member, value in MEMBERS.items() if member not in stopped[-1]}
        assert under.on_trial_result(None, pack, result(epoch, left)) == "CONTINUE"
        now = {
            member
            for member, value in left.items()
            if single.on_trial_result(None, alone[member], told(alone[member], epoch, value))
            == "STOP"
        }
        if now:
            stopped.append(stopped[-1] | now)
        assert under.stopped(pack.trial_id) == stopped[-1]
    assert "search-3" in stopped[-1]
    assert not stopped[-1] & {"search-0", "equal-0"}
    assert board == {"sweep/tune-search-0": stopped[1:]}
    for arm in ("equal", "search"):
        assert memory(under, arm) == memory(single, arm)


@pytest.mark.parametrize("name", STOPPING)
def test_a_pack_ends_when_nobody_goes_on(name: str, board: dict[str, list[set[str]]]) -> None:
    under = scheduler(name=name)
    run(Stream(under), range(6))
    members = {"search-10": 0.9, "equal-10": 0.9, "search-11": 0.9, "search-12": -9.0}
    pack = tune_pack(*members)
    under.on_trial_add(Controller(), pack)
    ends = {"search-10": "COMPLETE", "equal-10": "FAIL", "search-11": "COMPLETE"}
    last = result(3, members, ends)
    assert under.on_trial_result(None, pack, last) == "STOP"
    assert under.stopped(pack.trial_id) == {"search-12"}
    under.on_trial_complete(None, pack, last)  # Tune tells of it once more
    assert under.stopped(pack.trial_id) == set()
    assert board == {}


def test_what_a_pack_was_told_is_forgotten_with_its_process(
    board: dict[str, list[set[str]]],
) -> None:
    under, pack = scheduler(), tune_pack(*MEMBERS)
    under.on_trial_add(Controller(), pack)
    assert under.on_trial_result(None, pack, result(1, MEMBERS)) == "CONTINUE"
    assert set(board) == {"sweep/tune-search-0"}
    under.on_trial_error(None, pack)
    assert board == {}
    again = tune_trial("search", 0)
    under.on_trial_add(Controller(), again)
    assert under.on_trial_result(None, again, told(again, 2, 0.9)) == "CONTINUE"


def test_finalists_in_a_pack_are_never_stopped(board: dict[str, list[set[str]]]) -> None:
    under = scheduler()
    run(Stream(under), range(6))
    values = {"final/search-0": 0.9, "final/search-1": -9.0}
    pack = tune_pack(*values)
    under.on_trial_add(Controller(), pack)
    for epoch in range(1, EPOCHS):
        assert under.on_trial_result(None, pack, result(epoch, values)) == "CONTINUE"
    assert board == {}
