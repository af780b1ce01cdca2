"""Arms: their budgets, what each holds fixed, seeds, and hashes."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.config import Config, load_config, override, to_dict
from mtl_search.search.arms import (
    SINGLE_FLOOR,
    Arm,
    config_hash,
    phases,
    plan_arms,
    trial_seed,
)
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.journal import read_record
from tests.support import small_sweeps as small
from tests.support.repository import REPOSITORY

EARLIER = sorted((REPOSITORY / "tests" / "fixtures" / "sweeps").glob("v0_1_*"))


def arms(config: Config) -> dict[str, Arm]:
    return {arm.name: arm for arm in plan_arms(config)}


@given(st.integers(1, 50), st.integers(1, 6))
def test_budgets_are_n_for_each_shared_arm_and_n_in_all_for_the_single_ones_above_a_floor(
    trials: int, tasks: int
) -> None:
    tree = small.tree()
    tree["tasks"] = {f"t{number}": tree["tasks"]["kind"] for number in range(tasks)}
    tree["search"]["trials"] = trials
    tree["search"]["space"] = {}
    planned = arms(load_config(tree))
    twins = ["twin/separate", "twin/weights"] if tasks > 1 else []
    singles = [f"single/t{number}" for number in range(tasks)]
    assert list(planned) == [*singles, "equal", "search", *twins]
    assert planned["equal"].budget == planned["search"].budget == trials
    single = [arm.budget for arm in planned.values() if arm.name.is_single]
    floor = min(SINGLE_FLOOR, trials)
    assert min(single) >= floor
    assert max(single) - min(single) <= 1
    if trials // tasks >= floor:
        assert sum(single) == trials


def test_auxiliary_tasks_have_no_single_arm_and_take_part_in_the_shared_ones() -> None:
    planned = arms(small.config())
    assert list(planned) == [
        *["single/kind", "single/size", "equal", "search"],
        *["twin/separate", "twin/weights", "without/flag"],
    ]
    assert planned["single/size"].tasks == ("size",)
    assert planned["equal"].tasks == planned["search"].tasks == ("kind", "size", "flag")


def test_affinities_are_measured_in_one_arm_alone() -> None:
    config = small.config({"report.task_affinity": True, "report.gradient_conflict": True})
    measured = {
        name: arm.config(config, {}).report.task_affinity for name, arm in arms(config).items()
    }
    assert [name for name, wanted in measured.items() if wanted] == ["equal"]
    config = override(config, {"search.arms": ["search"]})
    assert arms(config)["search"].config(config, {}).report.task_affinity
    assert arms(config)["search"].config(config, {}).report.gradient_conflict


def test_only_the_wanted_arms_are_planned() -> None:
    assert list(arms(small.config({"search.arms": ["search"]}))) == [
        *["search", "twin/weights", "without/flag"]
    ]
    planned = arms(small.config({"search.arms": ["equal", "single"]}))
    assert list(planned) == [
        *["single/kind", "single/size", "equal", "twin/separate", "without/flag"]
    ]
    assert "without/flag" not in arms(small.config({"search.finalists.ablate_auxiliary": False}))
    wanted = arms(small.config({"search.finalists.leave_one_out": True}))
    assert [arm.name for arm in wanted.values() if arm.name.is_ablation] == [
        *("without/kind", "without/size", "without/flag")
    ]
    without_finalists = arms(small.config({"search.finalists.top": 0}))
    assert list(without_finalists) == ["single/kind", "single/size", "equal", "search"]


@pytest.mark.parametrize("name", ["without/flag", "twin/separate"])
def test_what_is_compared_with_the_best_has_the_weights_of_the_arm_it_comes_from(
    name: str,
) -> None:
    base = small.config({"tasks.kind.loss_weight": 0.3, "training.weighting": "uw"})
    arm = arms(base)[name]
    for origin, weight, weighting in (("equal", 1.0, "static"), ("search", 0.3, "uw")):
        config = replace(arm, origin=origin).config(base, {})
        assert config.tasks["kind"].loss_weight == weight
        assert config.training.weighting.name == weighting


def test_the_twin_of_equal_weights_keeps_all_but_the_weights() -> None:
    base = small.config({"training.aggregator": "upgrad"})
    config = arms(base)["twin/weights"].config(base, OVERRIDES)
    assert {task.loss_weight for task in config.tasks.values()} == {1.0}
    assert config.training.aggregator is None
    assert config.model.sharing.arguments == {"depth": 0}
    assert config.training.optimizer.arguments["lr"] == 0.05


def test_the_separate_twin_shares_nothing_and_keeps_all_else() -> None:
    base = small.config({"model.sharing": {"name": "soft"}, "search.space": {}})
    overrides = {**OVERRIDES, "model.sharing.strength": 0.1}
    config = arms(base)["twin/separate"].config(base, overrides)
    assert (config.model.sharing.name, config.model.sharing.arguments) == ("hard", {"depth": 0})
    assert config.tasks["size"].loss_weight == 2.0
    assert config.training.optimizer.arguments["lr"] == 0.05


def test_the_search_comes_after_what_it_begins_with() -> None:
    planned = plan_arms(small.config({"search.initial_points": "uw"}))
    singles = ["single/kind", "single/size"]
    assert phases(planned, needs_reference=False) == [[*singles, "warmup/uw", "equal"], ["search"]]
    assert phases(planned, needs_reference=True) == [singles, ["warmup/uw"], ["equal"], ["search"]]


def test_an_arm_without_an_auxiliary_task_keeps_all_but_that_task() -> None:
    sharing = {"name": "hard", "depth": {"kind": 1, "flag": 2}}
    base = small.config(
        {"model.sharing": sharing, "training.lr_multipliers.tasks": {"flag": 2.0, "size": 3.0}}
    )
    arm = arms(base)["without/flag"]
    assert (arm.tasks, arm.budget) == (("kind", "size"), 0)
    weights = {
        f"tasks.{task}.loss_weight": weight
        for task, weight in {"kind": 0.5, "size": 1.5, "flag": 1.0}.items()
    }
    config = arm.config(base, {**weights, "training.optimizer.lr": 0.02})
    assert {task: section.loss_weight for task, section in config.tasks.items()} == {
        "kind": 0.5,
        "size": 1.5,
    }
    assert config.model.sharing.arguments["depth"] == {"kind": 1}
    assert config.training.lr_multipliers.tasks == {"size": 3.0}
    assert config.training.optimizer.arguments["lr"] == 0.02


def test_a_population_is_followed_by_two_trials_of_what_it_found() -> None:
    planned = arms(small.config({"search.scheduler": {"name": "pbt", "interval": 1}}))
    assert {name: (arm.members, arm.budget) for name, arm in planned.items()} == {
        "single/kind": (4, 6),
        "single/size": (4, 6),
        "equal": (4, 6),
        "search": (4, 6),
        "twin/separate": (0, 0),
        "twin/weights": (0, 0),
        "without/flag": (0, 0),
    }
    assert [planned["search"].role(number) for number in range(6)] == [
        *["member"] * 4,
        "last",
        "mean",
    ]
    assert arms(small.config())["search"].role(0) == ""


def test_one_trial_of_a_single_task_is_no_population() -> None:
    planned = arms(
        small.config({"search.scheduler": {"name": "pbt", "interval": 1}, "search.trials": 1})
    )
    singles = [arm for arm in planned.values() if arm.name.is_single]
    assert {arm.name: (arm.members, arm.budget) for arm in singles} == {
        "single/kind": (0, 1),
        "single/size": (0, 1),
    }
    assert planned["single/size"].role(0) == ""


def test_what_each_arm_searches() -> None:
    config = small.config(
        {
            "search.space.tasks.size.head.dropout": {"float": [0, 0.5]},
            "search.space.tasks.flag.head.dropout": {"float": [0, 0.5]},
            "search.space.tasks.*.head.hidden": {"choice": [[], [4]]},
        }
    )
    planned = arms(config)
    everything = set(config.search.space)
    assert set(planned["search"].entries) == everything
    assert set(planned["equal"].entries) == everything - {"tasks.*.loss_weight"}
    assert set(planned["single/kind"].entries) == {"training.optimizer.lr", "tasks.*.head.hidden"}
    assert set(planned["single/size"].entries) == {
        "training.optimizer.lr",
        "tasks.*.head.hidden",
        "tasks.size.head.dropout",
    }


OVERRIDES: dict[str, Any] = {
    "tasks.kind.loss_weight": 0.5,
    "tasks.size.loss_weight": 2.0,
    "model.sharing.depth": 0,
    "training.optimizer.lr": 0.05,
}


def test_the_search_arm_takes_every_override_and_keeps_fixed_weights() -> None:
    config = arms(small.config({"tasks.flag.loss_weight": 3}))["search"].config(
        small.config({"tasks.flag.loss_weight": 3}), OVERRIDES
    )
    assert [task.loss_weight for task in config.tasks.values()] == [0.5, 2.0, 3.0]
    assert config.model.sharing.arguments == {"depth": 0}
    assert config.training.optimizer.arguments["lr"] == 0.05


def test_the_equal_arm_holds_all_weights_at_one() -> None:
    base = small.config({"tasks.flag.loss_weight": 3})
    config = arms(base)["equal"].config(base, OVERRIDES)
    assert [task.loss_weight for task in config.tasks.values()] == [1.0, 1.0, 1.0]
    assert config.model.sharing.arguments == {"depth": 0}


def test_only_the_search_arm_weighs_and_aggregates() -> None:
    searched = {
        "training.weighting": {"choice": ["static", "uw"]},
        "training.weighting.lr": {"log": [1e-3, 1e-1], "when": {"training.weighting": "uw"}},
        "training.aggregator": {"choice": ["pcgrad", "mgda"]},
    }
    base = small.config(
        {"training.aggregator": "upgrad", "training.weighting": {"name": "dwa", "temperature": 3}}
    )
    base = load_config(
        to_dict(base), {f"search.space.{path}": entry for path, entry in searched.items()}
    )
    drawn = {
        "training.weighting": "uw",
        "training.weighting.lr": 0.01,
        "training.aggregator": "mgda",
    }
    planned = arms(base)
    for name in ("equal", "single/kind"):
        assert not set(searched) & set(planned[name].entries)
        plain = planned[name].config(base, drawn).training
        assert (plain.weighting.name, plain.weighting.arguments, plain.aggregator) == (
            "static",
            {},
            None,
        )
    assert set(searched) <= set(planned["search"].entries)
    balanced = planned["search"].config(base, drawn).training
    assert (balanced.weighting.name, balanced.weighting.arguments) == ("uw", {"lr": 0.01})
    assert balanced.aggregator is not None
    assert balanced.aggregator.name == "mgda"


def test_a_single_arm_has_one_task_and_no_sharing_to_choose() -> None:
    config = arms(small.config())["single/size"].config(
        small.config(), {**OVERRIDES, "tasks.size.head.dropout": 0.1}
    )
    assert list(config.tasks) == ["size"]
    assert config.tasks["size"].loss_weight == 1.0
    assert (config.model.sharing.name, config.model.sharing.arguments) == ("hard", {})
    assert config.tasks["size"].head.arguments == {"dropout": 0.1}
    assert config.training.optimizer.arguments["lr"] == 0.05


def test_seeds_of_a_sweep_are_all_different() -> None:
    names = ["single/a", "single/b", "equal", "search", "final/search", "split/search"]
    seeds = [
        trial_seed(sweep, arm, number) for sweep in (0, 1) for arm in names for number in range(200)
    ]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_seeds_of_finalists_are_paired_across_arms() -> None:
    for number in range(5):
        for kind in ("final", "split"):
            arms = [f"{kind}/{arm}" for arm in ("search", "equal", "single/a", "twin/separate")]
            assert len({trial_seed(3, arm, number) for arm in arms}) == 1


def test_seeds_are_the_same_in_every_process() -> None:
    assert trial_seed(0, "search", 0) == 2353253374
    assert trial_seed(2**70, "search", 0) == trial_seed(2**70, "search", 0)


def test_the_seed_of_a_warm_up_is_that_of_version_0_1() -> None:
    """There the arm was called `seed/uw`, and a seed follows from the name."""
    by_name = np.random.SeedSequence([3, zlib.crc32(b"seed/uw"), 0])
    assert trial_seed(3, "warmup/uw", 0) == int(by_name.generate_state(1)[0])


@pytest.mark.parametrize("sweep", EARLIER, ids=[path.name for path in EARLIER])
def test_trials_of_version_0_1_would_have_the_same_seeds_and_hashes_today(sweep: Path) -> None:
    config = load_config(sweep / "config.yaml")
    planned = arms(config)
    for trial in read_record(sweep / "journal.jsonl"):
        if not trial.is_finalist:  # whose number counts the seeds of one origin
            assert trial_seed(config.seed, trial.arm, trial.number) == trial.seed
        at_start = planned[trial.arm.base].config(config, trial.overrides_at(1))
        assert config_hash(at_start) == trial.config_hash


def test_a_finalists_arm_has_a_base() -> None:
    assert ArmName("final/single/a").base == "single/a"
    assert ArmName("search").base == "search"


TRAINED = [
    ("data", {"name": "tests.support.small_sweeps:no_data", "size": 2}),
    ("tasks.kind.loss_weight", 2),
    ("tasks.kind.head.dropout", 0.5),
    ("model.sharing.depth", 2),
    ("model.backbone.widths", [4, 5]),
    ("training.optimizer.lr", 0.02),
    ("training.epochs", 5),
    ("training.precision", "bf16"),
    ("training.batch_size", 9),
    ("training.weighting", "uw"),
    ("training.aggregator", "mgda"),
]
UNTRAINED = [
    ("search.trials", 9),
    ("tasks.kind.importance", 3),
    ("search.space.model.sharing.depth", None),
    ("resources.max_concurrent", 1),
    ("tracking.experiment", "x"),
    ("name", "other"),
    ("training.checkpoint_every_s", 1),
    ("training.cache_on_device", "never"),
]


@pytest.mark.parametrize(("path", "value"), TRAINED)
def test_the_hash_changes_with_what_is_trained(path: str, value: Any) -> None:
    assert config_hash(small.config({path: value})) != config_hash(small.config())


@pytest.mark.parametrize(("path", "value"), UNTRAINED)
def test_the_hash_stays_when_nothing_that_is_trained_changes(path: str, value: Any) -> None:
    assert config_hash(small.config({path: value})) == config_hash(small.config())
    assert len(config_hash(small.config())) == 12
