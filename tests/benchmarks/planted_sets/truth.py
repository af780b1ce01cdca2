"""What is true of the networks that a sweep names: the same networks on further seeds.

They are trained on the sweep's training split and judged on samples that no sweep has seen, five
times as many as its test split has, so that what is left of chance is that of the seeds.

S seeds, T main tasks, N samples
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mtl_search.config import to_dict
from tests.benchmarks.planted_sets.engine import Engine
from tests.benchmarks.planted_sets.protocol import Part
from tests.benchmarks.planted_sets.rows import PlantedSet
from tests.benchmarks.planted_sets.samples import with_constant

Array = NDArray[np.float64]

_STREAM = 0x7275  # apart from the seeds of all trials


@dataclass(frozen=True)
class Difference:
    """A difference of two networks with its 95 % interval over seeds and two-sided p value."""

    mean: float
    low: float
    high: float
    p_value: float


def further_scores(
    planted: PlantedSet, networks: Mapping[str, Sequence[Part]], seeds: int
) -> dict[str, Array]:
    """Return the R² of each network on further seeds, (S, T) of the main tasks.

    Networks of one config are trained once: their scores are the same numbers.

    Args:
        planted: The data set.
        networks: Name → the parts that it consists of, each with main tasks of its own.
        seeds: S.
    """
    engine = Engine(planted.data())
    known: dict[str, dict[str, Array]] = {}
    scores = {}
    for name, parts in networks.items():
        by_task: dict[str, Array] = {}
        for part in parts:
            key = str(to_dict(part.config))
            if key not in known:
                known[key] = _scores(planted, engine, part, seeds)
            by_task |= known[key]
        scores[name] = np.stack([by_task[task] for task in planted.config.main_tasks], 1)
    return scores


def skills(scores_ST: Array) -> Array:
    """Return the mean skill of each seed (S,): of R² it is R² itself, at least -1."""
    return np.asarray(np.maximum(scores_ST, -1).mean(1))


def difference(ours_ST: Array, theirs_ST: Array, measure: str) -> Difference:
    """Return the difference of two networks with its 95 % interval over seeds.

    Args:
        ours_ST: The R² of the one.
        theirs_ST: The R² of the other.
        measure: `skill`, or `delta_m` for the relative gain, whose reference is the mean over
            seeds.
    """
    if measure == "delta_m":
        reference_T = np.abs(theirs_ST.mean(0))
        return welch((ours_ST / reference_T).mean(1), (theirs_ST / reference_T).mean(1))
    return welch(skills(ours_ST), skills(theirs_ST))


def welch(ours_S: Array, theirs_S: Array) -> Difference:
    """Return the difference of two means with its 95 % interval, variances not assumed alike.

    Source: Welch 1947, "The generalization of Student's problem when several different population
    variances are involved".

    Examples:
        >>> value = welch(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
        >>> value.mean, round(value.high, 2)  # 2.78 quantile of 4 degrees, √(2/3)
        (0.0, 2.27)
    """
    mean = float(ours_S.mean() - theirs_S.mean())
    parts = [float(values.var(ddof=1)) / len(values) for values in (ours_S, theirs_S)]
    variance = sum(parts)
    if variance == 0 or np.array_equal(ours_S, theirs_S):
        return Difference(mean, mean, mean, 1.0)
    degrees = variance**2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (ours_S, theirs_S), strict=True)
    )
    error = math.sqrt(variance)
    half = float(special.stdtrit(degrees, 0.975)) * error
    p_value = 2 * float(special.stdtr(degrees, -abs(mean) / error))
    return Difference(mean, mean - half, mean + half, p_value)


def _scores(planted: PlantedSet, engine: Engine, part: Part, seeds: int) -> dict[str, Array]:
    """Return the R² of each task of one network (S,)."""
    tasks = list(part.config.tasks)
    x_NI, labels_TN = planted.fresh(tasks)
    x_NJ = with_constant(x_NI)
    values_ST = np.empty((seeds, len(tasks)))
    for number in range(seeds):
        seed = int(np.random.SeedSequence([planted.seed, _STREAM, number]).generate_state(1)[0])
        run = engine.begin(part.config, seed, part.objective)
        for _ in range(part.config.training.epochs):
            run.run_epoch()
        run.keep_best()
        values_ST[number] = run.samples.scaled(labels_TN).r2(run.network.predict(x_NJ))
    return dict(zip(tasks, values_ST.T, strict=True))
