"""The finalists that speak for each arm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_search.analysis.compared_networks import ComparedNetworks
from mtl_search.storage import item_values
from mtl_search.storage.arm_name import SEARCH, ArmName
from tests.support.recorded_sweeps import Builder

TASKS = {"a": ("accuracy",), "b": ("accuracy",)}


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl", ("a", "b")).sweep()


def test_single_tasks_are_merged_by_the_seeds_that_all_have(builder: Builder) -> None:
    for number in range(3):
        builder.finalist("single/a", number, {"a": 0.5 + 0.1 * number})
    builder.finalist("single/b", 0, {}, state="FAIL")
    for number in (1, 2):
        builder.finalist("single/b", number, {"b": 0.7})
    networks = ComparedNetworks(builder.sweep_record, TASKS, None)
    assert {index: run.test for index, run in networks.single_runs.items()} == {
        index: {"test/a/accuracy": pytest.approx(0.5 + 0.1 * index), "test/b/accuracy": 0.7}
        for index in (1, 2)
    }
    assert networks.single_parameters() == 2000
    assert networks.missing() == ["2 of 3 finalists of arm single/b count (1 failed)"]


def test_a_finalist_without_a_metric_does_not_count(builder: Builder) -> None:
    builder.finalist("search", 0, {"a": 0.9})
    builder.finalist("search", 1, {"a": 0.9, "b": 0.9})
    networks = ComparedNetworks(builder.sweep_record, TASKS, None)
    assert networks.winners["search"].trials == {1: "final-search-0001"}
    assert networks.has(SEARCH, "search-0000")
    assert not networks.has(SEARCH, "search-0001")
    assert networks.single_parameters() is None


def test_twins_are_those_of_the_best_network(builder: Builder) -> None:
    for number in range(2):
        builder.finalist("search", number, {"a": 0.9, "b": 0.9}, origin="search-0003")
    for number, origin in enumerate(["search-0001", "search-0003"]):
        scores = {"a": 0.1 * number, "b": 0.1}
        builder.finalist("twin/separate", number, scores, origin=origin)
    networks = ComparedNetworks(builder.sweep_record, TASKS, None)
    assert networks.best is not None
    assert networks.best.origin == "search-0003"
    assert networks.winners["twin/separate"].trials == {0: "final-twin-separate-0001"}


def test_an_ablation_of_an_older_sweep_stays_with_its_own_origin(builder: Builder) -> None:
    for number in range(2):
        builder.finalist("equal", number, {"a": 0.9, "b": 0.9}, val=0.99, origin="equal-0003")
        builder.finalist("search", number, {"a": 0.9, "b": 0.9}, origin="search-0001")
        builder.finalist("without/c", number, {"a": 0.9, "b": 0.9}, origin="search-0001")
    networks = ComparedNetworks(builder.sweep_record, TASKS, None)
    assert networks.winners[ArmName("without/c")].origin == "search-0001"


def test_scores_of_test_items_are_read_from_the_folder(builder: Builder, tmp_path: Path) -> None:
    trial = builder.finalist("search", 0, {"a": 0.5, "b": 0.5})
    scores = {"a/accuracy": np.array([0.0, 1.0], np.float32)}
    item_values.write(tmp_path, trial, item_values.encode(scores))
    for folder, known in ((tmp_path, {"a/accuracy"}), (None, set())):
        networks = ComparedNetworks(builder.sweep_record, TASKS, folder)
        assert set(networks.runs["search"][0].items) == known
