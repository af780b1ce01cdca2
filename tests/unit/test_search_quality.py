"""The benchmark of search quality: its sweeps without Ray, its curves and its table."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import load_config
from mtl_search.config.schema import SearchConfig
from mtl_search.errors import SweepError
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from tests.benchmarks import search_quality
from tests.benchmarks.command_line import append_line
from tests.benchmarks.quality import figures, sweep
from tests.benchmarks.quality.cases import CASES, METHODS, OWN, RANDOM, sweep_config
from tests.benchmarks.quality.sweep import Job, LocalSweep, Run
from tests.support import small_sweeps as small

SHARED = {"search.arms": ["equal", "search"], "search.finalists.top": 0}


def local(folder: Path, changes: dict[str, Any]) -> LocalSweep:
    made = LocalSweep(small.config({**SHARED, **changes}), small.DATA, folder)
    made.run()
    made.journal.close()
    return made


def run_of(
    values: list[float | None], *, method: str = OWN, seed: int = 0, epochs: int = 2, **changes: Any
) -> Run:
    job = Job("penguins", method, {}, seed, len(values), len(values), 2)
    best = max(value for value in values if value is not None)
    run = Run(job, [epochs] * len(values), values, best, [best - 0.02], [best - 0.05], 1.0)
    return replace(run, **changes)


# ---------------------------------------------------------------- sweeps


def test_a_sweep_without_ray_spends_the_budget_of_its_arms(tmp_path: Path) -> None:
    made = local(tmp_path, {"search.trials": 3})
    for arm in ("equal", "search"):
        assert len(made.record.arm(arm)) >= 3
    assert made.record.budget["search"] >= 3
    assert {(trial.state, trial.last_epoch) for trial in made.record} == {("COMPLETE", 4)}


def test_a_scheduler_stops_trials_as_in_tune(tmp_path: Path) -> None:
    asha = {"name": "asha", "grace_period": 1, "reduction_factor": 2}
    made = local(tmp_path, {"search.trials": 6, "search.scheduler": asha})
    states = [trial.state for trial in made.record]
    assert set(states) == {"COMPLETE", "PRUNED"}
    for trial in made.record:
        assert (trial.last_epoch == 4) == (trial.state == "COMPLETE")


def test_an_autoscale_warm_up_gives_the_search_a_point(tmp_path: Path) -> None:
    made = local(tmp_path, {"search.trials": 3, "search.initial_points": "autoscale"})
    (warmup,) = made.record.arm("warmup/autoscale")
    weights = [warmup.epochs[-1].metrics[f"train/weight/{task}"] for task in ("kind", "size")]
    assert warmup.state == "COMPLETE"
    assert weights[0] != pytest.approx(weights[1], rel=0.01)
    assert made.record.initial_points is not None
    (point,) = made.record.initial_points
    ratios = [
        trial.overrides["tasks.size.loss_weight"] / trial.overrides["tasks.kind.loss_weight"]
        for trial in made.record.arm("search")
    ]
    assert pytest.approx(point["size"] / point["kind"], rel=1e-6) in ratios


def test_a_failure_of_every_trial_ends_the_sweep(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="trials have all failed"):
        local(
            tmp_path,
            {"search.trials": 9, "search.space.training.optimizer.lr": {"log": [1e30, 1e31]}},
        )


def test_fresh_seeds_are_the_same_for_every_configuration(tmp_path: Path) -> None:
    made = local(tmp_path, {"search.trials": 1})
    first, second = (made.record.arm(arm)[0] for arm in ("equal", "search"))
    whole = made.fresh(first, 2, stream=7)
    assert [report.state for report in whole] == ["COMPLETE"] * 2
    assert "test/kind/accuracy" in whole[0].test
    assert made.fresh(first, 2, stream=7)[1].metrics["train/kind/loss"] == pytest.approx(
        whole[1].metrics["train/kind/loss"]
    )
    names = {path.name for path in (tmp_path / "fresh").iterdir()}
    assert names == {f"fresh-{number}-of-{first.id}" for number in range(2)}
    assert made.fresh(second, 1, stream=7)[0].metrics != whole[0].metrics


def trial(name: str, value: float, **changes: Any) -> TrialRecord:
    made = TrialRecord(name, ArmName("search"), 0, {}, {}, {}, 0, 0.0, state="COMPLETE")
    made.epochs = [EpochRecord(1, {}, value, 0.0)]
    return replace(made, **changes)


def test_the_pick_is_the_best_trial_or_the_finalist_with_the_best_mean() -> None:
    trials = [trial("a", 0.5), trial("b", -0.7), trial("c", 0.6)]
    assert sweep.pick(trials, 3)[0].id == "c"
    assert sweep.pick(trials, 2) == (trials[0], 0.5)
    trials.append(trial("warm", 0.9, arm=ArmName("warmup/uw")))
    trials.append(trial("failed", 0.9, state="FAIL"))
    assert sweep.pick(trials, 9)[0].id == "c"
    final = ArmName("final/search")
    trials += [trial(f"f{n}", v, arm=final, origin="a") for n, v in enumerate((0.4, 0.6))]
    trials += [trial(f"g{n}", v, arm=final, origin="c") for n, v in enumerate((0.1, 0.8))]
    assert sweep.pick(trials, 9) == (trials[0], 0.5)


# ---------------------------------------------------------------- cases


def test_both_searches_have_one_number_of_trials_and_no_singles() -> None:
    config = load_config("configs/faces.yaml")
    own = sweep_config(config, METHODS[OWN], 24).search
    rival = sweep_config(config, METHODS[RANDOM], 24).search
    assert own.trials * len(own.arms) == rival.trials * len(rival.arms) == 24
    assert "single" not in {*own.arms, *rival.arms}
    defaults = SearchConfig()
    assert (own.sampler, own.scheduler) == (defaults.sampler, defaults.scheduler)
    assert rival.sampler.name == "random"
    assert rival.scheduler.name == "fifo"


def test_a_seed_draws_the_split() -> None:
    (config, one), (_, other) = CASES["penguins"].load(0), CASES["penguins"].load(1)
    assert config.training.epochs == CASES["penguins"].overrides["training.epochs"]
    assert not np.array_equal(one.splits["train"], other.splits["train"])
    np.testing.assert_array_equal(CASES["penguins"].load(1)[1].splits["test"], other.splits["test"])


def test_a_whole_search_is_run_once_and_read_again(tmp_path: Path) -> None:
    arguments = search_quality._arguments(
        ["--cases", "penguins", "--seeds", "2", "--fresh", "1", "--method", "mine", "a.b=[1]"]
    )
    jobs = search_quality.planned_jobs(arguments)
    assert [job.method for job in jobs] == [OWN, RANDOM, "mine"] * 2
    assert [job.trials // job.pick_from for job in jobs] == [1, 2, 1] * 2
    assert jobs[2].overrides == {"a.b": [1]}
    small_job = replace(jobs[0], overrides={**METHODS[OWN], "training.epochs": 2}, trials=2)
    run = search_quality.run_job(small_job)
    assert set(run.epochs) == {2}
    assert len(run.epochs) == len(run.values) >= 2
    assert run.picked == max(value for value in run.values if value is not None)
    assert len(run.fresh_test) == 1
    assert 0 < run.fresh_test[0] < 1
    append_line(tmp_path / "a" / "runs.jsonl", run.to_json())
    assert sweep.read_runs(tmp_path / "a" / "runs.jsonl") == [run]
    assert run.job.key == small_job.key != jobs[0].key
    assert sweep.read_runs(tmp_path / "none.jsonl") == []


# ---------------------------------------------------------------- curves and table


def test_the_best_so_far_counts_the_epochs_of_every_trial() -> None:
    run = run_of([None, 0.5, 0.4, None, 0.7], epochs=3)
    curve = figures.running_best(run)
    assert curve.epochs.tolist() == [6, 9, 12, 15]
    assert curve.best.tolist() == [0.5, 0.5, 0.5, 0.7]
    found = curve.at(np.array([1.0, 6.0, 14.9, 15.0, 99.0]))
    np.testing.assert_array_equal(found, [math.nan, 0.5, 0.5, 0.7, 0.7])
    assert [curve.reaches(value) for value in (0.1, 0.5, 0.6, 0.8)] == [6, 6, 15, math.inf]


def test_the_expected_best_does_not_depend_on_the_order() -> None:
    one = figures.expected_best(run_of([0.1, 0.9, 0.5], method=RANDOM))
    other = figures.expected_best(run_of([0.9, 0.5, 0.1], method=RANDOM))
    assert one.epochs.tolist() == [2, 4, 6]
    # Means of the best over all subsets of 1, 2 and 3.
    np.testing.assert_allclose(one.best, [0.5, (0.9 + 0.9 + 0.5) / 3, 0.9])
    np.testing.assert_array_equal(one.best, other.best)


def test_searches_are_compared_at_equal_epochs_and_equal_seeds() -> None:
    ours = [run_of([0.5, 0.8], seed=0), run_of([0.2, 0.3], seed=1), run_of([1.0], seed=5)]
    theirs = [run_of([0.4, 0.6, 0.4, 0.6], method=RANDOM, seed=seed) for seed in (0, 1)]
    found = figures.compare(ours, theirs)
    assert found is not None
    # The expected best of two of four: both low in one of six pairs.
    target = (0.4 + 5 * 0.6) / 6
    assert (found.seeds, found.budget) == (2, 4)
    assert found.random_end == pytest.approx(target)
    assert found.end == pytest.approx((0.8 + 0.3) / 2)
    assert found.shares.tolist() == [1.0, math.inf]
    assert found.fresh.tolist() == pytest.approx([0.75, 0.25])
    assert found.optimism == pytest.approx(0.02)
    assert figures.compare(ours[2:], theirs) is None


def test_the_table_and_the_picture(tmp_path: Path) -> None:
    runs = [run_of([0.5, 0.8], seed=seed) for seed in (0, 1)]
    runs += [run_of([0.4, 0.6, 0.4, 0.6], method=RANDOM, seed=seed) for seed in (0, 1)]
    head, rule, row, _, last = figures.table(runs).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| penguins | own default | 2 | 4 | 80.0 | 56.7 | 100 % | 0 of 2 | 75.0")
    assert "+20.0 ± 0.0" in row
    assert last == "At most half of the epochs: 0 of 2 searches."
    figures.draw(runs, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5000
