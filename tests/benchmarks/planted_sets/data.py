"""Planted data: labels that depend on nothing but what is written here.

Inputs are standard normal. A feature is the tanh of a random direction in them. A task is a random
sum of features (easy) or of products of two features (hard), plus noise. Tasks are unrelated where
each has features of its own, and related where they have the same. The sizes and deviations of the
noise were set by hand, so that a tuned network explains half to three quarters of the variance.

N samples, I inputs, F features
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Generator = np.random.Generator

INPUTS = 20
VALIDATION, TEST, FRESH = 300, 2000, 10_000
EASY_NOISE, HARD_NOISE = 0.5, 0.3


@dataclass(frozen=True)
class Planted:
    """Hold inputs and labels of all samples: of the three splits, then fresh ones for the truth.

    Attributes:
        inputs: The inputs (N, I).
        labels: Task → its labels (N,), NaN where missing.
        train: Number of training samples.
    """

    inputs: Array
    labels: dict[str, Array]
    train: int

    @property
    def size(self) -> int:
        """The number of samples that are in a split."""
        return self.train + VALIDATION + TEST

    @property
    def splits(self) -> dict[str, NDArray[np.int64]]:
        """The samples of each split."""
        first_test = self.train + VALIDATION
        return {
            "train": np.arange(self.train),
            "validation": np.arange(self.train, first_test),
            "test": np.arange(first_test, self.size),
        }


def unrelated(rng: Generator, tasks: int, train: int = 400) -> Planted:
    """Return hard tasks, each of four features of its own; the learning rate decides."""
    x_NI = _inputs(rng, train)
    labels = {
        f"t{n}": _noisy(rng, _hard(rng, _features(rng, x_NI, 4)), HARD_NOISE) for n in range(tasks)
    }
    return Planted(x_NI, labels, train)


def unrelated_easy(rng: Generator, tasks: int, train: int = 400) -> Planted:
    """Return easy tasks, each of four features of its own; most learning rates will do."""
    x_NI = _inputs(rng, train)
    labels = {
        f"t{n}": _noisy(rng, _sum(rng, _features(rng, x_NI, 4)), EASY_NOISE) for n in range(tasks)
    }
    return Planted(x_NI, labels, train)


def own_inputs(rng: Generator, tasks: int, train: int = 400) -> Planted:
    """Return easy tasks, each of an equal part of the inputs that no other task depends on."""
    x_NI = _inputs(rng, train)
    part = INPUTS // tasks
    labels = {}
    for n in range(tasks):
        signal_N = _sum(rng, _features(rng, x_NI[:, n * part : (n + 1) * part], 4))
        labels[f"t{n}"] = _noisy(rng, signal_N, EASY_NOISE)
    return Planted(x_NI, labels, train)


def useless_auxiliary(rng: Generator, train: int = 400) -> Planted:
    """Return a hard task `t0` and an auxiliary one of nothing but noise."""
    planted = unrelated(rng, 1, train)
    planted.labels["auxiliary"] = rng.normal(size=len(planted.inputs))
    return planted


def noisy_of_two(rng: Generator, train: int = 300) -> Planted:
    """Return a hard task `t0`, and a task `noisy` of which noise is 98 % of the variance."""
    x_NI = _inputs(rng, train)
    clean_N, signal_N = (_hard(rng, _features(rng, x_NI, 2)) for _ in range(2))
    labels = {"t0": _noisy(rng, clean_N, HARD_NOISE), "noisy": _noisy(rng, signal_N, 8.0)}
    return Planted(x_NI, labels, train)


def related(rng: Generator, tasks: int, train: int = 300) -> Planted:
    """Return tasks that are sums of the same two products of features."""
    x_NI = _inputs(rng, train)
    features_NF = _features(rng, x_NI, 4)
    products_NF = features_NF[:, ::2] * features_NF[:, 1::2]
    labels = {
        f"t{n}": _noisy(rng, _standardised(products_NF @ rng.normal(size=2)), HARD_NOISE)
        for n in range(tasks)
    }
    return Planted(x_NI, labels, train)


def few_labels(rng: Generator, train: int = 400, labelled: int = 60) -> Planted:
    """Return a task `t0` with few training labels and an auxiliary one of the same features."""
    x_NI = _inputs(rng, train)
    features_NF = _features(rng, x_NI, 2)
    base_NF = np.column_stack([features_NF, features_NF.prod(1)])
    labels = {
        task: _noisy(rng, _standardised(base_NF @ rng.normal(size=3)), EASY_NOISE)
        for task in ("t0", "auxiliary")
    }
    labels["t0"][labelled:train] = np.nan
    return Planted(x_NI, labels, train)


Build = Callable[[Generator], Planted]


def _inputs(rng: Generator, train: int) -> Array:
    return rng.normal(size=(train + VALIDATION + TEST + FRESH, INPUTS))


def _features(rng: Generator, x_NI: Array, count: int) -> Array:
    """Return the tanh of random directions (N, F), each of length 1.5."""
    directions_IF = rng.normal(size=(x_NI.shape[1], count))
    directions_IF *= 1.5 / np.linalg.norm(directions_IF, axis=0)
    return _standardised(np.tanh(x_NI @ directions_IF))


def _sum(rng: Generator, features_NF: Array) -> Array:
    """Return a sum of features (N,) in which each counts, with a random sign."""
    count = features_NF.shape[1]
    return _standardised(features_NF @ (rng.uniform(0.5, 1, count) * rng.choice([-1, 1], count)))


def _hard(rng: Generator, features_NF: Array) -> Array:
    """Return a sum of the products of the first and second, third and fourth, ... feature (N,)."""
    return _sum(rng, features_NF[:, ::2] * features_NF[:, 1::2])


def _noisy(rng: Generator, signal_N: Array, noise: float) -> Array:
    """Return a signal of deviation 1 with noise of this deviation (N,)."""
    return np.asarray(signal_N + noise * rng.normal(size=len(signal_N)))


def _standardised(values: Array) -> Array:
    """Return values of mean 0 and deviation 1, column by column."""
    return np.asarray((values - values.mean(0)) / values.std(0))
