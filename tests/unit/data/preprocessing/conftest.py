"""An encoder, and a data set of marked sentences that is made with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.data import DataSet
from mtl_search.data.datasets.semeval import semeval
from tests.support.encoders import write_encoder
from tests.support.marked_files import plain, write_marked


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an encoder with random weights."""
    return write_encoder(tmp_path_factory.mktemp("tiny"), seed=0)


@pytest.fixture
def make_marked(tmp_path: Path, encoder_folder: Path) -> Callable[..., DataSet]:
    """`semeval` over 20 training and 4 test sentences, with the encoder."""

    def make(**arguments: Any) -> DataSet:
        own = write_marked(tmp_path / "train.txt", [plain(k) for k in range(20)])
        official = write_marked(
            tmp_path / "test.txt", [plain(100 + k, between=3) for k in range(4)], start=101
        )
        given = {
            "encoder": str(encoder_folder),
            "length": 8,
            "validation": 0.2,
            "cache": str(tmp_path / "cache"),
        }
        return semeval(str(own), str(official), **{**given, **arguments})

    return make
