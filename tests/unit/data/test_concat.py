"""Data sets combined: samples, labels and splits stay what they were; misfits are named."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data import MISSING, SPLITS, DataSet, Target, concat
from mtl_search.data.concat import RowConcat, stack
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.spec import DataSpec, data_spec
from mtl_search.data.types import in_memory
from mtl_search.errors import DataError


def _part(n: int, targets: Mapping[str, Target], *, mask: Any = None, x: Any = None) -> DataSet:
    """`n` samples of 3 tokens."""
    words = np.arange(3 * n).reshape(n, 3) if x is None else x
    splits = dict(
        zip(SPLITS, np.split(np.random.default_rng(n).permutation(n), [n - 4, n - 2]), strict=True)
    )
    return DataSet({"words": words}, targets, splits, {} if mask is None else {"words": mask})


def _kinds(n: int) -> dict[str, Target]:
    """A target of each kind."""
    rng = np.random.default_rng(n)
    return {
        "class": Target(rng.integers(0, 3, n), "class", ("a", "b", "c")),
        "binary": Target(rng.integers(0, 2, n), "binary", ("no", "yes")),
        "multilabel": Target(rng.integers(0, 2, (n, 4)), "multilabel", tuple("pqrs")),
        "real": Target(rng.normal(size=n), "real"),
        "tags": Target(rng.integers(0, 2, (n, 3)), "tags", ("O", "B")),
    }


@pytest.mark.parametrize("kind", _kinds(1))
def test_a_target_of_one_part_is_missing_on_the_others(kind: str) -> None:
    target = _kinds(8)[kind]
    joined = concat(
        {"a": _part(10, {"y": Target(np.ones(10), "real")}), "b": _part(8, {kind: target})}
    )
    values = joined.targets[kind].values
    assert (joined.targets[kind].kind, joined.targets[kind].classes) == (
        target.kind,
        target.classes,
    )
    np.testing.assert_array_equal(values[10:], target.values)
    np.testing.assert_array_equal(
        values[:10], np.full_like(values[:10], np.nan if kind == "real" else MISSING)
    )
    assert not joined.targets[kind].labelled[:10].any()
    assert joined.targets["y"].labelled.tolist() == [True] * 10 + [False] * 8


@pytest.mark.parametrize("kind", _kinds(1))
def test_a_target_of_both_parts_is_one(kind: str) -> None:
    first, second = _kinds(10)[kind], _kinds(8)[kind]
    joined = concat({"a": _part(10, {kind: first}), "b": _part(8, {kind: second})})
    assert list(joined.targets) == [kind]
    np.testing.assert_array_equal(
        joined.targets[kind].values, np.concatenate([first.values, second.values])
    )


def test_samples_and_splits_stay_together() -> None:
    parts = {name: _part(n, _kinds(n)) for name, n in (("a", 10), ("b", 8), ("c", 15))}
    joined = concat(parts)
    assert len(joined) == 33
    assert joined.sources is not None
    assert joined.sources.names == ("a", "b", "c")
    start = 0
    for number, part in enumerate(parts.values()):
        own = np.flatnonzero(joined.sources.numbers == number)
        assert own.tolist() == list(range(start, start + len(part)))
        for split in SPLITS:
            rows = np.intersect1d(joined.splits[split], own)
            assert (rows == np.sort(part.splits[split]) + start).all()
            assert (
                joined.inputs["words"][rows] == part.inputs["words"][np.sort(part.splits[split])]
            ).all()
        start += len(part)


def test_a_part_without_a_mask_has_real_tokens_only() -> None:
    mask = np.tile([True, True, False], (8, 1))
    joined = concat({"a": _part(10, _kinds(10)), "b": _part(8, _kinds(8), mask=mask)})
    assert (joined.masks["words"] == np.concatenate([np.ones((10, 3), bool), mask])).all()
    assert concat({"a": _part(10, _kinds(10)), "b": _part(8, _kinds(8))}).masks == {}


def test_the_layout_is_that_of_a_part() -> None:
    joined = concat({"a": _part(10, _kinds(10)), "b": _part(8, _kinds(8))})
    of_part = data_spec(_part(10, _kinds(10))).to_json()
    tree = data_spec(joined).to_json()
    part = of_part.pop("preparation")
    assert tree.pop("preparation") == {
        "name": "sources",
        "fitted": {"sources": {"a": part, "b": part}},
    }
    assert tree == of_part
    assert DataSpec.from_json(data_spec(joined).to_json()).to_json() == data_spec(joined).to_json()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (_part(8, {"class": Target(np.zeros(8, int), "class", ("a", "b"))}),
         r"'class' is class \(a, b\) in source 'two' and class \(a, b, c\) in source 'one'"),
        (_part(8, {"class": Target(np.ones(8), "real")}),
         r"'class' is real in source 'two' and class \(a, b, c\)"),
        (_part(8, {"tags": Target(np.zeros((8, 5), int), "tags", ("O", "B"))}),
         r"'tags' have the shape \(5,\) in source 'two' and \(3,\) in source 'one'"),
        (_part(8, _kinds(8), x=np.zeros((8, 4), int)),
         "'words' is N × 4 int64 in source 'two' and N × 3 int64 in"),
        (_part(8, _kinds(8), x=np.zeros((8, 3))),
         "'words' is N × 3 float32 in source 'two' and N × 3 int64 in"),
        (DataSet({"wrods": np.zeros((8, 3))}, _kinds(8), _part(8, _kinds(8)).splits),
         "source 'two' has no view 'words', which source 'one' has; all sources .* wrods"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_source(other: DataSet, message: str) -> None:
    with pytest.raises(DataError, match=message):
        concat({"one": _part(10, _kinds(10)), "two": other})


def test_a_view_of_a_later_source_alone_is_refused() -> None:
    part = _part(8, _kinds(8))
    more = DataSet({**part.inputs, "extra": np.zeros((8, 2))}, part.targets, part.splits)
    with pytest.raises(DataError, match="source 'one' has no view 'extra', which source 'two' has"):
        concat({"one": _part(10, _kinds(10)), "two": more})


class TestStacked:
    @given(st.lists(st.integers(0, 19), max_size=30), st.integers(-25, 25), st.integers(-25, 25))
    def test_it_reads_as_one_array(self, rows: list[int], start: int, stop: int) -> None:
        whole = np.arange(40, dtype=np.float32).reshape(20, 2)
        stacked = RowConcat(whole[:5], whole[5:6], whole[6:])
        assert (stacked.shape, stacked.dtype, stacked.nbytes, len(stacked)) == (
            (20, 2),
            whole.dtype,
            whole.nbytes,
            20,
        )
        numbers = np.array(rows, np.int64)
        np.testing.assert_array_equal(stacked[numbers], whole[numbers])
        np.testing.assert_array_equal(stacked[start:stop], whole[start:stop])

    def test_a_part_on_disk_stays_there(self, tmp_path: Path) -> None:
        whole = np.arange(4000, dtype=np.float32).reshape(1000, 4)
        np.save(tmp_path / "x.npy", whole[:900])
        stacked = stack([MemmapArray(tmp_path / "x.npy"), whole[900:]])
        assert not in_memory(stacked)
        assert len(pickle.dumps(stacked)) < 4000, "the file's part travels as its path"
        again = pickle.loads(pickle.dumps(stacked))
        np.testing.assert_array_equal(
            again[np.array([950, 3, 899, 900])], whole[[950, 3, 899, 900]]
        )

    def test_parts_in_memory_are_one_array(self) -> None:
        assert in_memory(stack([np.zeros((2, 3)), np.ones((1, 3))]))
