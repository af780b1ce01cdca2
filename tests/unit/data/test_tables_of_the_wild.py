"""Tables as they are found: without names, a target that is one value, answers never measured."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtl_search.config import load_config
from mtl_search.data import DataSet
from mtl_search.data.datasets.build import build_data
from mtl_search.errors import ConfigError, DataError
from tests.support.repository import CONFIGS
from tests.unit.data.conftest import Build

NAMES = ["age", "status", "weight", "income"]
LINES = [
    f"{20 + k}, {('Never married', 'Divorced', 'Widowed', '')[k % 4]}, {k * 1000}, {k % 2}"
    for k in range(20)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "people.test.gz").write_bytes(gzip.compress("\n".join(LINES).encode()))
    return tmp_path / "people.test.gz"


@pytest.fixture
def make(path: Path, build: Build) -> Callable[..., DataSet]:
    def make(**given: object) -> DataSet:
        targets = {
            "income": "binary",
            "single": {"kind": "binary", "column": "status", "positive": "Never married"},
        }
        usual = {"path": str(path), "names": NAMES, "ignore": ["weight"], "targets": targets}
        return build("table", **{**usual, **given})

    return make


def test_a_file_without_names(make: Callable[..., DataSet]) -> None:
    data = make()
    assert len(data) == 20, "the first line is a row"
    assert data.inputs["table"].shape == (20, 1), "only the age is left"
    assert data.targets["income"].values.tolist() == [0, 1] * 10


def test_one_value_of_a_column(make: Callable[..., DataSet]) -> None:
    single = make().targets["single"]
    assert single.values.tolist() == [1, 0, 0, -1] * 5, (
        "an empty cell is missing, and not another value"
    )
    assert (single.kind, single.classes) == ("binary", ("other", "Never married"))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"ignore": ["wait"]}, "data.ignore"),
        ({"ignore": ["weight"], "columns": ["weight"]}, "data.columns"),
        ({"names": ["a", "a", "b", "c"]}, "data.names"),
        ({"targets": {"status": {"kind": "binary", "positive": "widowed"}}},
         "data.targets.status.positive"),
        ({"targets": {"status": {"kind": "class", "positive": "Widowed"}}},
         "data.targets.status.positive"),
        ({"names": None}, "data.path"),
    ],
)  # fmt: skip
def test_mistakes_are_named(
    make: Callable[..., DataSet], given: dict[str, object], where: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**given)
    assert caught.value.path == where


def test_names_must_be_as_many_as_columns(make: Callable[..., DataSet]) -> None:
    with pytest.raises(DataError, match=r"3 names, and .* has 4 columns"):
        make(names=NAMES[1:])


@pytest.mark.slow
def test_census(need_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTL_DATA", str(need_data("census_income_kdd").parent))
    config = load_config(CONFIGS / "census.yaml")
    data = build_data(config.data, config.seed)
    assert len(data) == 99762
    assert {name: int(target.values.sum()) for name, target in data.targets.items()} == {
        "income": 6186,
        "never_married": 43143,
    }
    assert data.targets["income"].classes == ("- 50000.", "50000+.")
    shares = [data.targets["income"].values[rows].mean() for rows in data.splits.values()]
    assert np.ptp(shares) < 1e-3


def test_tox21(need_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTL_DATA", str(need_data("tox21").parent))
    config = load_config(CONFIGS / "tox21.yaml")
    data = build_data(config.data, config.seed)
    assert list(config.tasks) == list(data.targets)
    assert len(data) == 7831
    known = np.mean([target.labelled for target in data.targets.values()])
    assert 0.16 < 1 - known < 0.18
    assert data.inputs["pieces"].shape == (7831, 1024)
    again = build_data(config.data, config.seed)
    assert (again.inputs["pieces"][:50] == data.inputs["pieces"][:50]).all()
