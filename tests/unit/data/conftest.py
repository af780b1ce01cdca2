"""Small data sets and files that the tests of the data layer share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import Component
from mtl_search.data import DataSet, Target
from mtl_search.data.datasets.build import build_data

MakeData = Callable[..., DataSet]
WriteCsv = Callable[[str, str], Path]
Build = Callable[..., DataSet]


@pytest.fixture
def make_data() -> MakeData:
    """A data set of `n` samples whose inputs and targets tell which sample they are."""

    def make(
        n: int = 50, width: int = 3, *, contiguous: bool = False, tokens: bool = False
    ) -> DataSet:
        rng = np.random.default_rng(0)
        order = np.arange(n) if contiguous else rng.permutation(n)
        train, validation = int(0.6 * n), int(0.2 * n)
        splits = np.split(order, [train, train + validation])
        x = np.arange(n, dtype=np.float32)[:, None] + np.linspace(0, 0.5, width, dtype=np.float32)
        inputs: dict[str, Any] = {"x": x}
        masks = {}
        if tokens:
            inputs["words"] = rng.integers(0, 9, (n, 4))
            masks["words"] = np.arange(4) <= rng.integers(0, 4, (n, 1))
        number = np.arange(n) % 5
        return DataSet(
            inputs=inputs,
            targets={
                "number": Target(np.arange(n, dtype=np.float32), "real"),
                "kind": Target(np.where(number == 4, -1, number), "class", tuple("abcd")),
            },
            splits=dict(zip(("train", "validation", "test"), splits, strict=True)),
            masks=masks,
        )

    return make


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write a CSV whose lines may be indented, and give its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n")
        return path

    return write


@pytest.fixture
def build() -> Build:
    """The data set that a config's section `data` gives: `build("table", path=...)`."""

    def build(name: str, /, *, run_seed: int = 0, **arguments: object) -> DataSet:
        return build_data(Component.model_validate({"name": name, **arguments}), run_seed)

    return build
