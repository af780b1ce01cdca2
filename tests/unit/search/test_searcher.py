"""The order of a sweep, failures, interruptions: with Tune's calls made by hand."""

from __future__ import annotations

import copy
import dataclasses
import functools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.analysis.finalists import recommended
from mtl_search.analysis.judge import judge
from mtl_search.config import Config
from mtl_search.errors import DiskFullError, SweepError
from mtl_search.search.arms import plan_arms
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session

DELTA_M = {"search.objective": "delta_m"}
BUDGET = {"single/kind": 4, "single/size": 4, "equal": 4, "search": 4}
FINAL = {f"final/{arm}": 2 for arm in (*BUDGET, "without/flag")}


def budget(config: Config) -> dict[str, int]:
    """Trials that each arm must end with."""
    planned = [arm for arm in plan_arms(config) if not arm.name.is_twin]
    arms = {arm.name: arm.budget for arm in planned if arm.budget}
    return arms | {f"final/{arm.name}": config.search.finalists.seeds for arm in planned}


def spent(fake: FakeTune) -> dict[str, int]:
    """Trials of each arm without offered ones and twins, which come on top of the budget."""
    return dict(Counter(t.arm for t in fake.record if not (t.is_offered or t.arm.is_twin)))


def test_every_arm_gets_its_budget_and_the_sweep_is_finished(session: Session) -> None:
    fake = session()
    assert not fake.searcher.finished
    fake.run()
    assert fake.searcher.finished
    assert spent(fake) == BUDGET | FINAL == budget(fake.config)
    assert trial_budget(fake.config, plan_arms(fake.config)) == BUDGET | FINAL
    assert {trial.role for trial in fake.record} == {"", "offered"}
    assert all(trial.state == "COMPLETE" for trial in fake.record)
    assert fake.suggest() == "FINISHED"


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize(
    ("settings", "phases"),
    [
        ({}, [["single-kind", "single-size", "equal"], ["search"]]),
        (DELTA_M, [["single-kind", "single-size"], ["equal"], ["search"]]),
    ],
)
def test_phases_follow_one_another_and_arms_of_a_phase_take_turns(
    session: Session, slots: int, settings: dict[str, str], phases: list[list[str]]
) -> None:
    fake = session(small.config(settings), slots=slots)
    began = [spec.id for spec in fake.run()]
    arms = [name.rsplit("-", 1)[0] for name in began]
    assert arms[:16] == [arm for phase in phases for arm in phase * 4]
    offers = sum(trial.is_offered for trial in fake.record)
    assert offers
    assert all(fake.record.trials[name].is_offered for name in began[16 : 16 + offers])
    finals, compared = arms[16 + offers :][:8], arms[24 + offers :]
    assert sorted(finals) == sorted(
        f"final-{arm.replace('/', '-')}" for arm in BUDGET for _ in "12"
    )
    twins = {arm for arm in compared if arm.startswith("final-twin")}
    assert Counter(compared) == dict.fromkeys([*twins, "final-without-flag"], 2)


@pytest.mark.parametrize("slots", [1, 2, 5, 14])
def test_no_more_trials_than_slots(session: Session, slots: int) -> None:
    fake = session(slots=slots)
    ids = [fake.suggest() for _ in range(slots + 2)]
    expected = min(slots, 12)  # of all arms but the search, whose study begins with their results
    assert ids[:expected] == list(fake.live)
    assert ids[expected:] == [None] * (slots + 2 - expected)


@pytest.mark.parametrize(
    ("settings", "first", "then"), [({}, 12, "search-0000"), (DELTA_M, 8, "equal-0000")]
)
def test_a_phase_waits_for_the_one_before(
    session: Session, settings: dict[str, str], first: int, then: str
) -> None:
    fake = session(small.config(settings), slots=first)
    trials = [str(fake.suggest()) for _ in range(first)]
    for trial in trials[:-1]:
        fake.end(trial)
        assert fake.suggest() is None
    fake.end(trials[-1])
    assert fake.live[str(fake.suggest())].id == then


def test_offers_and_finalists_wait_for_all_trials_before_them(session: Session) -> None:
    fake = session(slots=3)
    while not any(trial.is_offered for trial in fake.record):
        if fake.suggest() is None:
            fake.end(next(iter(fake.live)))
    assert all(trial.finished for trial in fake.record if not trial.is_offered)
    while not any(trial.is_finalist for trial in fake.record):
        if fake.suggest() is None:
            fake.end(next(iter(fake.live)))
    assert all(trial.finished for trial in fake.record if not trial.is_finalist)


def test_references_are_the_best_single_task_trials_and_reach_the_specs(session: Session) -> None:
    fake = session(small.config(DELTA_M), slots=1)
    for accuracy in (0.9, 0.7, 0.6, 0.5):
        for _ in range(2):
            fake.end(
                str(fake.suggest()), kind_accuracy=accuracy, size_r2=accuracy, size_mae=1 - accuracy
            )
    spec = fake.live[str(fake.suggest())]
    assert spec.objective.kind == "delta_m"
    assert spec.objective.reference == {
        "val/kind/accuracy": 0.9,
        "val/size/r2": 0.9,
        "val/size/mae": pytest.approx(0.1),
    }
    assert spec.objective.tasks == {"kind": ("accuracy",), "size": ("r2", "mae")}
    assert list(spec.config.tasks) == ["kind", "size", "flag"]
    assert not spec.test


@pytest.mark.parametrize(("settings", "kind"), [({}, "skill"), (DELTA_M, "primary")])
def test_single_task_trials_are_judged_by_their_own_first_metric(
    session: Session, settings: dict[str, str], kind: str
) -> None:
    fake = session(small.config(settings), slots=2)
    fake.suggest()
    size = fake.live[str(fake.suggest())]
    assert (size.objective.kind, size.objective.tasks) == (kind, {"size": ("r2", "mae")})
    assert size.objective({"val/size/r2": 0.25, "val/size/mae": 7.0}) == 0.25
    assert list(size.config.tasks) == ["size"]


def test_the_scales_of_the_tasks_reach_the_specs(session: Session) -> None:
    fake = session(small.config({"tasks.size.importance": 3}))
    equal = next(spec for spec in fake.run() if spec.id == "equal-0000")
    assert (equal.objective.kind, equal.objective.reference) == ("skill", None)
    values = {"val/kind/accuracy": 0.7, "val/size/r2": 0.1}
    assert equal.objective(values) == pytest.approx((0.5 + 3 * 0.1) / 4)


def weights_of(trials: list[TrialRecord]) -> list[list[float]]:
    return [
        [value for path, value in trial.overrides.items() if path.endswith("loss_weight")]
        for trial in trials
    ]


def test_the_first_search_trial_has_equal_weights_where_no_arm_has_them(session: Session) -> None:
    fake = session(small.config({"search.arms": ["single", "search"]}))
    fake.run()
    first, *others = weights_of(fake.record.arm("search")[:4])
    assert first == [1.0, 1.0, 1.0]
    assert all(sum(values) == pytest.approx(3) and values != first for values in others)


def test_each_arm_draws_its_own_values_and_weights_sum_to_k(session: Session) -> None:
    fake = session()
    fake.run()
    weights = weights_of(fake.record.arm("search"))
    assert all(sum(values) == pytest.approx(3) for values in weights)
    assert [1.0, 1.0, 1.0] not in weights  # the arm `equal` has tried those
    for trial in fake.record.arm("equal"):
        assert set(trial.overrides) == {"model.sharing.depth", "training.optimizer.lr"}
    for trial in fake.record.arm("single/kind"):
        assert set(trial.overrides) == {"training.optimizer.lr"}


def test_no_two_trials_have_the_same_seed_or_directory(session: Session) -> None:
    specs = session().run()
    ordinary = [spec for spec in specs if not spec.test]
    assert len({spec.seed for spec in ordinary}) == len(ordinary)
    assert len({spec.directory for spec in specs}) == len({spec.id for spec in specs}) == len(specs)


def test_trials_differ_in_what_they_train(session: Session) -> None:
    """Values that never reach the trainer would make all trials equal (ultralytics#23814)."""
    fake = session()
    specs = fake.run()
    drawn = {trial.id for trial in fake.record if trial.is_sampled}
    rates = {spec.config.training.optimizer.arguments["lr"] for spec in specs if spec.id in drawn}
    assert len(rates) == len(drawn) == sum(BUDGET.values())
    for spec in specs:
        assert 1e-4 <= spec.config.training.optimizer.arguments["lr"] <= 1e-1


def test_the_same_config_gives_the_same_trials(session: Session, tmp_path: Path) -> None:
    one = session(slots=1)
    one.run()
    with tempfile.TemporaryDirectory() as other:
        two = FakeTune(small.config(), Path(other), slots=1)
        two.run()
        two.kill()
    assert [(t.id, t.params, t.seed) for t in one.record] == [
        (t.id, t.params, t.seed) for t in two.record
    ]


# ----------------------------------------------------------------------------------------- failures


def test_failed_trials_count_in_the_budget_and_the_sweep_goes_on(session: Session) -> None:
    fake = session()
    fake.run(
        lambda spec: (
            "FAIL" if spec.id in ("equal-0001", "search-0000", "final-search-0001") else "COMPLETE"
        )
    )
    assert spent(fake) == BUDGET | FINAL
    failed = [trial for trial in fake.record if trial.state == "FAIL"]
    assert [trial.id for trial in failed] == ["equal-0001", "search-0000", "final-search-0001"]
    assert all(trial.reason == "the loss is nan" for trial in failed)
    assert fake.searcher.finished


def test_the_sweep_ends_when_its_first_trials_have_all_failed(session: Session) -> None:
    fake = session(small.config({"search.stop_after_failures": 2}), slots=1)
    assert len(fake.run(lambda spec: "FAIL")) == 2
    assert isinstance(fake.searcher.error, SweepError)
    assert "the first 2 trials have all failed" in str(fake.searcher.error)
    assert "the loss is nan" in str(fake.searcher.error)
    assert not fake.searcher.finished


def test_a_success_among_failures_lets_the_sweep_go_on(session: Session) -> None:
    fake = session(small.config({"search.stop_after_failures": 2}), slots=1)
    fake.run(
        lambda spec: (
            "FAIL" if spec.id not in ("single-kind-0000", "single-size-0001") else "COMPLETE"
        )
    )
    assert fake.searcher.error is None
    arms = spent(fake)
    assert {arm: arms[arm] for arm in BUDGET} == BUDGET
    assert "final/search" not in arms  # none of them trained to its end


def test_a_reference_that_nobody_reached_ends_the_sweep_with_the_reason(session: Session) -> None:
    fake = session(small.config(DELTA_M), slots=1)
    fake.run(lambda spec: "FAIL" if "size" in spec.id else "COMPLETE")
    assert isinstance(fake.searcher.error, SweepError)
    assert "no trial of arm single/size got to the end of an epoch" in str(fake.searcher.error)
    assert "the loss is nan" in str(fake.searcher.error)
    assert not any(trial.epochs for trial in fake.record.arm("equal"))


def test_a_process_that_dies_is_started_again_and_then_given_up(session: Session) -> None:
    fake = session(small.config({"search.retries": 2}), slots=1)
    record = fake.end(str(fake.suggest()), "CRASH")
    assert (record.state, "died 3 times: killed" in record.reason) == ("FAIL", True)
    began = [spec.id for spec in fake.run()]
    assert record.id not in began
    assert spent(fake) == BUDGET | FINAL


def test_a_crash_that_is_forgiven_leaves_one_trial(session: Session) -> None:
    fake = session(slots=1)
    first = str(fake.suggest())
    spec = fake.live[first]
    fake.epoch(first, 1)
    fake.crash(first)
    assert not fake.searcher.finished
    again = str(fake.suggest())
    assert fake.live[again] == spec
    assert fake.end(again).state == "COMPLETE"
    fake.run()
    assert spent(fake) == BUDGET | FINAL


def test_a_trial_whose_node_died_waits_until_it_fits(session: Session) -> None:
    fake = session(slots=2)
    first, second = str(fake.suggest()), str(fake.suggest())
    lost = fake.live[first]
    fake.nodes.pop()
    fake.crash(first)
    assert fake.suggest() is None
    fake.end(second)
    again = str(fake.suggest())
    assert fake.live[again] == lost
    assert fake.suggest() is None
    fake.nodes.append(fake.nodes[0])
    fake.capacity_monitor.invalidate()
    assert fake.suggest() in fake.live
    for trial in list(fake.live):
        fake.end(trial)
    fake.run()
    assert spent(fake) == BUDGET | FINAL


def test_without_a_node_the_sweep_ends_with_the_arithmetic(session: Session) -> None:
    fake = session(small.config({"resources.node_timeout_s": 0}), slots=2)
    trial = str(fake.suggest())
    fake.nodes.clear()
    fake.crash(trial)
    assert fake.suggest() == "FINISHED"
    assert "in all: room for 0 of 1" in str(fake.searcher.error)
    assert not fake.searcher.finished


# ------------------------------------------------------------------------ interruptions, extensions


def test_interrupted_trials_come_first_and_as_they_were(session: Session) -> None:
    fake = session(slots=2)
    while "search-0001" not in {spec.id for spec in fake.live.values()}:
        if fake.suggest() is None:
            fake.end(next(iter(fake.live)))
    trial = next(name for name, spec in fake.live.items() if spec.id == "search-0001")
    fake.epoch(trial, 1)
    left = list(fake.live.values())
    fake.kill()
    resumed = session(slots=2)
    again = [resumed.live[str(resumed.suggest())] for _ in left]
    assert again == left
    resumed.run()
    assert spent(resumed) == BUDGET | FINAL


def outcome(fake: FakeTune) -> list[Any]:
    return [(t.id, t.params, t.seed, t.state, t.role, t.origin) for t in fake.record]


@functools.cache
def straight(objective: str) -> list[Any]:
    """What a sweep without interruptions ends with, one trial at a time."""
    with tempfile.TemporaryDirectory() as folder:
        fake = FakeTune(small.config({"search.objective": objective}), Path(folder), slots=1)
        fake.run()
        fake.kill()
        return outcome(fake)


@pytest.mark.parametrize("after", [1, 4, 8, 9, 12, 13, 15, 16, 18, 22, 25, 27, 33, 35])
@pytest.mark.parametrize("settings", [{}, DELTA_M])
def test_a_sweep_that_is_killed_and_resumed_runs_the_same_trials(
    session: Session, after: int, settings: dict[str, str]
) -> None:
    config = small.config(settings)
    fake = session(config, slots=1)
    for _ in range(after):
        fake.end(str(fake.suggest()))
    fake.epoch(str(fake.suggest()), 1)
    fake.kill()
    resumed = session(config, slots=1)
    resumed.run()
    assert outcome(resumed) == straight(settings.get("search.objective", "skill"))


def test_a_finished_sweep_has_nothing_left_to_run(session: Session) -> None:
    session().run()
    again = session()
    assert again.run() == []
    assert again.searcher.finished


def test_a_metric_that_is_undefined_on_the_test_split_ends_nothing_else(session: Session) -> None:
    fake = session()
    while (began := str(fake.suggest())) in fake.live:
        fake.end(began, flag_accuracy=float("nan") if fake.live[began].test else 0.5)
    assert fake.searcher.finished
    assert all("test/flag/accuracy" not in trial.test for trial in fake.record)


def _unjudged(trial: TrialRecord) -> TrialRecord:
    return dataclasses.replace(
        trial, epochs=[dataclasses.replace(e, best_objective=0.0) for e in trial.epochs]
    )


def test_better_references_change_what_earlier_trials_are_worth(session: Session) -> None:
    def accuracy(spec: TrialSpec, fake: FakeTune, single: float) -> float:
        name = fake.record.trials[spec.id].origin if spec.test else spec.id
        return (
            single if "single" in name else {"search-0000": 0.6, "search-0005": 0.7}.get(name, 0.55)
        )

    def run(settings: Config, single: float) -> FakeTune:
        fake = session(settings)
        while (began := str(fake.suggest())) in fake.live:
            value = accuracy(fake.live[began], fake, single)
            fake.end(began, kind_accuracy=value, size_r2=value, size_mae=1 - value)
        fake.kill()
        return fake

    run(small.config({"search.trials": 2, **DELTA_M}), 0.5)
    record = run(small.config({"search.trials": 4, **DELTA_M}), 0.8).record
    # Judged by the first references it was worth 0.2, and 0.7 by the second is a loss.
    best = max(record.arm("search"), key=lambda trial: trial.best_objective)
    assert (best.id, best.best_objective < 0) == ("search-0005", True)
    assert judge(record, small.config(DELTA_M)).winners["search"].origin == "search-0005"


@pytest.mark.parametrize("settings", [{}, DELTA_M])
def test_a_finished_sweep_can_be_extended(session: Session, settings: dict[str, str]) -> None:
    first = session(small.config(settings))
    first.run()
    finished = {trial.id: copy.deepcopy(trial) for trial in first.record}
    first.kill()
    longer = session(small.config({"search.trials": 9, **settings}))
    began = longer.run()
    assert {spec.id for spec in began}.isdisjoint(finished)
    # Better references change what earlier trials are worth by Δm, and nothing changes their skill.
    same = _unjudged if settings else copy.copy
    for name, trial in finished.items():
        assert same(longer.record.trials[name]) == same(trial)
    for trial in longer.record:  # also the old ones, by the references of today
        judged = longer.objectives.best_so_far_by_epoch(trial)
        assert {epoch.epoch: epoch.best_objective for epoch in trial.epochs} == judged, trial.id
    totals = spent(longer)
    assert {arm: totals[arm] for arm in BUDGET} == {
        "single/kind": 5,
        "single/size": 4,
        "equal": 9,
        "search": 9,
    }
    for arm in BUDGET:
        best = max(
            longer.record.arm(arm),
            key=lambda trial: max(longer.objectives.best_so_far_by_epoch(trial).values()),
        )
        seeds = [
            trial.seed for trial in longer.record.arm(f"final/{arm}") if trial.origin == best.id
        ]
        assert len(set(seeds)) == len(seeds) == 2
    assert longer.searcher.finished


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "end", "kill", "crash"]), st.integers(0, 9)),
    max_size=60,
)
ENDS = ("COMPLETE", "COMPLETE", "PRUNED", "FAIL")


@settings(max_examples=25)
@given(ACTIONS, st.integers(1, 4), st.sampled_from([1, 5]))
def test_whatever_happens_each_arm_ends_with_exactly_its_budget(
    actions: list[tuple[str, int]], slots: int, pack: int
) -> None:
    changes = {"search.stop_after_failures": 99, "search.retries": 1, "training.pack": pack}
    config = small.config(changes)

    def state(name: str, number: int) -> str:
        return "COMPLETE" if name.startswith("single") else ENDS[number % len(ENDS)]

    with tempfile.TemporaryDirectory() as folder:
        fake = FakeTune(config, Path(folder), slots)
        finished: dict[str, str] = {}
        for action, number in actions:
            running = sorted(fake.live)
            if action == "kill":
                fake.kill()
                fake = FakeTune(config, Path(folder), slots)
            elif action == "ask" or not running:
                answer = fake.suggest()
                assert len({key.partition("/")[0] for key in fake.live}) <= slots
                assert len(fake.live) <= slots * pack
                assert answer not in fake.live or fake.live[str(answer)].id not in finished
            elif action == "crash" and not fake.live[running[number % len(running)]].id.startswith(
                "single"
            ):
                fake.crash(running[number % len(running)])
            else:
                trial = running[number % len(running)]
                record = fake.end(trial, state(fake.live[trial].id, number))
                finished[record.id] = record.state
        assert {fake.record.trials[name].state for name in finished} <= {
            "COMPLETE",
            "PRUNED",
            "FAIL",
        }
        fake.run(lambda spec: "COMPLETE")
        assert fake.searcher.error is None
        totals = spent(fake)
        assert {arm: totals[arm] for arm in BUDGET} == BUDGET
        assert all(trial.finished for trial in fake.record)
        assert all(fake.record.trials[name].state == ended for name, ended in finished.items())
        for arm in BUDGET:
            trained = any(t.state == "COMPLETE" for t in fake.record.arm(arm))
            assert totals.get(f"final/{arm}", 0) == (2 if trained else 0)
        best = recommended(fake.record)
        assert totals.get("final/without/flag", 0) == (2 if best else 0)
        twins = len(fake.record.arm("final/twin/separate"))
        assert twins == (2 if best and not best.shares_nothing else 0)
        text = (Path(folder) / "journal.jsonl").read_text()
        assert (
            text.count('"event": "trial"')
            == text.count('"event": "end"')
            == len(fake.record.trials)
        )
        fake.kill()


# ------------------------------------------------------------------------- the user's own functions


def test_a_space_of_the_users_serves_every_arm(session: Session) -> None:
    def mine(trial: Any) -> dict[str, Any]:
        for task in ("kind", "size"):
            trial.suggest_float(f"tasks.{task}.loss_weight", 0.1, 10, log=True)
        trial.suggest_int("model.sharing.depth", 0, 2)
        rate = trial.suggest_float("training.optimizer.lr", 1e-3, 1e-2, log=True)
        return {"training.optimizer.weight_decay": rate / 10}

    config = small.config({"search.space": {}})
    fake = session(config, space=mine)
    specs = fake.run()
    best = recommended(fake.record)
    assert best is not None
    assert not best.shares_nothing
    searched = {"search"}  # arms with weights that were searched
    if best.arm == "search":
        searched |= {"without/flag", "twin/separate"}
    for spec in specs:
        arguments = spec.config.training.optimizer.arguments
        assert arguments["weight_decay"] == arguments["lr"] / 10
        weights = {task.loss_weight for task in spec.config.tasks.values()}
        assert (fake.record.trials[spec.id].arm.base in searched) == (weights != {1.0})
        assert ("depth" in spec.config.model.sharing.arguments) == ("single" not in spec.id)


def test_an_objective_of_the_users_chooses_the_finalists(session: Session) -> None:
    fake = session(
        function=lambda metrics: (
            -metrics["val/kind/accuracy"] if "val/kind/accuracy" in metrics else 0.0
        )
    )
    fake.run()
    worst = min(
        fake.record.arm("search"), key=lambda trial: trial.epochs[0].metrics["val/kind/accuracy"]
    )
    assert {trial.origin for trial in fake.record.arm("final/search")} == {worst.id}
    best = max(
        fake.record.arm("single/kind"),
        key=lambda trial: trial.epochs[0].metrics["val/kind/accuracy"],
    )
    assert {trial.origin for trial in fake.record.arm("final/single/kind")} == {best.id}


@pytest.mark.parametrize("answer", [ZeroDivisionError("no"), ["training.optimizer.lr"]])
def test_a_space_of_the_users_that_fails_ends_the_sweep_with_its_reason(
    session: Session, answer: object
) -> None:
    def space(trial: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    tune = session(space=space)
    assert tune.suggest() == tune.searcher.FINISHED
    assert isinstance(tune.searcher.error, SweepError)
    assert ("ZeroDivisionError" in str(tune.searcher.error)) == isinstance(answer, Exception)
    assert not tune.record.trials  # nothing began that could never end
    assert not tune.searcher.finished


def test_a_full_disk_halts_the_sweep_and_ends_no_trial(session: Session) -> None:
    fake = session(slots=2)
    first, second = str(fake.suggest()), str(fake.suggest())
    fake.epoch(first, 1)
    report = TrialReport(1, {}, float("nan"), "FAIL", "no room to write to /full", cause="disk")
    fake.report(first, report)
    assert fake.searcher.disk_stopper.stop_all()
    fake.complete(first, report)
    fake.epoch(second, 1)
    fake.searcher.record_crash(second, "stopped")
    assert fake.suggest() is None
    assert "/full" in str(fake.searcher.disk_stopper.error)
    assert [(trial.state, len(trial.epochs)) for trial in fake.record] == [
        ("RUNNING", 1),
        ("RUNNING", 0),
    ]

    fake.kill()
    resumed = session()
    resumed.run()
    assert resumed.searcher.finished
    assert all(trial.state == "COMPLETE" for trial in resumed.record)


def test_a_journal_without_room_halts_the_sweep(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = session(slots=1)
    trial = str(fake.suggest())

    def full(kind: str, **fields: Any) -> None:
        raise DiskFullError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(fake.journal, "write", full)
        fake.epoch(trial, 1)
    assert fake.searcher.disk_stopper.stop_all()
    assert not fake.record.trials["single-kind-0000"].epochs
