"""References and objectives from the journal, by the reference that holds now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import ConfigError, SweepError
from mtl_search.search.objectives import (
    ArmObjectives,
    check_leave_one_out,
    objective_function,
)
from tests.support import small_sweeps as small
from tests.support.recorded_sweeps import Builder

METRICS = {"left": ("accuracy",), "right": ("accuracy",)}
SCALES = {"left/accuracy": (0.6, 1.0), "right/accuracy": (0.2, 1.0)}


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """A sweep whose single-task trials reached 0.8 (left) and 0.5 (right)."""
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep()
    builder.trial("single/left", 0, 0.8, epochs=1)
    builder.trial("single/left", 1, 0.6, epochs=1)
    builder.trial("single/right", 0, 0.5, epochs=1)
    return builder


def objectives_of(builder: Builder, **options: Any) -> ArmObjectives:
    return ArmObjectives(builder.sweep_record, METRICS, **options)


def trial(
    builder: Builder, *epochs: dict[str, float], state: Any = "COMPLETE", arm: str = "search"
) -> Any:
    name = builder.begin(arm, len(builder.sweep_record.arm(arm)))
    for number, accuracy in enumerate(epochs, start=1):
        builder.epoch(name, number, 0.0, accuracy)  # the objective is worked out anew
    builder.end(name, state)
    return builder.sweep_record.trials[name]


def test_the_reference_is_the_best_single_task_trial(builder: Builder) -> None:
    builder.trial("single/left", 2, 0.95, epochs=1, state="FAIL")
    assert objectives_of(builder).reference() == {
        "val/left/accuracy": 0.8,
        "val/right/accuracy": 0.5,
    }
    builder.trial("single/left", 3, 0.9, epochs=1, state="PRUNED")
    assert objectives_of(builder).reference()["val/left/accuracy"] == 0.9


def test_objectives_are_the_best_so_far_and_the_best_epoch_is_the_first_best(
    builder: Builder,
) -> None:
    record = trial(
        builder,
        {"left": 0.8, "right": 0.5},
        {"left": 0.88, "right": 0.5},
        {"left": 0.4, "right": 0.5},
        {"left": 0.88, "right": 0.5},
    )
    objectives = objectives_of(builder)
    assert objectives.best_so_far_by_epoch(record) == {
        1: 0.0,
        2: pytest.approx(0.05),
        3: pytest.approx(0.05),
        4: pytest.approx(0.05),
    }
    assert objectives.best(record) == pytest.approx(0.05)
    by_epoch = objectives.by_epoch(record)
    assert list(by_epoch) == [1, 2, 3, 4]
    assert max(by_epoch, key=lambda epoch: by_epoch[epoch]) == 2
    assert by_epoch[3] < by_epoch[1] == 0.0


def test_a_better_reference_changes_every_objective(builder: Builder) -> None:
    record = trial(builder, {"left": 0.8, "right": 0.5})
    objectives = objectives_of(builder)
    assert objectives.best_so_far_by_epoch(record) == {1: 0.0}
    builder.trial("single/right", 1, 1.0)
    assert objectives.best_so_far_by_epoch(record) == {1: pytest.approx(-0.25)}


def test_epochs_with_an_undefined_metric_are_left_out(builder: Builder) -> None:
    record = trial(builder, {"left": 0.8}, {"left": 0.8, "right": 0.5})
    assert list(objectives_of(builder).best_so_far_by_epoch(record)) == [2]
    nothing = trial(builder, {"left": 0.8})
    assert objectives_of(builder).best_so_far_by_epoch(nothing) == {}
    assert objectives_of(builder).best(nothing) is None


def test_a_function_that_is_not_a_number_somewhere_is_left_out_there(builder: Builder) -> None:
    record = trial(builder, {"left": 0.1}, {"left": 0.7}, {"left": 0.9})

    def mine(metrics: Any) -> float:
        return {0.1: float("nan"), 0.7: 2.0, 0.9: float("-inf")}[metrics["val/left/accuracy"]]

    assert objectives_of(builder, function=mine).best_so_far_by_epoch(record) == {2: 2.0}


def test_single_task_arms_keep_their_own_metric_under_a_function_of_the_users(
    builder: Builder,
) -> None:
    objectives = objectives_of(builder, function=lambda metrics: 7.0)
    single = builder.sweep_record.trials["single-left-0000"]
    assert max(objectives.best_so_far_by_epoch(single).values()) == 0.8
    final = trial(builder, {"left": 0.3}, arm="final/single/left")
    assert objectives.best_so_far_by_epoch(final) == {1: 0.3}
    assert objectives.best_so_far_by_epoch(trial(builder, {"left": 0.3})) == {1: 7.0}


def test_without_single_task_arms_delta_m_is_replaced_by_skill(builder: Builder) -> None:
    objectives = objectives_of(builder, has_singles=False, scales=SCALES)
    assert objectives.objective("search").kind == "skill"
    assert objectives.best_so_far_by_epoch(trial(builder, {"left": 0.8, "right": 0.4})) == {
        1: pytest.approx((0.5 + 0.25) / 2)
    }


def test_skill_needs_no_reference_and_a_better_single_task_trial_changes_nothing(
    tmp_path: Path,
) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep()
    objectives = objectives_of(builder, kind="skill", scales=SCALES)
    record = trial(builder, {"left": 0.8, "right": 0.4})
    expected = {1: pytest.approx(0.375)}
    assert objectives.objective("search").reference is None
    assert objectives.best_so_far_by_epoch(record) == expected
    builder.trial("single/left", 0, 0.95, epochs=1)
    assert objectives.best_so_far_by_epoch(record) == expected


def test_tasks_count_by_their_importance(builder: Builder) -> None:
    record = trial(builder, {"left": 0.8, "right": 0.4})
    weights = {"left": 3.0, "right": 1.0, "helper": 7.0}
    skill = objectives_of(builder, kind="skill", scales=SCALES, importance=weights)
    assert skill.best(record) == pytest.approx((3 * 0.5 + 0.25) / 4)
    gain = objectives_of(builder, importance=weights)
    assert gain.best(record) == pytest.approx((3 * 0.0 - 0.2) / 4)


def test_single_task_arms_are_on_the_scale_of_the_others(builder: Builder) -> None:
    objectives = objectives_of(
        builder, kind="skill", scales=SCALES, importance={"left": 0.0, "right": 1.0}
    )
    single = builder.sweep_record.trials["single-left-0000"]
    assert objectives.best(single) == pytest.approx(0.5)
    with_function = objectives_of(builder, kind="skill", scales=SCALES, function=lambda m: 7.0)
    assert with_function.best(single) == 0.8
    assert objectives_of(builder, scales=SCALES).best(single) == 0.8  # Δm


def test_a_task_without_a_scale_is_left_out_and_trains_by_its_loss(builder: Builder) -> None:
    scales = {"right/accuracy": SCALES["right/accuracy"]}
    objectives = objectives_of(builder, kind="skill", scales=scales)
    assert objectives.best(trial(builder, {"left": 0.8, "right": 0.4})) == pytest.approx(0.25)
    single = objectives.objective("single/left")
    assert single({"val/left/loss": 0.7}) == -0.7


def test_a_metric_as_objective_needs_no_reference(tmp_path: Path) -> None:
    empty = Builder(tmp_path / "empty.jsonl", ("left", "right")).sweep()
    objectives = objectives_of(empty, kind="val/left/accuracy")
    assert objectives.objective("equal").reference is None
    with pytest.raises(SweepError, match="no trial of arm single/left got to the end of an epoch"):
        objectives_of(empty).objective("search")


def test_the_reasons_are_told_when_there_is_no_reference(tmp_path: Path) -> None:
    broken = Builder(tmp_path / "broken.jsonl", ("left", "right")).sweep()
    broken.trial("single/left", 0, 0.5, state="FAIL")
    with pytest.raises(SweepError, match="loss is not finite"):
        objectives_of(broken).reference()


def test_a_reference_with_an_undefined_metric_is_an_error_that_names_it(builder: Builder) -> None:
    objectives = ArmObjectives(builder.sweep_record, {"left": ("accuracy", "auroc")})
    with pytest.raises(
        SweepError, match=r"val/left/auroc is undefined at the best epoch of single-left-0000"
    ):
        objectives.reference()


def test_an_objective_of_the_users_is_found() -> None:
    assert objective_function(small.config()) is None
    function = objective_function(
        small.config({"search.objective": "tests.support.small_sweeps:add_up"})
    )
    assert function is not None
    assert function({"val/kind/accuracy": 1.0, "val/size/r2": 2.0}) == 3.0


def test_a_metric_without_a_scale_has_no_part_in_delta_m(builder: Builder) -> None:
    """The labels of one split leave it undefined."""
    scales = {"left/accuracy": SCALES["left/accuracy"]}
    objectives = objectives_of(builder, kind="delta_m", scales=scales)
    assert objectives.reference() == {"val/left/accuracy": 0.8}
    assert objectives.objective("search")({"val/left/accuracy": 0.88}) == pytest.approx(0.1)
    alone = objectives.objective("single/right")
    assert alone({"val/right/loss": 0.3}) == -0.3
    assert objectives.objective("single/left")({"val/left/accuracy": 0.7}) == 0.7


@pytest.mark.parametrize("kind", ["skill", "delta_m"])
def test_a_task_that_is_left_out_does_not_count(builder: Builder, kind: str) -> None:
    objectives = objectives_of(builder, kind=kind, scales=SCALES)
    assert set(objectives.objective("final/without/left").tasks) == {"right"}
    assert set(objectives.objective("without/other").tasks) == {"left", "right"}
    values = {"val/right/accuracy": 1.0}
    assert objectives.objective("without/left")(values) == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "custom"), [("val/kind/accuracy", False), ("skill", True)])
def test_main_tasks_are_not_left_out_of_an_objective_that_needs_them(
    kind: str, *, custom: bool
) -> None:
    config = small.config({"search.objective": kind, "search.finalists.leave_one_out": True})
    with pytest.raises(ConfigError, match=r"search\.finalists\.leave_one_out"):
        check_leave_one_out(config, custom=custom)
    check_leave_one_out(small.config({"search.objective": kind}), custom=custom)
