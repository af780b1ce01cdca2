"""A data set of what a program has is that of the same rows in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mtl_search import DataSet
from mtl_search.config import Component
from mtl_search.data import build_data
from mtl_search.data.preparation.stored import from_stored, to_stored


def frame() -> pd.DataFrame:
    """60 rows with numbers, categories, a group, and labels some of which are missing."""
    rng = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "size": rng.normal(size=60).round(3),
            "colour": rng.choice(["red", "blue", "green"], 60),
            "patient": np.arange(60) // 3,
            "price": rng.normal(size=60).round(3),
            "kind": rng.choice(["p", "q", "r"], 60),
            "code": rng.choice(["01234", "1234", "77"], 60),
            "ill": rng.choice(["no", "yes"], 60),
        }
    )
    made.loc[::7, ["price", "kind", "ill"]] = None
    made.loc[::5, "size"] = np.nan
    return made


def view(data: DataSet, name: str = "table") -> Any:
    return data.inputs[name]


def same_rows(one: DataSet, other: DataSet) -> bool:
    return np.array_equal(view(one), view(other))


TARGETS = {"price": "real", "kind": "class", "ill": "binary", "code": "class"}


def test_a_frame_is_read_as_the_same_rows_in_a_csv(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    arguments = {"targets": TARGETS, "group": "patient", "seed": 5}
    path = str(tmp_path / "rows.csv")
    csv = build_data(Component(name="table", path=path, **arguments), 0)
    data = DataSet.from_pandas(
        frame().set_index(np.arange(60) * 3), TARGETS, group="patient", seed=5
    )
    assert same_rows(data, csv)
    for name, target in csv.targets.items():
        assert data.targets[name].classes == target.classes
        assert np.array_equal(data.targets[name].values, target.values, equal_nan=True)
    for split, numbers in csv.splits.items():
        assert np.array_equal(data.splits[split], numbers)


def test_kinds_are_inferred_and_can_be_said() -> None:
    data = DataSet.from_pandas(frame(), ["price", "ill", "kind"], ignore=["code"])
    kinds = {name: target.kind for name, target in data.targets.items()}
    assert kinds == {"price": "real", "ill": "binary", "kind": "class"}
    targets = {"sick": {"column": "ill"}, "patient": "real", "price": None}
    data = DataSet.from_pandas(frame(), targets, columns=["size", "colour"])
    kinds = {name: target.kind for name, target in data.targets.items()}
    assert kinds == {"sick": "binary", "patient": "real", "price": "real"}


def test_raw_rows_are_prepared_as_training_saw_them() -> None:
    data = DataSet.from_pandas(frame(), TARGETS)
    assert data.preparation is not None
    stored = from_stored(to_stored(data.preparation))
    rows = frame()[["colour", "patient", "size"]]  # in another order, without the targets
    assert np.array_equal(stored.transform(rows).inputs["table"], view(data))


def test_arrays_are_prepared_as_training_saw_them() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (30, 1, 4, 4)).astype(np.uint8)
    labels = {"y": np.linspace(0, 1, 30)}
    data = DataSet.from_arrays({"image": pictures}, labels, scale={"image": 255})
    assert data.preparation is not None
    stored = from_stored(to_stored(data.preparation))
    prepared = stored.transform({"image": pictures}).inputs["image"]
    assert np.array_equal(prepared, view(data, "image"))
    assert float(view(data, "image").max()) <= 1


def test_an_arrow_table_is_one_of_hugging_face() -> None:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame(), preserve_index=False)
    data = DataSet.from_huggingface(table, TARGETS, group="patient", seed=5)
    same = DataSet.from_pandas(frame(), TARGETS, group="patient", seed=5)
    assert same_rows(data, same)
    assert data.targets["kind"].classes == same.targets["kind"].classes
