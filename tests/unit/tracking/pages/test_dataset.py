"""The data of a sweep as an input of MLflow's runs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from mtl_search.storage.records import SweepRecord
from mtl_search.tracking.pages.dataset import data_of, dataset_input

DATA = {
    "name": "tables",
    "digest": "0123456789abcdef0123456789abcdef",
    "splits": {"train": 100, "val": 20, "test": 30},
    "targets": {"left": "classes"},
}


def test_a_sweep_of_an_earlier_version_has_no_data() -> None:
    assert data_of(SweepRecord()) is None


def test_name_digest_and_sizes_are_kept() -> None:
    record: Any = SimpleNamespace(data=DATA)
    data = data_of(record)
    assert data is not None
    made = dataset_input(data, "training")
    assert (made.dataset.name, made.dataset.digest) == ("tables", DATA["digest"])
    profile = json.loads(made.dataset.profile)
    assert profile == {
        "samples train": 100,
        "samples val": 20,
        "samples test": 30,
        "targets": {"left": "classes"},
    }
    assert [(tag.key, tag.value) for tag in made.tags] == [("mlflow.data.context", "training")]
