"""A smoke run is the same sweep in small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import load_config, to_dict
from mtl_search.search.smoke import smoke
from tests.support.repository import CONFIGS

CONFIG_FILES = sorted((CONFIGS).glob("*.yaml"))


def _small(batch_size: int = 64, **search: Any) -> Any:
    tasks = {name: {"head": "softmax"} for name in "abc"}
    tree: dict[str, Any] = {
        "name": "x",
        "data": "digit_pairs",
        "tasks": tasks,
        "model": {"backbone": "mlp"},
    }
    return smoke(load_config(tree | {"search": search, "training": {"batch_size": batch_size}}))


@pytest.mark.parametrize("path", CONFIG_FILES, ids=lambda path: path.stem)
def test_the_sweep_stays_what_it_is(path: Path) -> None:
    whole = load_config(path)
    part = smoke(whole)
    assert part.name == f"{whole.name}-smoke"
    for section in ("tasks", "model", "tracking", "resources"):
        assert to_dict(part)[section] == to_dict(whole)[section]
    assert part.search.space == whole.search.space
    assert part.search.arms == whole.search.arms


def test_its_budget() -> None:
    small = _small(trials=50, finalists={"top": 3, "seeds": 9}, scheduler="asha")
    assert (small.training.epochs, small.training.max_samples_per_split, small.search.trials) == (
        1,
        128,
        3,
    )
    assert (
        small.search.finalists.top,
        small.search.finalists.seeds,
        small.search.scheduler.name,
    ) == (1, 2, "fifo")


def test_random_splits_are_tried_where_the_sweep_has_any() -> None:
    for splits, few in ((0, 0), (2, 2), (10, 2)):
        assert _small(finalists={"splits": splits}).search.finalists.splits == few


def test_all_points_to_begin_with_are_tried() -> None:
    assert _small(trials=50, initial_points=["uw", "famo", {"a": 2}, {"b": 2}]).search.trials == 5
    assert _small(trials=4, initial_points=["uw", "famo", {"a": 2}, {"b": 2}]).search.trials == 4


@pytest.mark.parametrize(
    ("batch_size", "samples"), [(8, 64), (32, 64), (50, 100), (64, 128), (1024, 128)]
)
def test_two_batches_are_enough(batch_size: int, samples: int) -> None:
    assert _small(batch_size=batch_size).training.max_samples_per_split == samples


def test_what_is_smaller_already_stays() -> None:
    small = _small(trials=1, finalists={"top": 0})
    assert (small.search.trials, small.search.finalists.top) == (1, 0)


def test_a_data_set_says_how_it_is_read_in_part() -> None:
    path = next(path for path in CONFIG_FILES if path.stem == "relation_entities")
    assert smoke(load_config(path)).data.arguments["limit"] == 400


def test_a_mapping_will_do_also_without_a_data_set() -> None:
    tree = {"name": "x", "tasks": {"a": {"head": "softmax"}}, "model": {"backbone": "mlp"}}
    assert smoke(tree).name == "x-smoke"
