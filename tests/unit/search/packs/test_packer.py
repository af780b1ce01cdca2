"""Packs hold only trials that would be the same one after another."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.search.packs.packer import AUTO_SIZE
from mtl_search.search.protocol import time_budget
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.trial_info import APART, DIED
from mtl_search.training.trial_report import TrialReport
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session

# All networks of an arm have one shape, but for those of single tasks.
ONE_DEPTH = {"search.space": {"training.optimizer.lr": {"log": [1e-4, 1e-1]}}}
# The study of each arm draws its third trial by the results of the first two.
SAMPLED = {"search.sampler": {"name": "tpe", "n_startup_trials": 2}}


def config(pack: int | str, **changes: Any) -> Any:
    return small.config({"training.pack": pack, **changes})


def plan(fake: FakeTune) -> list[tuple[Any, ...]]:
    """What each trial is, whenever it began."""
    return sorted(
        (t.id, t.arm, t.seed, t.origin, t.role, str(t.params), str(t.overrides), t.state)
        for t in fake.record
    )


@cache
def one_by_one(objective: str) -> list[tuple[Any, ...]]:
    settings = config(1, **{"search.trials": 6, "search.objective": objective, **SAMPLED})
    with tempfile.TemporaryDirectory() as folder:
        fake = FakeTune(settings, Path(folder), slots=1)
        fake.run()
        fake.kill()
        return plan(fake)


@pytest.mark.parametrize(("pack", "objective"), [(3, "skill"), (8, "delta_m"), ("auto", "skill")])
def test_packs_change_no_trial(session: Session, pack: int | str, objective: str) -> None:
    changes = {"search.trials": 6, "search.objective": objective, **SAMPLED}
    fake = session(config(pack, **changes), slots=1)
    fake.run()
    assert fake.searcher.finished
    assert plan(fake) == one_by_one(objective)
    assert 1 < max(map(len, fake.packs)) <= (pack if isinstance(pack, int) else AUTO_SIZE)


@pytest.mark.parametrize("after", [0, 9, 20, 33])
def test_a_sweep_that_is_killed_among_packs_runs_the_same_trials(
    session: Session, after: int
) -> None:
    settings = config(8, **{"search.trials": 6, **SAMPLED})
    fake = session(settings, slots=1)
    while sum(trial.finished for trial in fake.record) < after:
        if fake.suggest() is None:
            fake.end(next(iter(fake.live)))
    fake.suggest()
    for key in list(fake.live)[::2]:  # others of the pack have not reported yet
        fake.epoch(key, fake.record.trials[fake.live[key].id].last_epoch + 1)
    ended = {trial.id for trial in fake.record if trial.finished}
    fake.kill()
    resumed = session(settings, slots=1)
    began = {spec.id for spec in resumed.run()}
    assert began.isdisjoint(ended)
    assert plan(resumed) == one_by_one("skill")
    assert all(trial.finished for trial in resumed.record)


def test_single_task_arms_of_a_round_share_a_pack(session: Session) -> None:
    """Of alike tasks; the third trial of an arm is drawn by the results of its first two."""
    tasks = {
        name: {"head": "softmax", "target": "kind", "view": "x", "metrics": ["accuracy"]}
        for name in ("kind", "size", "flag")
    }
    settings = config("auto", **{"tasks": tasks, "search.arms": ["single"], **SAMPLED})
    fake = session(settings, slots=1)
    fake.run()
    singles = [sorted(pack) for pack in fake.packs if pack[0].startswith("single")]
    rounds = [[f"single-{task}-{n:04d}" for task in sorted(tasks)] for n in range(4)]
    assert singles == [sorted(rounds[0] + rounds[1]), rounds[2], rounds[3]]


def test_a_trial_that_learns_from_others_waits_for_them(session: Session) -> None:
    settings = config(8, **{"search.arms": ["search"], **ONE_DEPTH, **SAMPLED})
    fake = session(settings, slots=1)
    fake.run()
    drawn = [pack for pack in fake.packs if not pack[0].startswith("final")]
    assert drawn == [["search-0000", "search-0001"], ["search-0002"], ["search-0003"]]


def test_seeds_of_finalists_and_of_twins_share_packs(session: Session) -> None:
    fake = session(config("auto", **ONE_DEPTH), slots=1)
    fake.run()
    finals = [pack for pack in fake.packs if pack[0].startswith("final")]
    assert all(len(pack) >= 2 for pack in finals)
    assert max(map(len, finals)) >= 4  # of both shared arms


def test_members_of_a_population_are_in_no_pack(session: Session) -> None:
    scheduler = {"name": "pbt", "interval": 2}
    settings = config(8, **{"search.scheduler": scheduler, "search.arms": ["equal"]})
    fake = session(settings, slots=3)
    for _ in range(3):
        fake.suggest()
    assert list(map(len, fake.packs)) == [1, 1, 1]
    assert not _waiting(fake)


def test_trials_on_other_partitions_are_in_no_pack(session: Session) -> None:
    fake = session(config(8, **{"search.finalists.splits": 2}), slots=1)
    fake.run()
    assert fake.searcher.finished
    assert {len(pack) for pack in fake.packs if pack[0].startswith("split")} == {1}


def test_trials_are_divided_among_free_slots(session: Session) -> None:
    fake = session(config(8, **{"search.arms": ["search"], **ONE_DEPTH}), slots=2)
    fake.suggest()
    fake.suggest()
    assert list(map(len, fake.packs)) == [2, 2]
    assert fake.suggest() is None


def _waiting(fake: FakeTune) -> set[str]:
    """Trials that have begun and were not handed out."""
    handed = {spec.id for spec in fake.live.values()}
    return {t.id for t in fake.record if not t.finished and t.id not in handed}


def test_trials_of_other_shapes_wait_and_come_next(session: Session) -> None:
    fake = session(config(8), slots=1)
    fake.suggest()
    assert {spec.id for spec in fake.live.values()} == {
        "single-kind-0000",
        "single-kind-0001",
        "single-kind-0002",
        "single-kind-0003",
    }
    waiting = _waiting(fake)
    assert "single-size-0000" in waiting
    for key in list(fake.live):
        fake.end(key)
    fake.suggest()
    assert fake.packs[1][0] == "single-size-0000"
    assert not fake.searcher.finished


def test_a_resume_takes_up_trials_that_waited_and_packs_them(session: Session) -> None:
    first = session(config(8), slots=1)
    first.suggest()
    key, other, *_ = list(first.live)
    first.epoch(key, 1)
    (Path(first.live[other].directory)).mkdir(parents=True)  # a checkpoint that it did not tell of
    left = [trial.id for trial in first.record]
    first.kill()
    second = session(config(8), slots=1)
    second.run()
    # How far these are is known to their checkpoints alone.
    assert ["single-kind-0000"] in second.packs
    assert ["single-kind-0001"] in second.packs
    assert ["single-kind-0002", "single-kind-0003"] in second.packs
    assert [f"single-size-{number:04d}" for number in range(4)] in second.packs
    assert set(left) <= {name for pack in second.packs for name in pack}
    assert all(trial.finished for trial in second.record)


# ---------------------------------------------------------------------------------- ends of members


@pytest.fixture
def four(session: Session) -> FakeTune:
    """A sweep whose first pack of four runs."""
    settings = {"search.arms": ["search"], "search.retries": 0, "search.stop_after_failures": 2}
    fake = session(config(8, **settings, **ONE_DEPTH), slots=1)
    fake.suggest()
    assert list(map(len, fake.packs)) == [4]
    return fake


def states(fake: FakeTune) -> list[str]:
    return [trial.state for trial in fake.record.arm("search")[:4]]


def test_members_end_each_in_its_own_way(four: FakeTune) -> None:
    one, two, three, last = four.live
    for key in four.live:
        four.epoch(key, 1)
    four.end(two, "PRUNED")
    assert states(four) == ["RUNNING", "PRUNED", "RUNNING", "RUNNING"]
    four.end(one, "FAIL")
    four.end(last, "COMPLETE", epochs=4)
    assert four.suggest() is None  # the slot is not free
    four.end(three, "COMPLETE", epochs=4)
    assert states(four) == ["FAIL", "PRUNED", "COMPLETE", "COMPLETE"]
    assert [len(trial.epochs) for trial in four.record.arm("search")] == [1, 2, 4, 4]
    four.run()
    assert four.searcher.finished


def _report(state: Any, cause: Any = "") -> TrialReport:
    metrics = {"val/kind/accuracy": 0.5, "val/size/r2": 0.5}
    return TrialReport(1, metrics, 0.5, state, cause=cause)


def _tell(fake: FakeTune, reports: dict[str, TrialReport], stopped: set[str]) -> None:
    """One result of Tune's, for all members of the first pack."""
    fake.searcher.record_epoch("tune1", reports, stopped)


def test_all_members_may_end_in_one_epoch(four: FakeTune) -> None:
    names = four.packs[0]
    told = dict(zip(names, ["COMPLETE", "FAIL", "RUNNING", "RUNNING"], strict=True))
    _tell(four, {name: _report(state) for name, state in told.items()}, set(names[2:]))
    assert states(four) == ["COMPLETE", "FAIL", "PRUNED", "PRUNED"]
    four.searcher.on_trial_complete("tune1", None)
    assert all(trial.finished for trial in four.record)


def test_members_that_fail_first_do_not_end_a_sweep_in_which_others_train(four: FakeTune) -> None:
    one, two, three, last = four.packs[0]
    failed = dict.fromkeys((one, two), _report("FAIL"))
    _tell(four, failed | dict.fromkeys((three, last), _report("RUNNING")), set())
    assert four.searcher.error is None
    _tell(four, {three: _report("FAIL"), last: _report("FAIL")}, set())
    assert "the first 4 trials have all failed" in str(four.searcher.error)


def test_a_full_disk_ends_no_member(four: FakeTune) -> None:
    one, two, three, last = four.packs[0]
    reports = {one: _report("COMPLETE"), two: _report("FAIL", "disk")}
    _tell(four, reports | dict.fromkeys((three, last), _report("RUNNING")), {three})
    assert four.searcher.disk_stopper.stop_all()
    assert states(four) == ["RUNNING"] * 4
    assert four.suggest() is None


def test_the_death_of_a_process_fails_no_member_that_is_not_to_blame(
    four: FakeTune, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, *_ = four.live
    names = four.packs[0]
    for key in four.live:
        four.epoch(key, 1)
    four.end(two, "PRUNED")
    four.crash(one)
    left = [name for name in names if name != names[1]]
    assert "a pack of 3 trials died" in caplog.text
    assert [four.record.trials[name].info["pack"] for name in left] == [f"{DIED}killed"] * 3
    for name in left:
        key = str(four.suggest())
        assert four.live[key].id == name
        if name == left[1]:
            four.crash(key)
        else:
            four.end(key, epochs=4)
    assert states(four) == ["COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    assert four.record.trials[left[1]].reason == "its process died 1 time: killed"
    four.run()
    assert four.searcher.finished


def test_the_death_of_a_process_forbids_no_further_packs(session: Session) -> None:
    """It may have been that of its node."""
    settings = config(4, **{"search.arms": ["search"], "search.trials": 8, **ONE_DEPTH})
    fake = session(settings, slots=1)
    fake.crash(str(fake.suggest()))
    fake.kill()
    resumed = session(settings, slots=1)
    resumed.run()
    assert max(len(pack) for pack in resumed.packs if pack[0].startswith("search")) == 4


def test_the_last_member_of_a_pack_is_to_blame_for_its_process(four: FakeTune) -> None:
    *others, last = four.live
    for key in others:
        four.end(key)
    four.crash(last)
    assert states(four)[-1] == "FAIL"


@pytest.mark.parametrize("resumed", [False, True])
def test_a_shape_that_was_taken_apart_is_packed_no_more(session: Session, resumed: bool) -> None:
    settings = config(4, **{"search.arms": ["single"], "search.trials": 24})
    fake = session(settings, slots=1)
    fake.suggest()
    assert all(name.startswith("single-kind") for name in fake.packs[0])
    assert len(fake.packs[0]) == 4
    for name in fake.packs[0]:
        report = dataclasses.replace(_report("RUNNING"), info={"pack": f"{APART}no rule"})
        _tell(fake, {name: report}, set())
    if resumed:
        fake.kill()
        fake = session(settings, slots=1)
    first = 0 if resumed else 1
    fake.run()
    sizes = {
        kind: {len(pack) for pack in fake.packs[first:] if pack[0].startswith(kind)}
        for kind in ("single-kind", "single-size", "final-single-kind")
    }
    assert sizes["single-kind"] == sizes["final-single-kind"] == {1}
    assert max(sizes["single-size"]) == 4


# -------------------------------------------------------------------------------- when time is over


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that have passed since the sweep began."""
    passed = [0.0]
    began = time.time()
    monkeypatch.setattr(time_budget, "time", SimpleNamespace(time=lambda: began + passed[0]))
    return passed


def _unfinished(fake: FakeTune) -> set[str]:
    return {trial.id for trial in fake.record if not trial.finished}


def _timed(session: Session, seconds: float, **changes: Any) -> FakeTune:
    fake = session(config(8, **{"search.time_budget": seconds, **changes}), slots=1)
    fake.journal.write(SweepStarted(id=fake.record.id, name="small"))
    return fake


def test_what_waits_when_the_search_is_over_stays_for_a_resume(
    session: Session, clock: list[float]
) -> None:
    fake = _timed(session, 1000)
    fake.suggest()
    waiting = _waiting(fake)
    assert len(waiting) >= 4
    clock[0] = 600.0  # the search has half of the time
    fake.run()
    assert fake.searcher.finished
    assert fake.record.stop is not None
    left = _unfinished(fake)
    assert left
    assert left <= waiting
    fake.kill()

    longer = _timed(session, 100_000)
    began = {spec.id for spec in longer.run()}
    assert left <= began
    assert not _unfinished(longer)


def test_a_phase_is_not_over_before_each_arm_has_trained(
    session: Session, clock: list[float]
) -> None:
    """The first trial of an arm may have begun, and wait for a pack."""
    fake = _timed(session, 1000)
    fake.suggest()
    clock[0] = 400.0  # the first phase has less
    while fake.record.count("search") == 0:
        fake.suggest()
        for key in list(fake.live):
            fake.end(key)
    trained = {trial.arm for trial in fake.record if trial.epochs}
    assert trained == {"single/kind", "single/size", "equal", "search"}


def test_what_waits_when_a_phase_is_over_is_trained_if_the_search_has_time(
    session: Session, clock: list[float]
) -> None:
    fake = _timed(session, 1000, **{"search.trials": 8})
    fake.suggest()
    waiting = _waiting(fake)
    clock[0] = 400.0  # the first phase has less, the search has 500
    fake.run()
    assert waiting
    assert not _unfinished(fake)
    assert fake.searcher.finished
    assert fake.record.count("search", offered=False) == 8
    assert fake.record.count("equal", offered=False) < 8  # no more began in the first phase


def test_offers_that_wait_are_tried_after_the_time_of_the_phases_of_their_arms(
    session: Session, clock: list[float]
) -> None:
    fake = _timed(session, 1000)
    while not any(trial.is_offered for trial in fake.record):
        for key in [*fake.live]:
            fake.end(key)
        fake.suggest()
    assert any(fake.record.trials[name].is_offered for name in _waiting(fake))
    clock[0] = 450.0  # the search has 500, and the phases have a part of it
    for key in [*fake.live]:
        fake.end(key)
    fake.suggest()
    assert all(fake.record.trials[spec.id].is_offered for spec in fake.live.values())
    fake.run()
    assert fake.searcher.finished
    assert not _unfinished(fake)


def test_a_wish_to_stop_ends_the_sweep_with_what_waits_for_a_resume(session: Session) -> None:
    fake = session(config(8), slots=1)
    fake.suggest()
    fake.record.stop_asked = ("enough", False)
    for key in list(fake.live):
        fake.end(key)
    assert fake.suggest() == "FINISHED"
    assert not fake.searcher.finished
    left = _unfinished(fake)
    assert left
    fake.kill()
    again = session(config(8), slots=1)
    again.journal.write(SweepStarted(id=again.record.id, name="small"))
    again.run()
    assert again.searcher.finished
    assert not _unfinished(again)
