"""Further random partitions: by each data set's own rules, or by rows, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import Config, load_config
from mtl_search.data import SPLITS, DataSet, Sources, Target, concat, load_data
from mtl_search.data.datasets import DATASETS, partitions
from mtl_search.data.datasets.partitions import (
    Partitions,
    check_partitions,
    partition_seed,
    with_other_rows,
)
from mtl_search.errors import ConfigError
from tests.support import user_data_sets as user_sets
from tests.unit.data.conftest import MakeData

HERE = f"{__name__}:"
USER = f"{user_sets.__name__}:"
ROWS = 60


@pytest.fixture(autouse=True)
def in_a_folder_with_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with strata, groups and a size that grows; arrays with and without a split."""
    monkeypatch.chdir(tmp_path)
    lines = ["number,size,kind,person,part"]
    for row in range(ROWS):
        kind = "rare" if row % 6 == 0 else "common"
        part = ("train", "validation", "test")[min(2, row // 20)]
        lines.append(f"{row},{row * row},{kind},p{row % 12},{part}")
    Path("table.csv").write_text("\n".join(lines) + "\n")
    numbers = np.arange(ROWS, dtype=np.float32)
    parts = dict(zip(SPLITS, np.split(np.arange(ROWS), [40, 50]), strict=True))
    contents: dict[str, Any] = {"x": numbers[:, None], "y": np.arange(ROWS) % 3, **parts}
    np.savez("arrays.npz", **contents)


def config(data: Mapping[str, Any] | str, splits: int = 3, **overrides: Any) -> Config:
    tree = {
        "name": "demo",
        "data": data,
        "tasks": {"number": {"head": "regression"}},
        "model": {"backbone": "mlp"},
    }
    return load_config(tree, {"search.finalists.splits": splits, **overrides})


def table(**more: Any) -> dict[str, Any]:
    targets = {"number": "real", "kind": "class"}
    ignored = [c for c in ("person", "part") if c not in more.values()]
    return {"name": "table", "path": "table.csv", "targets": targets, "ignore": ignored, **more}


def arrays(**more: Any) -> dict[str, Any]:
    targets = {"y": "class"}
    return {"name": "arrays", "path": "arrays.npz", "inputs": ["x"], "targets": targets, **more}


OFFICIAL = {"splits": {split: split for split in SPLITS}}


def pooled(data: DataSet) -> list[int]:
    return sorted(int(row) for split in SPLITS for row in data.splits[split])


def sizes(data: DataSet) -> list[int]:
    return [len(data.splits[split]) for split in SPLITS]


def test_the_sweeps_own_split_is_number_0() -> None:
    settings = config(table())
    data = load_data(settings)
    assert Partitions(data).of(settings, 0) is data


@pytest.mark.parametrize("member", [table(), arrays(), arrays(**OFFICIAL)])
def test_partitions_differ_have_the_same_sizes_and_come_again(member: dict[str, Any]) -> None:
    settings = config(member)
    data = load_data(settings)
    made = [Partitions(data).of(settings, number) for number in (1, 2, 3, 1)]
    assert {tuple(sizes(one)) for one in made} == {tuple(sizes(data))}
    assert all(pooled(one) == pooled(data) for one in made)
    tests = [tuple(one.splits["test"]) for one in (data, *made)]
    assert len(set(tests)) == 4
    assert tests[1] == tests[4]


def test_another_sweep_seed_gives_other_partitions() -> None:
    settings = config(arrays(**OFFICIAL))
    data = load_data(settings)
    other = config(arrays(**OFFICIAL), seed=1)
    rows = [Partitions(data).of(c, 1).splits["test"].tolist() for c in (settings, other)]
    assert rows[0] != rows[1]
    seeds = {partition_seed(seed, number) for seed in range(5) for number in range(1, 6)}
    assert len(seeds) == 25
    assert max(seeds) < 2**31


def test_what_is_fitted_is_fitted_on_the_new_training_rows() -> None:
    settings = config(table())
    data = load_data(settings)
    squares = np.arange(ROWS, dtype=np.float64) ** 2
    for number in (0, 1, 2):
        one = Partitions(data).of(settings, number)
        train = one.splits["train"]
        expected = (squares - squares[train].mean()) / squares[train].std()
        np.testing.assert_allclose(one.inputs["table"][:, 0], expected, atol=1e-5)


def test_strata_and_groups_hold_in_every_partition() -> None:
    stratified = config(table(stratify="kind"))
    grouped = config(table(group="person"))
    first, second = load_data(stratified), load_data(grouped)
    for number in range(1, 6):
        one = Partitions(first).of(stratified, number)
        rare = one.targets["kind"].values == one.targets["kind"].classes.index("rare")
        assert [int(rare[one.splits[split]].sum()) for split in SPLITS] == [6, 2, 2]
        other = Partitions(second).of(grouped, number)
        persons = [set(other.splits[split] % 12) for split in SPLITS]
        assert sum(map(len, persons)) == 12


def test_a_sweep_on_a_part_of_the_samples_stays_on_a_part() -> None:
    for member in (table(), arrays(**OFFICIAL)):
        settings = config(member, **{"training.max_samples_per_split": 8})
        data = load_data(settings)
        one = Partitions(data).of(settings, 1)
        assert sizes(one) == sizes(data) == [8, 8, 8]
        assert one.splits["test"].tolist() != data.splits["test"].tolist()


def test_rows_of_an_official_split_are_pooled_without_reading_again() -> None:
    settings = config(arrays(**OFFICIAL))
    data = load_data(settings)
    Path("arrays.npz").unlink()
    one = Partitions(data).of(settings, 1)
    assert one.inputs["x"] is data.inputs["x"]


def test_rows_that_are_in_no_split_stay_out(make_data: MakeData) -> None:
    data = make_data(50)
    splits = {split: rows[:4] for split, rows in data.splits.items()}
    part = with_other_rows(replace(data, splits=splits), seed=5)
    assert pooled(part) == sorted(row for rows in splits.values() for row in rows)
    assert sizes(part) == [4, 4, 4]


def test_every_row_comes_into_every_split_as_often_as_its_size_says(make_data: MakeData) -> None:
    data = make_data(10)
    counts_3N = np.zeros((3, 10))
    for seed in range(600):
        one = with_other_rows(data, seed)
        for number, split in enumerate(SPLITS):
            counts_3N[number, one.splits[split]] += 1
    # Five standard deviations of a share of 600 draws are 0.1.
    np.testing.assert_allclose(counts_3N / 600, [[0.6] * 10, [0.2] * 10, [0.2] * 10], atol=0.1)


def test_each_source_keeps_its_part_of_every_split(make_data: MakeData) -> None:
    data = concat({"a": make_data(50), "b": make_data(20)})
    assert isinstance(data.sources, Sources)
    one = with_other_rows(data, seed=3)
    for split in SPLITS:
        before, after = (data.sources.sizes(d.splits[split]) for d in (data, one))
        assert before.tolist() == after.tolist()
    assert one.splits["test"].tolist() != data.splits["test"].tolist()


@pytest.mark.parametrize("official", [False, True])
def test_each_source_is_partitioned_by_its_own_rules(*, official: bool) -> None:
    second = arrays(**(OFFICIAL if official else {}))
    first = arrays(targets={"z": {"kind": "class", "key": "y"}}, stratify="z")
    settings = config({"name": "sources", "sources": {"a": first, "b": second}})
    data = load_data(settings)
    one = Partitions(data).of(settings, 1)
    assert data.sources is not None
    for split in SPLITS:
        before, after = (data.sources.sizes(d.splits[split]) for d in (data, one))
        assert before.tolist() == after.tolist()
    test = one.splits["test"]
    own = test[test < ROWS]
    assert np.bincount(one.targets["z"].values[own]).tolist() == [4, 4, 4]
    for source in (test < ROWS, test >= ROWS):
        assert not set(test[source]) <= set(data.splits["test"])


def test_a_data_set_that_was_handed_over_keeps_its_arrays(make_data: MakeData) -> None:
    settings = config(table())  # which the object takes the place of
    data = make_data(50)
    one = Partitions(data, handed_over=True).of(settings, 1)
    assert one.inputs["x"] is data.inputs["x"]
    assert sizes(one) == sizes(data)


@pytest.mark.parametrize(
    ("member", "drawn_again"),
    [("READY", False), ("without_seed", False), ("line", True), ("open_ended", False)],
)
def test_a_function_of_the_users_with_a_seed_is_called_again(
    member: str, *, drawn_again: bool
) -> None:
    settings = config(USER + member)
    data = load_data(settings)
    one = Partitions(data).of(settings, 1)
    same = np.array_equal(np.asarray(one.inputs["x"]), np.asarray(data.inputs["x"]))
    assert same != drawn_again
    check_partitions(settings, data)


def test_one_partition_is_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = config(table())
    data = load_data(settings)
    built: list[int] = []
    whole = partitions._build_partition

    def build(*arguments: Any, number: int) -> DataSet:
        built.append(number)
        return whole(*arguments, number=number)

    monkeypatch.setattr(partitions, "_build_partition", build)
    made = Partitions(data)
    for number in (1, 1, 0, 1, 2, 2, 1):
        made.of(settings, number)
    assert built == [1, 2, 1]


def test_a_partition_that_cannot_be_built_is_not_taken_for_another() -> None:
    settings = config(table())
    data = load_data(settings)
    made = Partitions(data)
    first = made.of(settings, 1).splits["test"].tolist()
    with pytest.raises(ConfigError):
        made.of(config(table(path="/no/such.csv")), 2)
    assert made.of(settings, 1).splits["test"].tolist() == first


# ------------------------------------------------------------ what is refused


COLUMNS = "the columns are scaled and encoded by its training rows"
WORDS = "sentences of the same words stay together, and words are numbered by training sentences"


@pytest.mark.parametrize(
    ("member", "argument", "why"),
    [
        (table(split="part"), "data.split", COLUMNS),
        (table(path=dict.fromkeys(SPLITS, "table.csv")), "data.path", COLUMNS),
        ({"name": "semeval", "train": "train.txt", "test": "test.txt"}, "data.test", WORDS),
        (
            {"name": "sources", "sources": {"a": arrays(), "b": table(split="part")}},
            "data.sources.b.split",
            COLUMNS,
        ),
    ],
)
def test_official_splits_that_something_is_fitted_on_are_refused(
    make_data: MakeData, member: dict[str, Any], argument: str, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_partitions(config(member), make_data())
    problem = f"`{argument}` says the split, and its rows cannot be dealt anew: {why}"
    assert (caught.value.path, caught.value.problem) == ("search.finalists.splits", problem)
    assert caught.value.value == 3
    check_partitions(config(member, splits=0), make_data())
    check_partitions(config(member, **{"search.finalists.top": 0}), make_data())
    check_partitions(config(member), make_data(), handed_over=True)


def stubborn(seed: int = 0) -> DataSet:
    """A data set whose split does not depend on its seed."""
    return user_sets.line()


def stubborn_vectors(seed: int = 0) -> DataSet:
    """One whose labels are vectors without some of their elements."""
    data = user_sets.line()
    values = np.tile([[1.0, np.nan]], (len(data), 1))
    return replace(data, targets={"number": Target(values, "vector", ("a", "b"))})


@pytest.mark.parametrize("member", ["stubborn", "stubborn_vectors"])
def test_a_seed_that_changes_no_split_is_refused(member: str) -> None:
    settings = config(HERE + member)
    with pytest.raises(ConfigError, match=r"search\.finalists\.splits: another seed of the data"):
        check_partitions(settings, load_data(settings))


@pytest.mark.parametrize("member", [table(), table(group="person"), arrays(), arrays(**OFFICIAL)])
def test_all_else_is_accepted(member: dict[str, Any]) -> None:
    settings = config(member)
    check_partitions(settings, load_data(settings))


def test_what_says_the_split_is_an_argument_of_the_data_set() -> None:
    """A renamed argument would make an official split look like one by seed."""
    full: dict[str, Any] = {"path": dict.fromkeys(SPLITS, "a"), "split": "a", "splits": {}}
    for name in DATASETS:
        official_split = getattr(DATASETS[name], "official_split", None)
        if official_split is None:
            assert "seed" in DATASETS.arguments(name)
            assert not {"split", "splits"} & DATASETS.arguments(name).keys()
            continue
        for argument, value in full.items():
            official = official_split({argument: value})
            assert official is None or official.argument in DATASETS.arguments(name)
