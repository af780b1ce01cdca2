"""Samples of a planted set as the engine takes them.

N samples, T tasks, I inputs, J inputs with the constant 1 that the bias stands for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_search.data import DataSet
from tests.benchmarks.planted_sets.network import Floats


@dataclass(frozen=True)
class Labels:
    """Labels of some tasks on some samples, in standard deviations of their training labels.

    Attributes:
        values: The labels (T, N), 0 where missing.
        known: 1 where there is a label, else 0 (T, N).
        complete: Whether no label is missing.
    """

    values: Floats
    known: Floats
    complete: bool

    @classmethod
    def of(cls, values_TN: NDArray[np.floating[Any]]) -> Labels:
        """Return labels from values in which NaN stands for a missing one."""
        missing = np.isnan(values_TN)
        values = np.where(missing, 0, values_TN).astype(np.float32)
        return cls(values, (~missing).astype(np.float32), not missing.any())

    def rows(self, rows_N: NDArray[np.int64]) -> Labels:
        """Return the labels of some samples."""
        return Labels(self.values[:, rows_N], self.known[:, rows_N], self.complete)

    @cached_property
    def counts(self) -> Floats:
        """The number of labels of each task (T, 1), at least 1."""
        counts_T1: Floats = np.maximum(self.known.sum(1, keepdims=True), 1)
        return counts_T1

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """The sum of squares of each task's labels around their mean (T,)."""
        values_TN = self.values.astype(np.float64)
        mean_T1 = values_TN.sum(1, keepdims=True) / self.counts
        spread: NDArray[np.float64] = (((values_TN - mean_T1) * self.known) ** 2).sum(1)
        return spread

    def errors(self, outputs_TN: Floats) -> Floats:
        """Return output less label, 0 where there is no label."""
        errors_TN = outputs_TN - self.values
        if not self.complete:
            errors_TN *= self.known
        return errors_TN

    def mean_squares(self, outputs_TN: Floats) -> NDArray[np.float64]:
        """Return the mean squared error of each task (T,)."""
        squares_T = np.square(self.errors(outputs_TN), dtype=np.float64).sum(1)
        return np.asarray(squares_T / self.counts[:, 0])

    def r2(self, outputs_TN: Floats) -> NDArray[np.float64]:
        """Return the share of each task's variance that the outputs explain (T,)."""
        squares_T = self.mean_squares(outputs_TN) * self.counts[:, 0]
        return np.asarray(1 - squares_T / self.spread)

    def item_r2(self, outputs_TN: Floats) -> NDArray[np.float64]:
        """Return values of the items whose mean is R² (T, N): R² + the influence of each.

        With the squared error e² of an item, its squared distance d² from the mean label, and D the
        mean of d², R² = 1 - mean(e²) / D, and the influence is (d² (1 - R²) - e²) / D. An item
        without a label has none.
        """
        r2_T1 = self.r2(outputs_TN)[:, None]
        distances_TN = (self.values - self.values.sum(1, keepdims=True) / self.counts) * self.known
        influences_TN = distances_TN**2 * (1 - r2_T1) - self.errors(outputs_TN) ** 2
        items = self.values.shape[1]
        return np.asarray(r2_T1 + influences_TN * items / self.spread[:, None])


class Samples:
    """The samples of a data set as the engine takes them, scaled as the product's heads do.

    Args:
        data: A data set with one view of vectors and real targets.
        tasks: The tasks of the trial, each the name of its target.
    """

    def __init__(self, data: DataSet, tasks: Sequence[str]) -> None:
        (view,) = data.inputs.values()
        self.splits = data.splits
        self.tasks = tuple(tasks)
        self.x_NJ = with_constant(np.asarray(view))
        values_TN = np.stack([data.targets[task].values for task in tasks]).astype(np.float64)
        train_TN = values_TN[:, data.splits["train"]]
        self.mean_T1 = np.nanmean(train_TN, 1, keepdims=True)
        self.std_T1 = np.nanstd(train_TN, 1, keepdims=True)
        self.labels = self.scaled(values_TN)

    def scaled(self, values_TN: NDArray[np.floating[Any]]) -> Labels:
        """Return labels in standard deviations of the training labels."""
        return Labels.of((values_TN - self.mean_T1) / self.std_T1)

    def split(self, name: str) -> tuple[Floats, Labels]:
        """Return inputs (N, J) and labels of a split."""
        rows_N = self.splits[name]
        return self.x_NJ[rows_N], self.labels.rows(rows_N)


def with_constant(x_NI: NDArray[np.floating[Any]]) -> Floats:
    """Return the inputs (N, J) with a last column of ones."""
    return np.hstack([x_NI, np.ones((len(x_NI), 1))]).astype(np.float32)
