"""Seconds a trial: our sweep on warm slots beside scripts that do the same work with plain Ray
Tune.

    .venv/bin/python -m tests.benchmarks.trial_turnaround [--workers 1] [--trials 40]
        [--concurrent 2] [--asha] [--rivals FOLDER] [--repeats 1]

The work of a trial is 5 epochs of 0.05 s of sleep, 0.25 s in all. Every contender runs in its own
process, one after another:

    ours            `run_sweep` whole: arms, Optuna, journal, checkpoints; a backbone that sleeps in
                    each training epoch, and the steps, validation, metrics and best checkpoint of a
                    network of 10 parameters
    ours, MLflow    the same with MLflow on SQLite
    ours, MLP       a small MLP that really trains, on 1000 samples, in place of the sleep
    plain_tune      a function trainable, no Ray Train; actors not reused, and reused; with one
                    worker only
    idiomatic_ray   a `TorchTrainer.fit()` in each trial, as Ray's own guide has it

The rivals are scripts in a folder (`--rivals` or MTL_SEARCH_RIVALS); those that are not there are
left out.

    seconds a trial = seconds from the first act of the sweep to its end / trials; imports and
                      `ray.init` come before it, as in the rivals
    overhead        = seconds a trial × trials at a time - the work of a trial: a slot's time for
                    all but training
    on a warm slot  = median over the trials of (begin of the next trial on the slot - begin of this
                      one - its work), without the first trial of each slot, which waits for a
                      process; from the journal's times. The work of `MLP` is what each trial says
                      that it spent in training and validation.
    ratio           = the rival's overhead / ours on a warm slot. The rivals have no slots that warm
                      up, but for `reused`. The ratio of the whole sweeps, start of the slots
                      included, is printed beside it.

With `--asha` trials are stopped early, by each one's own scheduler, so there is no figure of a warm
slot. In every sweep of ours all trials must end, and all CPUs be free afterwards.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
EPOCHS, SLEEP_S = 5, 0.05
WORK_S = EPOCHS * SLEEP_S


@dataclass(frozen=True)
class Outcome:
    """What one contender took.

    Attributes:
        per_trial: Seconds.
        work: Seconds of training a trial.
        slots: Trials at a time.
        warm: Overhead of a trial on a slot that is warm; None where only the whole is known.
    """

    per_trial: float
    work: float
    slots: int
    warm: float | None = None

    @property
    def overhead(self) -> float:
        """Seconds of a slot's time a trial beyond its work."""
        return self.per_trial * self.slots - self.work


@dataclass(frozen=True)
class Sweep:
    """What all contenders are asked for."""

    trials: int
    slots: int
    workers: int
    asha: bool


def config(kind: str, wanted: Sweep, folder: Path) -> dict[str, Any]:
    """Of a sweep with one arm, as the rivals have."""
    module = "tests.benchmarks.empty_work"
    backbone: Any = {"name": f"{module}:sleeping", "seconds": SLEEP_S}
    data: Any = {"name": f"{module}:data"}
    if kind == "mlp":
        backbone = {"name": "mlp", "widths": [32, 32]}
        data = {"name": "digit_pairs", "train": 1000, "validation": 200, "test": 200}
    task = {"head": "softmax", "view": "left" if kind == "mlp" else "x", "metrics": "accuracy"}
    return {
        "name": "turnaround",
        "data": data,
        "tasks": {"left" if kind == "mlp" else "y": task},
        "model": {"backbone": backbone},
        # One trial after another: what is measured lies between two trials of a slot.
        "training": {"epochs": EPOCHS, "batch_size": 64, "pack": 1},
        "search": {
            "trials": wanted.trials,
            "arms": "search",
            "scheduler": {"name": "asha", "reduction_factor": 2} if wanted.asha else "fifo",
            "space": {"training.optimizer.lr": {"log": [1e-4, 1e-1]}},
            "finalists": {"top": 0},
            "objective": f"val/{'left' if kind == 'mlp' else 'y'}/accuracy",
        },
        "tracking": {"enabled": kind == "mlflow", "uri": f"sqlite:///{folder}/mlflow.db"},
        "resources": {"max_concurrent": wanted.slots, "workers": wanted.workers},
    }


def run_ours(kind: str, wanted: Sweep) -> None:
    """In a process of its own: the sweep, and one line of JSON."""
    import ray

    from mtl_search import (
        load_config,
        run,
        tracking,  # noqa: F401
    )
    from mtl_search.cluster import connection
    from mtl_search.search import sweep  # noqa: F401  # what is imported now is not timed
    from tests.support.free_cpus import free_cpus

    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parsed = load_config(config(kind, wanted, folder))
        connection.configure()
        dashboard = wanted.workers > 1  # as a sweep has it
        ray.init(
            num_cpus=8,
            include_dashboard=dashboard,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        began = time.perf_counter()
        result = run(parsed, output=folder / "sweep")
        seconds = time.perf_counter() - began
        record = result.record
        free, all_cpus = free_cpus()
    assert free == all_cpus, f"{free:g} of {all_cpus:g} CPUs are free after the sweep"
    states = {"COMPLETE", "PRUNED"} if wanted.asha else {"COMPLETE"}
    ended = [t for t in record if t.state in states]
    assert len(ended) == wanted.trials, [t.reason for t in record]
    work = WORK_S if kind != "mlp" else statistics.median(t.seconds for t in ended)
    warm = None if wanted.asha else warm_overhead(ended, wanted.slots, kind)
    print(
        json.dumps(
            {
                "per_trial": seconds / wanted.trials,
                "work": work,
                "slots": wanted.slots,
                "warm": warm,
            }
        )
    )


def warm_overhead(trials: list[Any], slots: int, kind: str) -> float:
    """Median seconds between the begins of a slot's trials, less their work.

    The journal does not name slots, but every trial begins when a slot becomes free: with trials in
    the order in which they began, the one that begins `slots` places later takes such a slot over.
    """
    spans = []
    for before, after in zip(trials, trials[slots:], strict=False):
        work = before.seconds if kind == "mlp" else WORK_S
        spans.append(float(after.started - before.started - work))
    return statistics.median(spans[slots:])  # without the first trial of each slot


def ours(kind: str, wanted: Sweep) -> Outcome:
    """One of our sweeps."""
    command = [sys.executable, "-m", "tests.benchmarks.trial_turnaround", "--inside", kind]
    numbers = ["--trials", wanted.trials, "--concurrent", wanted.slots, "--workers", wanted.workers]
    text = call([*command, *map(str, numbers), *(["--asha"] if wanted.asha else [])])
    line = next(
        line for line in text.splitlines() if line.startswith('{"per_trial"')
    )  # Ray may print lines, too
    return Outcome(**json.loads(line))


def rival(script: Path, arguments: list[str], slots: int) -> Outcome:
    """One of the rivals; it prints `per_trial=1.23s`."""
    text = call([sys.executable, str(script), *arguments])
    found = re.search(r"per_trial=([\d.]+)s", text)
    if found is None:
        raise SystemExit(f"{script} printed no per_trial=...:\n{text}")
    return Outcome(float(found[1]), WORK_S, slots)


def call(command: list[str]) -> str:
    """The standard output of a command."""
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TRAIN_V2_ENABLED": "1"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        )
    return done.stdout


def median_of(outcomes: list[Outcome]) -> Outcome:
    """The run in the middle, by seconds a trial."""
    return sorted(outcomes, key=lambda outcome: outcome.per_trial)[len(outcomes) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=1, help="workers a trial")
    parser.add_argument("--asha", action="store_true", help="stop trials early")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--concurrent", type=int, default=2, help="trials at a time")
    parser.add_argument(
        "--repeats", type=int, default=1, help="of every contender; the median one is shown"
    )
    default = os.environ.get("MTL_SEARCH_RIVALS") or REPOSITORY.parent / "shared" / "rivals"
    parser.add_argument(
        "--rivals", type=Path, default=default, help="folder of the rivals' scripts"
    )
    parser.add_argument(
        "--idiomatic-trials", type=int, default=4, help="trials of idiomatic_ray, which is slow"
    )
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--inside", choices=["empty", "mlflow", "mlp"], help=argparse.SUPPRESS)
    told = parser.parse_args()
    wanted = Sweep(told.trials, told.concurrent, told.workers, told.asha)
    if told.inside:
        run_ours(told.inside, wanted)
        return

    few = told.idiomatic_trials
    contenders = all_contenders(wanted, told.rivals, few, only_ours=told.only_ours)
    print(
        f"{wanted.trials} trials, {wanted.slots} at a time ({few} of idiomatic_ray), {WORK_S:.2f} "
        "s of training each, "
        f"workers a trial: {wanted.workers}{', ASHA' if wanted.asha else ''}\n"
    )
    print(f"{'':20s} {'s a trial':>10s} {'overhead s':>11s} {'on a warm slot s':>17s}")
    outcomes = {}
    for name, run in contenders.items():
        outcomes[name] = median_of([run() for _ in range(told.repeats)])
        one = outcomes[name]
        warm = "" if one.warm is None else f"{one.warm:.3f}"
        print(f"{name:20s} {one.per_trial:10.3f} {one.overhead:11.3f} {warm:>17s}", flush=True)
    compare(outcomes, wanted)


def all_contenders(
    wanted: Sweep, rivals: Path, few: int, *, only_ours: bool
) -> dict[str, Callable[[], Outcome]]:
    """Those that can take part; the scripts that are not there are named."""
    kinds = {"ours": "empty", "ours, MLflow": "mlflow", "ours, MLP": "mlp"}
    contenders: dict[str, Callable[[], Outcome]] = {
        name: partial(ours, kind, wanted) for name, kind in kinds.items()
    }
    if only_ours:
        return contenders
    slots, asha = wanted.slots, ["asha"] if wanted.asha else []
    scripts = {
        "idiomatic_ray": ("idiomatic_ray.py", [str(wanted.workers), str(few), str(slots), *asha])
    }
    if wanted.workers == 1 and not wanted.asha:
        plain = [str(wanted.trials), str(slots)]
        scripts = {
            "plain_tune": ("plain_tune.py", plain),
            "plain_tune, reused": ("plain_tune.py", [*plain, "reuse"]),
        } | scripts
    for name, (file, arguments) in scripts.items():
        if (rivals / file).exists():
            contenders[name] = partial(rival, rivals / file, arguments, slots)
        else:
            print(
                f"{name} is left out: {rivals / file} does not exist (set --rivals or "
                "MTL_SEARCH_RIVALS)"
            )
    return contenders


def compare(outcomes: dict[str, Outcome], wanted: Sweep) -> None:
    """Ratios beside their goals."""
    mine = outcomes["ours"]
    if mine.warm is not None:
        work = outcomes["ours, MLP"].work
        print(
            f"\noverhead = seconds a trial × {wanted.slots} - {WORK_S:.2f} s of training "
            f"({work:.2f} s for MLP)"
        )
        verdict(
            "our overhead on a warm slot, s",
            mine.warm,
            0.15 if wanted.workers == 1 else 0.5,
            at_most=True,
        )
    goals = {
        "plain_tune": 5.0,
        "plain_tune, reused": 0.0,
        "idiomatic_ray": 40.0 if wanted.workers == 1 else 25.0,
    }
    for name, goal in goals.items():
        if name not in outcomes:
            continue
        other = outcomes[name]
        if mine.warm is not None:
            ratio = other.overhead / mine.warm
            verdict(
                f"overhead of {name} / ours = {other.overhead:.3f} / {mine.warm:.3f}", ratio, goal
            )
            whole = (
                f"{other.overhead:.3f} / {mine.overhead:.3f} = {other.overhead / mine.overhead:.1f}"
            )
            print(f"    with the start of our slots: {whole}")
        sooner, at_least = (
            other.per_trial / mine.per_trial,
            8.0 if wanted.workers > 1 and wanted.trials >= 60 else 0.0,
        )
        verdict(
            f"    whole sweeps, {other.per_trial:.2f} / {mine.per_trial:.2f} s a trial",
            sooner,
            at_least,
        )


def verdict(what: str, value: float, goal: float, *, at_most: bool = False) -> None:
    """One figure beside its goal."""
    reached = value <= goal if at_most else value >= goal
    bound = (
        f"goal {'<=' if at_most else '>='} {goal:g}: {'ok' if reached else 'MISSED'}"
        if goal
        else "no goal"
    )
    print(f"{what}: {value:.2f}  ({bound})")


if __name__ == "__main__":
    main()
