"""A folder for sweeps whose MLflow database is made already, and a look at what a sweep leaves
behind.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from mlflow.tracking import MlflowClient
from ray.util import placement_group_table

from tests.support.free_cpus import free_cpus
from tests.support.sweeps import titled


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs. MLflow takes some seconds to make one; a copy is free."""
    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def runs(tmp_path: Path, empty_store: Path) -> Path:
    """The folder `runs` in the test's working directory."""
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return folder


def _left_behind() -> list[object]:
    """What a sweep that has ended must not hold any more."""
    left: list[object] = [
        table for table in placement_group_table().values() if table["state"] != "REMOVED"
    ]
    free, everything = free_cpus(patience=0)  # whoever calls this waits
    if free != everything:
        left.append(ray.available_resources())
    names = (
        "ray::RayTrainWorker",
        "ray::TrainController",
        "ray::GroupSlot",
        "ray::Slot",
        "ray::Resource",
        "ray::Mail",
    )
    return left + [(name, pid) for name in names for pid in titled(name)]


@pytest.fixture
def whole_again(ray_cluster: None) -> Iterator[None]:
    """Afterwards all CPUs are free again, and there is no placement group and no process of a
    trial.
    """
    yield
    end = time.monotonic() + 20
    while left := _left_behind():
        assert time.monotonic() < end, left
        time.sleep(0.1)
