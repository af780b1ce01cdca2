"""Data frames, and data sets of Hugging Face, as data sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search import DataSet
from mtl_search.errors import MtlSearchError


def rows(count: int = 50) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": rng.normal(size=count), "y": rng.normal(size=count), "c": rng.integers(-1, 2, count)}
    )


WITH_LISTS = rows().assign(z=pd.Series([[1, 2]] * 50))


class ClassLabel:
    """As of `datasets`."""

    names = ["bad", "good"]  # noqa: RUF012


class Dataset:
    """What this package reads of a `datasets.Dataset`."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.features = {"x": None, "y": None, "c": ClassLabel()}

    def to_pandas(self) -> pd.DataFrame:
        return self.frame.copy()


def test_each_split_may_have_its_frame() -> None:
    whole = rows()
    frames = {"train": whole[:30], "validation": whole[30:40], "test": whole[40:]}
    data = DataSet.from_pandas(frames, "y")
    assert {name: len(part) for name, part in data.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 10,
    }


def test_a_column_may_say_the_split() -> None:
    named = rows().assign(part=["train"] * 30 + ["validation"] * 10 + ["test"] * 10)
    data = DataSet.from_pandas(named, "y", split="part")
    assert data.splits["test"].tolist() == list(range(40, 50))
    assert data.inputs["table"].shape == (50, 2)


def test_class_labels_have_their_names_and_missing_ones() -> None:
    data = DataSet.from_huggingface(Dataset(rows()), targets=["c", "y"])
    assert (data.targets["c"].kind, data.targets["c"].classes) == ("binary", ("bad", "good"))
    assert data.targets["c"].labelled.sum() == (rows()["c"] >= 0).sum()


def test_splits_are_taken_and_what_lacks_is_held_out() -> None:
    data = DataSet.from_huggingface(
        {"train": Dataset(rows(50)), "test": Dataset(rows(20))}, targets="y", columns=["x"]
    )
    sizes = {name: len(part) for name, part in data.splits.items()}
    assert sizes == {"train": 40, "validation": 10, "test": 20}
    assert data.splits["test"].tolist() == list(range(50, 70))
    alone = DataSet.from_huggingface({"train": Dataset(rows(50))}, targets="y")
    assert {name: len(part) for name, part in alone.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 10,
    }


@pytest.mark.parametrize(
    ("data", "targets", "further", "told"),
    [
        (3, "y", {}, "^a pandas data frame is needed, .* this is a int"),
        (rows()["y"], "y", {}, "this is a Series"),
        (rows(), "z", {}, "^targets.z: there is no such column"),
        (rows(), ["y"], {"group": "z"}, "^group: there is no column 'z'|^group: "),
        (rows(), ["y"], {"fractions": (1, 2)}, "^fractions: three numbers"),
        (
            rows().assign(z=pd.Series([[1, 2]] * 50)),
            ["y"],
            {},
            "the column 'z' holds a list in each row",
        ),
        ({"validation": rows()}, ["y"], {}, "^frame: a data frame `train` is needed"),
    ],
)
def test_mistakes_are_one_sentence(data: Any, targets: Any, further: Any, told: str) -> None:
    with pytest.raises(MtlSearchError, match=told):
        DataSet.from_pandas(data, targets, **further)


@pytest.mark.parametrize(
    ("data", "further", "told"),
    [
        ("squad", {}, "`datasets.Dataset`, .* this is a str; load one by"),
        ({"test": Dataset(rows())}, {}, "^the splits are test; needed is train"),
        ({"train": Dataset(rows()), "extra": Dataset(rows())}, {}, "^the splits are train, extra"),
        ({"train": Dataset(rows())}, {"group": "c"}, "^group: the data set has splits already"),
    ],
)
def test_mistakes_with_hugging_face(data: Any, further: Any, told: str) -> None:
    with pytest.raises(MtlSearchError, match=told):
        DataSet.from_huggingface(data, "y", **further)


def panel(count: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = rows(count).rename(columns={"y": "dose_1", "c": "part"})
    for number in range(20):
        frame[f"found_{number}"] = rng.random(count) < 0.5
    return frame.assign(dose_2=frame["dose_1"] + 1)


def test_a_name_with_a_star_stands_for_columns_whose_kinds_are_found(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO"):
        data = DataSet.from_pandas(panel(), targets=["dose_*", "found_*"], ignore="found_3")
    kinds = [target.kind for target in data.targets.values()]
    assert kinds == ["real"] * 2 + ["binary"] * 19
    assert data.inputs["table"].shape[1] == 2  # x and part
    assert "real: 2: dose_1, dose_2; binary: 19: found_0 ... found_19" in caplog.text
    mixed = {"found_*": None, "found_7": {"positive": False}, "d*1": "real"}
    data = DataSet.from_pandas(panel(), targets=mixed, columns=["x", "found_1"])
    assert len(data.targets) == 20
    assert data.targets["found_7"].classes == ("True", "False")
    assert data.targets["found_8"].classes == ("False", "True")
    with pytest.raises(MtlSearchError, match=r"^targets\.fuond_\*: the pattern matches none of"):
        DataSet.from_pandas(panel(), targets=["fuond_*"])
