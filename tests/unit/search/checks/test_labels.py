"""Labels that teach nothing, and classes that a split lacks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mtl_search.data import DataSet, Target
from mtl_search.errors import ConfigError
from mtl_search.search.checks.labels import check_labels
from tests.support import small_sweeps as small


def _with(name: str, target: Target) -> DataSet:
    return dataclasses.replace(small.DATA, targets={**small.DATA.targets, name: target})


def test_one_class_in_train_teaches_nothing() -> None:
    train = small.DATA.splits["train"]
    for name, kind in (("kind", "class"), ("flag", "binary")):
        values = np.arange(small.SAMPLES) % 2
        values[train] = 0
        target = Target(values, kind, ("well", "ill"))  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="all its labels in the train split are 'well'"):
            check_labels(small.config(), _with(name, target))


def test_a_class_that_a_split_lacks_is_told(caplog: pytest.LogCaptureFixture) -> None:
    values = np.arange(small.SAMPLES) % 2
    values[small.DATA.splits["test"][0]] = 2
    check_labels(small.config(), _with("kind", Target(values, "class", ("a", "b", "rare"))))
    told = [text for text in caplog.messages if "rare" in text]
    assert [text.split("has")[0] for text in told] == [
        "target 'kind': the train split ",
        "target 'kind': the validation split ",
    ]
