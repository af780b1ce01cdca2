"""Whether a store answers, without writing to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mtl_search.errors import ConfigError, SweepError
from mtl_search.tracking.reading import count_experiments


def test_a_database_is_read(tmp_path: Path, empty_database: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert count_experiments(uri, tmp_path) == "the first sweep makes it"
    assert not list(tmp_path.iterdir())
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    before = len(MlflowClient(uri).search_experiments())
    assert count_experiments(uri, tmp_path) == f"{before} experiments read"


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no address of an MLflow store"):
        count_experiments("runs/mlruns", tmp_path)
    (tmp_path / "mlflow.db").write_text("this is no database")
    with pytest.raises(SweepError, match="cannot"):
        count_experiments(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)
