"""Points that the search begins with: which are refused, and when they are tried."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import ConfigError
from mtl_search.search import initial_points, preflight
from mtl_search.search.arms import plan_arms
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import WEIGHTS, FakeTune
from tests.support.recorded_sweeps import Builder

Session = Callable[..., FakeTune]
POINT = {"kind": 1.0, "size": 2.0, "flag": 0.5}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with ExitStack() as stack:

        def begin(points: list[Any], **options: Any) -> FakeTune:
            changes = {"search.initial_points": points, **options.pop("changes", {})}
            fake = FakeTune(small.config(changes), tmp_path / "sweep", **{"slots": 1, **options})
            stack.callback(fake.kill)
            return fake

        yield begin


def earlier(
    folder: Path, tasks: tuple[str, ...] = ("kind", "size"), *, adaptive: bool = True
) -> str:
    """A sweep with two trials of the search arm, the second the better one."""
    made = Builder(folder / "journal.jsonl", tasks).sweep()
    for number, value in enumerate((0.5, 0.9)):
        trial = made.begin(
            "search", number, adaptive=adaptive, weights=dict(zip(tasks, (3.0, 1.0), strict=True))
        )
        weights = dict(zip(tasks, (1.6, 0.4) if value > 0.6 else (1.0, 1.0), strict=True))
        logged = (
            {f"train/weight/{task}": weight for task, weight in weights.items()} if adaptive else {}
        )
        made.epoch(trial, 1, value, dict.fromkeys(tasks, value), **logged)
        made.end(trial)
    return str(folder)


# ---------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (
            [3],
            "search.initial_points.0: a mapping of tasks to loss weights, the name of a weighting",
        ),
        ([["uw"]], "search.initial_points.0: a mapping of tasks to loss weights"),
        ([{}], "search.initial_points.0: a mapping of tasks to loss weights"),
        (
            [{"kind": True}],
            "search.initial_points.0: the loss weight of kind must be a number, and is True",
        ),
        ([{"kind": 1, "sise": 2}], "search.initial_points[0]: there is no task of this name"),
        (["uw", {"kind": 0}], "search.initial_points[1].kind: a weight above 0 is needed"),
        (["uv"], "search.initial_points[0]: neither the folder of a sweep"),
        (["famoo"], "did you mean 'famo'?"),
        (["no/such/sweep"], "search.initial_points[0]: neither the folder of a sweep"),
        (["\0"], "search.initial_points[0]: neither the folder of a sweep"),
        (["x" * 5000], "search.initial_points[0]: neither the folder of a sweep"),
        (["uw", "uw"], "search.initial_points[1]: this weighting is there already"),
        (["static"], "search.initial_points[0]: all tasks count alike with it"),
        (["no.module:x"], "search.initial_points[0]: cannot import module"),
        (["builtins:list"], "search.initial_points[0]: "),
    ],
)
def test_a_wrong_point_is_refused_by_its_path(points: list[Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        preflight.check_sweep(small.config({"search.initial_points": points}), small.DATA)
    assert words in str(caught.value)
    assert caught.value.path.startswith("search.initial_points")


def test_one_point_needs_no_list() -> None:
    assert small.config({"search.initial_points": "uw"}).search.initial_points == ("uw",)
    assert small.config({"search.initial_points": POINT}).search.initial_points == (POINT,)
    preflight.check_sweep(small.config({"search.initial_points": [POINT, "uw"]}), small.DATA)


@pytest.mark.parametrize("name", ["uw", "famo", "autoscale"])
def test_a_weighting_by_name_has_a_trial_of_its_own(name: str) -> None:
    config = small.config({"search.initial_points": [name]})
    preflight.check_sweep(config, small.DATA)
    assert initial_points.warmup_weightings(config) == [name]


def test_points_need_loss_weights_in_the_space_and_the_search_arm() -> None:
    space = {"training.optimizer.lr": {"log": [1e-4, 1e-1]}}
    for changes, words in (
        ({"search.space": space}, "search.initial_points: the space has no loss weights"),
        (
            {"search.arms": ["equal"]},
            "search.initial_points: only the search arm begins with points",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            preflight.check_sweep(
                small.config({"search.initial_points": [POINT], **changes}), small.DATA
            )
        assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("arms", "enough"), [(["single", "equal", "search"], 2), (["single", "search"], 3)]
)
def test_points_that_the_budget_has_no_room_for_are_told(
    caplog: pytest.LogCaptureFixture, arms: list[str], enough: int
) -> None:
    changes = {"search.initial_points": [POINT, "uw"], "search.arms": arms}
    with caplog.at_level(logging.WARNING):
        initial_points.check_points(small.config({**changes, "search.trials": enough}))
        assert not caplog.records
        initial_points.check_points(small.config({**changes, "search.trials": enough - 1}))
    assert f"search.trials is {enough - 1}" in caplog.text


def test_an_earlier_sweep_gives_the_mean_weights_of_its_best_adaptive_trial(tmp_path: Path) -> None:
    config = small.config(
        {
            "search.initial_points": [
                earlier(tmp_path / "a"),
                earlier(tmp_path / "b", adaptive=False),
            ]
        }
    )
    initial_points.check_points(config)
    found = initial_points.resolve_points(config, SweepRecord())
    assert found == [
        {"kind": 1.6, "size": 0.4, "flag": 1.0},
        {"kind": 1.5, "size": 0.5, "flag": 1.0},
    ]


def test_an_earlier_sweep_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "journal.jsonl").write_text("no journal\n")
    Builder(tmp_path / "empty" / "journal.jsonl", ("kind",)).sweep()
    for folder, words in (
        (earlier(tmp_path / "other", ("kind", "left")), "has a task 'left'"),
        (str(tmp_path / "broken"), "not a journal of a sweep"),
        (str(tmp_path / "empty"), "no trial of that sweep has weights"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            initial_points.check_points(small.config({"search.initial_points": [folder]}))
        assert caught.value.path == "search.initial_points[0]"


# ------------------------------------------------------------------------------------- in the sweep


def searched(fake: FakeTune) -> list[list[float]]:
    return [
        [w for path, w in sorted(t.params.items()) if "loss_weight" in path]
        for t in fake.record.arm("search")
        if not t.is_offered
    ]


@pytest.mark.parametrize(("objective", "at"), [("skill", slice(2, 4)), ("delta_m", slice(8, 10))])
def test_the_search_begins_with_points_and_a_seed_arm_comes_before(
    session: Session, objective: str, at: slice
) -> None:
    fake = session([POINT, "uw"], changes={"search.objective": objective})
    specs = {spec.id: spec for spec in fake.run()}
    began = list(specs)
    assert began[at] == ["warmup-uw-0000", "equal-0000"]
    assert specs["warmup-uw-0000"].config.training.weighting.name == "uw"
    assert specs["warmup-uw-0000"].objective == specs["equal-0000"].objective
    trial = fake.record.trials["warmup-uw-0000"]
    assert (trial.params, trial.overrides, trial.is_warmup) == ({}, {}, True)
    # flag, size; uw gave 0.6, 1.2, 1.2
    assert searched(fake)[:2] == [[0.5, 2.0], [2.0, 2.0]]
    assert fake.record.initial_points == [POINT, pytest.approx(WEIGHTS)]
    assert not any("warmup" in trial.arm for trial in fake.record if trial.is_finalist)
    assert fake.searcher.finished
    budget = trial_budget(fake.config, plan_arms(fake.config))
    assert {
        arm: sum(not trial.is_offered for trial in fake.record.arm(arm)) for arm in budget
    } == budget
    assert [arm for arm in budget if "warmup" in arm] == ["warmup/uw"]


def test_points_follow_equal_weights_where_no_arm_has_tried_them(session: Session) -> None:
    fake = session([POINT, "uw"], changes={"search.arms": ["single", "search"]})
    fake.run()
    assert searched(fake)[:3] == [[1.0, 1.0], [0.5, 2.0], [2.0, 2.0]]


def test_a_sweep_that_began_with_equal_weights_goes_on_with_the_first_point(
    session: Session,
) -> None:
    """In earlier versions both arms began together, and the search with equal weights."""
    points = [POINT, {"kind": 2.0}]
    first = session(points, changes={"search.arms": ["single", "search"]})
    while not any(trial.finished for trial in first.record.arm("search")):
        first.end(str(first.suggest()))
    first.kill()
    resumed = session(points)
    resumed.run()
    assert resumed.record.arm("equal")
    assert searched(resumed)[:3] == [[1.0, 1.0], [0.5, 2.0], [0.5, 0.5]]


def test_the_search_waits_for_the_seed(session: Session) -> None:
    fake = session(["uw"], slots=3)
    while not fake.record.arm("warmup/uw"):
        if fake.suggest() is None:
            fake.end(next(iter(fake.live)))
    assert fake.suggest() is None


def test_a_sampler_sees_points_as_ordinary_trials(session: Session) -> None:
    fake = session([POINT])
    fake.run()
    told = fake.searcher._studies.of("search")._ot_study.get_trials()
    own = [trial for trial in told if "trial" not in trial.user_attrs]  # the others are of `equal`
    assert len(own) == 4
    assert own[0].params == fake.record.trials["search-0000"].params
    assert all(trial.value is not None for trial in told)


@pytest.mark.parametrize("after", [2, 3, 8, 12, 13, 14, 15, 17, 19])
def test_a_resumed_sweep_tries_no_point_twice(session: Session, after: int, tmp_path: Path) -> None:
    points = [POINT, "uw", {"kind": 2.0}]
    straight = FakeTune(
        small.config({"search.initial_points": points}), tmp_path / "straight", slots=1
    )
    straight.run()
    straight.kill()
    fake = session(points)
    for _ in range(after):
        fake.end(str(fake.suggest()))
    fake.epoch(str(fake.suggest()), 1)
    fake.kill()
    resumed = session(points)
    resumed.run()

    def outcome(record: Any) -> list[Any]:
        return [(t.id, t.params, t.seed, t.state) for t in record]

    assert outcome(resumed.record) == outcome(straight.record)
    assert searched(resumed)[:3] == [[0.5, 2.0], [2.0, 2.0], [0.5, 0.5]]
    assert len(searched(resumed)) == 4
    assert (tmp_path / "sweep" / "journal.jsonl").read_text().count('"event": "start"') == 1


def test_an_earlier_sweep_is_read_once(session: Session, tmp_path: Path) -> None:
    points = [POINT, earlier(tmp_path / "earlier")]
    fake = session(points)
    while not fake.record.arm("search"):
        fake.end(str(fake.suggest()))
    fake.kill()
    (tmp_path / "earlier" / "journal.jsonl").unlink()
    resumed = session(points)
    preflight.check_sweep(resumed.config, small.DATA, started=True)
    resumed.run()
    assert searched(resumed)[:2] == [[0.5, 2.0], [pytest.approx(1 / 1.6), pytest.approx(0.25)]]


@pytest.mark.parametrize("state", ["FAIL", "CRASH"])
def test_a_seed_that_fails_is_left_out_with_a_line_in_the_log(
    session: Session, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake = session(["uw", POINT])
    with caplog.at_level(logging.WARNING):
        while not fake.record.arm("search"):
            trial = str(fake.suggest())
            fake.end(trial, state if fake.live[trial].id.startswith("warmup") else "COMPLETE")
        fake.run()
    assert "search.initial_points[0] is left out: trial warmup-uw-0000 failed" in caplog.text
    assert searched(fake)[0] == [0.5, 2.0]
    assert fake.searcher.finished


def test_a_seed_without_weights_is_left_out_with_a_line_in_the_log(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    fake = session(["uw"])
    trial = TrialRecord(
        "warmup-uw-0000",
        ArmName("warmup/uw"),
        0,
        {},
        {},
        {},
        0,
        0.0,
        state="COMPLETE",
        info={"adaptive": True},
    )
    fake.record.trials[trial.id] = trial
    with caplog.at_level(logging.WARNING):
        assert initial_points.resolve_points(fake.config, fake.record) == []
    assert (
        "search.initial_points[0] is left out: "
        "trial warmup-uw-0000 has not got to the end of an epoch" in caplog.text
    )


def test_a_function_of_the_users_begins_with_points(session: Session) -> None:
    def space(trial: Any) -> dict[str, Any]:
        trial.suggest_float("tasks.size.loss_weight", 0.1, 1.5, log=True)
        return {"training.batch_size": 4}

    fake = session([{"size": 9.0}, "uw"], space=space, changes={"search.space": {}})
    specs = {spec.id: spec for spec in fake.run()}
    assert searched(fake)[0] == [1.5]
    # kind and flag stay at 1 each: 2 · 1.2/(0.6 + 1.2)
    assert searched(fake)[1] == [pytest.approx(4 / 3)]
    assert specs["warmup-uw-0000"].config.training.batch_size == fake.config.training.batch_size


def test_a_seed_arm_is_the_config_with_another_weighting() -> None:
    own = {"name": "uw", "lr": 0.5}
    config = small.config(
        {
            "search.initial_points": ["uw", "famo"],
            "training.weighting": own,
            "tasks.size.loss_weight": 2.0,
        }
    )
    arms = {str(arm.name): arm for arm in plan_arms(config)}
    assert [name for name in arms if name.startswith("warmup/")] == ["warmup/uw", "warmup/famo"]
    assert arms["warmup/uw"].config(config, {}).training.weighting.arguments == {"lr": 0.5}
    seeded = arms["warmup/famo"].config(config, {"training.optimizer.lr": 9.0})
    assert (seeded.training.weighting.name, seeded.training.weighting.arguments) == ("famo", {})
    assert seeded.training.optimizer == config.training.optimizer
    assert seeded.tasks == config.tasks
    assert not [
        arm for arm in plan_arms(small.config({"search.arms": ["equal"]})) if arm.name.is_warmup
    ]
