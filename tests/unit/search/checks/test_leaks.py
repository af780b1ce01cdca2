"""Samples that stand in two splits."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.data import DataSet, Target
from mtl_search.search.checks.leaks import tell_leaks


def _data(x: np.ndarray, tokens: np.ndarray | None = None) -> DataSet:
    n = len(x)
    inputs = {"x": x} if tokens is None else {"x": x, "tokens": tokens}
    train, validation, test = np.split(np.arange(n), [n - 10, n - 8])
    splits = {"train": train, "validation": validation, "test": test}
    return DataSet(inputs, {"y": Target(np.arange(n) % 2, "binary")}, splits)


def test_rows_of_train_that_come_again_are_told(caplog: pytest.LogCaptureFixture) -> None:
    x = np.random.default_rng(0).normal(size=(9000, 3)).astype(np.float32)
    tell_leaks(_data(x))
    assert not caplog.records
    x[-1], x[-2], x[-10] = x[0], x[5000], x[7]
    tell_leaks(_data(x))
    assert "1 validation samples and 2 test samples have the very inputs" in caplog.text


def test_samples_that_differ_in_one_view_are_two(caplog: pytest.LogCaptureFixture) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    x[-1] = x[0]
    tell_leaks(_data(x, np.arange(50)[:, None]))
    assert not caplog.records


def test_few_categories_are_equal_as_a_matter_of_course(caplog: pytest.LogCaptureFixture) -> None:
    tell_leaks(_data((np.arange(50) % 4)[:, None].astype(np.float32)))
    assert not caplog.records
