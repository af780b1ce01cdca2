"""Population based training against TPE with ASHA, at equal epochs.

    .venv/bin/python -m tests.benchmarks.pbt [--seeds 3] [--interval 0] [--config FILE] [PATH=VALUE
        ...]

The faces are looked for in $MTL_DATA, as `configs/faces.yaml` says.

For every config and sweep seed two sweeps run one after the other, over the same space: loss
weights and learning rate. The sharing depth is that of the config, because a population cannot
change it.

    tpe+asha   arms `single` and `search`; the grace period and the reduction factor of the config
               where its scheduler is asha, else those of the program
    pbt        arm `search` alone, judged by Δm against the references that the first sweep has
               found: the same objective, to the last digit

What is equal is the number of epochs of the search arm, finalists apart. It is measured in the
first sweep, with all that ASHA saved. A population of P members that train E epochs each takes (P +
2) E with the two trials of fixed values that follow it, so P is the largest number with which that
is not more. A sweep that leaves fewer than 2 members is an error: give it more trials
(`search.trials=60`).

    val Δm     mean over the finalists of the best validation Δm, each trained on a fresh seed, the
               same in both sweeps
    test Δm    mean over the finalists of Δm on the test split, against the mean of the single-task
               finalists
    epochs     of the search arm
    training   seconds of training and validation, summed over the arm's trials
    wall       seconds from the end of the arm's first epoch to the end of its last trial; what
               comes before is the start of the slots, which in the first sweep its single-task arms
               have waited for
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mtl_search import Result, load_config, run
from mtl_search.analysis.references import main_metrics, validation_reference
from mtl_search.config import Config, override
from mtl_search.metrics.objective import Objective, delta_m
from mtl_search.search.arms import EXPORTS
from mtl_search.storage.trial_record import TrialRecord

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIGS = [REPOSITORY / "configs" / name for name in ("digit_pairs.yaml", "faces.yaml")]
ASHA = {"name": "asha", "grace_period": 1, "reduction_factor": 3}


@dataclass(frozen=True)
class Figures:
    """What one sweep came to.

    Attributes:
        trials: Of the search arm: those that were sampled, and for a population the two that follow
            it.
        validation: Mean validation Δm of the finalists.
        test: The same on the test split.
        epochs: Of the search arm.
        training: Seconds of training and validation in its trials.
        wall: Seconds that the arm took.
    """

    trials: float
    validation: float
    test: float
    epochs: float
    training: float
    wall: float


def common(config: Config, seed: int) -> Config:
    """What both sweeps have in common."""
    return override(
        config,
        {
            "seed": seed,
            "search.space.model.sharing.depth": None,
            "search.finalists.top": 1,
            "search.finalists.ablate_auxiliary": False,
            "search.objective": "delta_m",
            "tracking.enabled": False,
        },
    )


def asha_of(config: Config) -> dict[str, Any]:
    """The config's own ASHA, or the program's."""
    member = config.search.scheduler
    return {"name": member.name, **member.arguments} if member.name == "asha" else ASHA


def figures(
    result: Result, references: dict[str, float], tasks: dict[str, tuple[str, ...]]
) -> Figures:
    """What the search arm of a sweep came to."""
    assert result.complete, f"{result.directory} did not come to its end"
    arm = result.record.arm("search")
    finalists = [t for t in result.record.arm("final/search") if t.state == "COMPLETE"]
    return Figures(
        trials=len(arm),
        validation=statistics.fmean(t.best_objective for t in finalists),
        test=statistics.fmean(delta_m(t.test, references, tasks, "test") for t in finalists),
        epochs=epochs_of(arm),
        training=sum(trial.seconds for trial in arm),
        wall=max(trial.ended for trial in arm)
        - min(epoch.time for trial in arm for epoch in trial.epochs),
    )


def epochs_of(arm: list[TrialRecord]) -> int:
    """Epochs that were trained."""
    return sum(trial.last_epoch for trial in arm)


def members_for(epochs: int, config: Config) -> int:
    """The largest population that takes no more epochs than these."""
    members = epochs // config.training.epochs - len(EXPORTS)
    if members < 2:
        raise SystemExit(
            f"{epochs} epochs are too few for a population of {config.training.epochs} epochs a "
            "member"
        )
    return members


def both(config: Config, seed: int, interval: int, folder: Path) -> dict[str, Figures]:
    """One sweep of each kind."""
    shared = common(config, seed)
    first = run(
        override(
            shared, {"search.arms": ["single", "search"], "search.scheduler": asha_of(config)}
        ),
        output=folder / "asha",
    )
    tasks = main_metrics(first.record, first.config)
    tested = first.verdict.final_reference
    judge = Objective(tasks, "delta_m", validation_reference(first.record, tasks))
    members = members_for(epochs_of(first.record.arm("search")), config)
    scheduler = {"name": "pbt", "interval": interval or max(1, config.training.epochs // 5)}
    second = run(
        override(
            shared,
            {"search.arms": ["search"], "search.scheduler": scheduler, "search.trials": members},
        ),
        output=folder / "pbt",
        objective=judge,
    )
    return {"tpe+asha": figures(first, tested, tasks), "pbt": figures(second, tested, tasks)}


def row(name: str, seed: str, method: str, found: Figures) -> str:
    """A line of the table."""
    gains = f"{100 * found.validation:+.2f} | {100 * found.test:+.2f}"
    cost = f"{found.epochs:.0f} | {found.training:.0f} | {found.wall:.0f}"
    return f"| {name} | {seed} | {method} | {found.trials:.0f} | {gains} | {cost} |"


def mean(found: list[Figures]) -> Figures:
    """Of each figure."""
    return Figures(
        *(statistics.fmean(getattr(one, field.name) for one in found) for field in fields(Figures))
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="sweep seeds of each config, from 0")
    parser.add_argument(
        "--interval",
        type=int,
        default=0,
        help="epochs between two exchanges; 0: a fifth of a trial",
    )
    parser.add_argument(
        "--config", type=Path, action="append", help="default: digit_pairs and faces"
    )
    parser.add_argument("overrides", nargs="*", help="of both sweeps, such as search.trials=40")
    wanted = parser.parse_intermixed_args()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    print(
        "| config | seed | method | trials | val Δm % | test Δm % | epochs | training s | wall s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for file in wanted.config or CONFIGS:
        config = load_config(file, wanted.overrides)
        found: dict[str, list[Figures]] = {}
        for seed in range(wanted.seeds):
            with tempfile.TemporaryDirectory() as folder:
                for method, one in both(config, seed, wanted.interval, Path(folder)).items():
                    found.setdefault(method, []).append(one)
                    print(row(config.name, str(seed), method, one), flush=True)
        for method, all_seeds in found.items():
            print(row(config.name, "mean", method, mean(all_seeds)), flush=True)


if __name__ == "__main__":
    main()
