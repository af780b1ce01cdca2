"""Tables: columns to inputs and targets, ways to split, no leakage, and every mistake named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.table import table
from mtl_search.errors import ConfigError, DataError
from tests.unit.data.conftest import Build, WriteCsv

COLOURS = ("red", "green", "blue")


def _frame(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "height": rng.normal(170, 10, n).round(1),
            "age": rng.integers(18, 80, n),
            "colour": rng.choice(COLOURS, n),
            "species": rng.choice(["cat", "dog", "eel"], n),
            "weight": rng.normal(70, 9, n).round(2),
            "sick": rng.integers(0, 2, n),
            "tall": rng.integers(0, 2, n),
            "owner": rng.integers(0, 12, n),
            "part": np.resize([*["train"] * 3, "validation", "test"], n),
        }
    )
    return frame.astype(object).where(rng.random(frame.shape) > _holes(frame), None).infer_objects()


def _holes(frame: pd.DataFrame) -> Any:
    """How often a cell is empty: never where that is not allowed."""
    return [0.0 if name in ("owner", "part", "sick") else 0.1 for name in frame.columns]


TARGETS = {"species": "class", "mass": {"kind": "real", "column": "weight"}, "sick": "binary"}
INPUTS = ["height", "age", "colour"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    _frame().to_csv(tmp_path / "pets.csv", index=False)
    return tmp_path / "pets.csv"


def _same(first: DataSet, second: DataSet) -> bool:
    return (
        np.array_equal(first.inputs["table"][:], second.inputs["table"][:])
        and all(np.array_equal(first.splits[name], second.splits[name]) for name in SPLITS)
        and all(
            np.array_equal(
                target.values, second.targets[name].values, equal_nan=target.kind == "real"
            )
            and target.classes == second.targets[name].classes
            for name, target in first.targets.items()
        )
    )


def test_inputs_and_targets(path: Path) -> None:
    data, frame = table(str(path), TARGETS, columns=INPUTS), pd.read_csv(path)
    assert data.inputs["table"].shape == (60, 2 * 2 + 4), (
        "height and age with marks, three colours and others"
    )
    assert data.targets["species"].classes == ("cat", "dog", "eel")
    assert {name: target.kind for name, target in data.targets.items()} == {
        "species": "class",
        "mass": "real",
        "sick": "binary",
    }
    assert (data.targets["species"].labelled == frame["species"].notna()).all()
    assert (data.targets["mass"].labelled == frame["weight"].notna()).all()
    assert data.targets["mass"].values == pytest.approx(
        frame["weight"].to_numpy(), nan_ok=True, rel=1e-6
    )
    assert not data.targets["species"].labelled.all(), "or the test says nothing"


def test_all_other_columns_are_inputs_by_default(path: Path) -> None:
    wide = table(str(path), TARGETS, split="part")
    named = table(
        str(path), TARGETS, split="part", columns=["height", "age", "colour", "tall", "owner"]
    )
    assert _same(wide, named)


def test_parquet_gives_the_same_as_csv(path: Path, tmp_path: Path) -> None:
    frame = _frame()
    frame.to_parquet(tmp_path / "pets.parquet")
    frame.astype({"age": "Int64", "colour": "category"}).to_parquet(tmp_path / "typed.pq")
    csv = table(str(path), TARGETS, columns=INPUTS, stratify="species")
    assert _same(
        csv, table(str(tmp_path / "pets.parquet"), TARGETS, columns=INPUTS, stratify="species")
    )
    assert _same(
        csv, table(str(tmp_path / "typed.pq"), TARGETS, columns=INPUTS, stratify="species")
    )


@pytest.mark.parametrize(
    ("name", "separator"), [("a.tsv", None), ("a.csv", ";"), ("a.csv.gz", None)]
)
def test_other_separators_and_compression(
    path: Path, tmp_path: Path, name: str, separator: str | None
) -> None:
    written = separator or ("\t" if ".tsv" in name else ",")
    _frame().to_csv(tmp_path / name, index=False, sep=written)
    same = table(str(tmp_path / name), TARGETS, columns=INPUTS, separator=separator)
    assert _same(table(str(path), TARGETS, columns=INPUTS), same)


def test_missing_labels_are_masked_however_they_are_written(write_csv: WriteCsv) -> None:
    lines = [
        "a,kind,yes,size",
        "1,x,1,2.5",
        "2,y,0,-1",
        "3,,,",
        "4,NA,NaN,nan",
        "5,None,-1,NA",
        "6,-1,1,1",
    ]
    data = table(
        str(write_csv("t.csv", "\n".join(lines * 1))),
        {"kind": "class", "yes": "binary", "size": "real"},
    )
    assert data.targets["kind"].values.tolist() == [0, 1, -1, -1, -1, -1]
    assert data.targets["yes"].values.tolist() == [1, 0, -1, -1, -1, 1]
    assert data.targets["size"].labelled.tolist() == [True, True, False, False, False, True]
    assert data.targets["size"].values[1] == -1.0, "a size of -1 is a size"


def test_multilabel_columns(path: Path) -> None:
    spec = {"flags": {"kind": "multilabel", "columns": ["sick", "tall"]}}
    flags, frame = table(str(path), spec, columns=INPUTS).targets["flags"], pd.read_csv(path)
    assert flags.classes == ("sick", "tall")
    assert (flags.values == frame[["sick", "tall"]].fillna(-1).to_numpy()).all()
    assert (flags.values == -1).any()


# ------------------------------------------------------------------------------------------ leakage


def _changed_outside_train(
    frame: pd.DataFrame, rows: Any, change: Callable[[pd.DataFrame, Any], None]
) -> pd.DataFrame:
    changed = frame.astype(object)
    change(changed, rows)
    return changed


def _shift(frame: pd.DataFrame, rows: Any) -> None:
    frame.loc[rows, "height"] = 1e6
    frame.loc[rows, "age"] = 0.5


def _empty(frame: pd.DataFrame, rows: Any) -> None:
    frame.loc[rows, INPUTS] = None


def _unknown(frame: pd.DataFrame, rows: Any) -> None:
    frame.loc[rows, "colour"] = "7"


@pytest.mark.parametrize("change", [_shift, _empty, _unknown])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_changing_test_rows_changes_nothing_in_the_train_part(
    tmp_path: Path, change: Any, suffix: str
) -> None:
    frame = _frame()
    test = frame["part"] == "test"
    before, after = tmp_path / f"before.{suffix}", tmp_path / f"after.{suffix}"
    for path, content in (
        (before, frame),
        (after, _changed_outside_train(frame, test, change).infer_objects()),
    ):
        content.to_csv(path, index=False) if suffix == "csv" else content.to_parquet(path)
    first, second = (
        table(str(path), TARGETS, columns=INPUTS, split="part") for path in (before, after)
    )
    for name in ("train", "validation"):
        rows = first.splits[name]
        assert (rows == second.splits[name]).all()
        assert (first.inputs["table"][rows] == second.inputs["table"][rows]).all()
    rows = first.splits["test"]
    assert (first.inputs["table"][rows] != second.inputs["table"][rows]).any(), (
        "the change did change something"
    )


def test_train_rows_have_mean_0_and_deviation_1(path: Path) -> None:
    data = table(str(path), TARGETS, columns=["owner"])
    x = data.inputs["table"][data.splits["train"]]
    assert x.mean() == pytest.approx(0, abs=1e-6)
    assert x.std() == pytest.approx(1, abs=1e-6)
    assert data.inputs["table"][:].mean() != pytest.approx(0, abs=1e-4)


def test_a_class_of_the_test_rows_alone_has_a_number(write_csv: WriteCsv) -> None:
    text = "a,y,part\n1,cat,train\n2,dog,train\n3,cat,validation\n4,eel,test"
    data = table(str(write_csv("t.csv", text)), {"y": "class"}, split="part")
    assert data.targets["y"].classes == ("cat", "dog", "eel")
    assert data.targets["y"].values.tolist() == [0, 1, 0, 2]


# ------------------------------------------------------------------------------------------- splits


def test_split_by_seed(path: Path, build: Build) -> None:
    arguments: dict[str, Any] = {"path": str(path), "targets": TARGETS, "columns": INPUTS}
    first, again, other = (build("table", **arguments, run_seed=seed) for seed in (3, 3, 4))
    assert [len(first.splits[name]) for name in SPLITS] == [36, 12, 12]
    assert _same(first, again)
    assert not _same(first, other)
    assert _same(first, build("table", **arguments, seed=3, run_seed=99)), (
        "a seed of its own goes before the run's"
    )


def test_stratified_split(path: Path) -> None:
    data = table(str(path), TARGETS, columns=INPUTS, stratify="species")
    values = data.targets["species"].values
    whole = np.bincount(values + 1) / 60
    for name in SPLITS:
        rows = data.splits[name]
        assert np.abs(np.bincount(values[rows] + 1, minlength=4) - whole * len(rows)).max() <= 2


def test_split_column(path: Path) -> None:
    data, frame = table(str(path), TARGETS, split="part"), pd.read_csv(path)
    for name in SPLITS:
        assert (frame["part"].to_numpy()[data.splits[name]] == name).all()
    assert sum(map(len, data.splits.values())) == len(frame)


def test_group_split(path: Path) -> None:
    data, frame = table(str(path), TARGETS, group="owner"), pd.read_csv(path)
    owners = [set(frame["owner"].to_numpy()[data.splits[name]]) for name in SPLITS]
    assert sum(map(len, owners)) == frame["owner"].nunique()
    assert (
        data.inputs["table"].shape
        == table(str(path), TARGETS, columns=[*INPUTS, "tall", "part"]).inputs["table"].shape
    )


def test_a_file_for_each_split_and_no_labels_in_test(path: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(path)
    paths = {}
    for name in SPLITS:
        paths[name] = str(tmp_path / f"{name}.csv")
        part = frame[frame["part"] == name].drop(columns="part")
        part.drop(columns=list({"species", "weight"} if name == "test" else set())).to_csv(
            paths[name], index=False
        )
    data = table(paths, TARGETS, columns=INPUTS)
    assert [data.splits[name].tolist() for name in SPLITS] == [
        list(range(36)),
        list(range(36, 48)),
        list(range(48, 60)),
    ]
    one_file = table(str(path), TARGETS, columns=INPUTS, split="part")
    for name in SPLITS:
        rows, other = data.splits[name], one_file.splits[name]
        assert (data.inputs["table"][rows] == one_file.inputs["table"][other]).all()
    assert not data.targets["species"].labelled[data.splits["test"]].any()
    assert data.targets["sick"].labelled[data.splits["test"]].any()


# ----------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("changes", "path_of_key", "message"),
    [
        ({"targets": {"specis": "class"}}, "data.targets.specis", "did you mean 'species'"),
        (
            {"targets": {"y": {"kind": "class", "column": "specis"}}},
            "data.targets.y.column",
            "did you mean 'species'",
        ),
        (
            {"targets": {"y": {"kind": "multilabel", "columns": ["sick", "tal"]}}},
            "data.targets.y.columns",
            "'tall'",
        ),
        ({"targets": {"species": "clas"}}, "data.targets.species.kind", "did you mean 'class'"),
        (
            {"targets": {"species": {"column": "species"}}},
            "data.targets.species.kind",
            "kind of the target is needed",
        ),
        (
            {"targets": {"species": {"kind": "class", "colum": "x"}}},
            "data.targets.species.colum",
            "'column'",
        ),
        (
            {"targets": {"species": {"kind": "class", "columns": ["x"]}}},
            "data.targets.species.columns",
            "only a multi",
        ),
        ({"targets": {"y": "multilabel"}}, "data.targets.y", "needs `columns`"),
        ({"targets": {"species": 3}}, "data.targets.species", "a mapping from names"),
        ({"targets": ["species"]}, "data.targets", "a mapping from names"),
        ({"targets": {}}, "data.targets", "a mapping from names"),
        ({"columns": ["heigth"]}, "data.columns", "did you mean 'height'"),
        ({"columns": ["species"]}, "data.columns", "this column is a target"),
        ({"columns": []}, "data.columns", "list of names"),
        ({"columns": 7}, "data.columns", "list of names"),
        ({"columns": ["age", "age"]}, "data.columns", "given twice"),
        (
            {"categorical": ["hight"], "columns": INPUTS},
            "data.categorical",
            "did you mean 'height'",
        ),
        ({"fractions": [0.5, 0.2, 0.2]}, "data.fractions", "they sum to 0.9"),
        (
            {"fractions": {"train": 0.6, "valid": 0.2, "test": 0.2}},
            "data.fractions.valid",
            "did you mean 'validation'",
        ),
        ({"fractions": 0.8}, "data.fractions", "three numbers"),
        ({"fractions": [1.0, 0.0, 0.0]}, "data.fractions", "above 0"),
        ({"split": "prt"}, "data.split", "did you mean 'part'"),
        ({"split": 5}, "data.split", "a text is needed"),
        ({"split": "part", "stratify": "species"}, "data.stratify", "only a split by seed"),
        ({"split": "part", "group": "owner"}, "data.group", "only a split by seed"),
        ({"stratify": "mass"}, "data.stratify", "class or binary target"),
        ({"stratify": "specis"}, "data.stratify", "did you mean 'species'"),
        ({"stratify": "species", "group": "owner"}, "data.group", "not both"),
        ({"group": "ower"}, "data.group", "did you mean 'owner'"),
        ({"seed": 1.5}, "data.seed", "whole number"),
        ({"max_categories": 2, "columns": INPUTS}, "data.columns", "more than max_categories=2"),
        ({"max_categories": "all"}, "data.max_categories", "whole number"),
        ({"separator": 5}, "data.separator", "a text"),
        ({"path": 5}, "data.path", "a text"),
        ({"path": "nowhere/pets.csv"}, "data.path", "there is no folder nowhere"),
        ({"path": "package:no_such_package/x.csv"}, "data.path", "pip install no_such_package"),
        ({"path": {"train": "a.csv"}}, "data.path", "file for validation, test is needed"),
        ({"path": {"train": "a.csv", "tets": "b"}}, "data.path.tets", "did you mean 'test'"),
        (
            {"path": {"train": "a.csv", "validation": "b", "test": "c"}},
            "data.path.train",
            "no such file",
        ),
        ({"patth": "x"}, "data.patth", "did you mean 'path'"),
    ],
)
def test_mistakes_in_the_config(
    path: Path, build: Build, changes: dict[str, Any], path_of_key: str, message: str
) -> None:
    arguments = {"path": str(path), "targets": TARGETS, **changes}
    with pytest.raises(ConfigError) as caught:
        build("table", **arguments)
    assert caught.value.path == path_of_key
    assert message in str(caught.value)


def test_a_row_of_no_split_is_told_by_its_line(path: Path) -> None:
    message = (
        "data.split: the column 'colour' must say train, validation, test .* line 2 of .* 'blue'"
    )
    with pytest.raises(DataError, match=message):
        table(str(path), TARGETS, split="colour")


def test_a_path_with_a_slip_is_answered_with_the_nearest_file(path: Path, build: Build) -> None:
    slip = str(path).replace("pets", "pest")
    with pytest.raises(ConfigError) as caught:
        build("table", path=slip, targets=TARGETS)
    assert f"value:    {slip!r}" in str(caught.value)
    assert f"did you mean {str(path)!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"a,y\n", "has no rows"),
        ("a.csv", b"a,y\n1,2,3\n4,5,6,7\n", "cannot read"),
        ("a.csv", b"a,y\n\xff\xfe,1\n", "not UTF-8 from line 2 on: name its encoding"),
        ("a.csv.gz", b"not gzip", "not compressed by gzip"),
        ("a.parquet", b"not parquet", "no Parquet file"),
        ("a.csv", b"a,y\n1,\n2,\n", "target 'y' has no labels at all"),
        ("a.csv", b"a,y\n1,0\n2,1\n", "test split of 2 samples would be empty"),
        ("a.csv", b"a,y\ninf,0\n2,1\n3,1\n4,1\n5,0\n", "column 'a' has"),
    ],
)
def test_files_that_cannot_be_used(
    tmp_path: Path, build: Build, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        build("table", path=str(tmp_path / name), targets={"y": "class"})


def test_a_text_in_a_numeric_column_of_the_test_rows(write_csv: WriteCsv) -> None:
    text = "a,y,part\n1,0,train\n2,1,train\n3,0,validation\nmany,1,test"
    with pytest.raises(DataError, match=r"column 'a' is numeric, but line 5 of .*t.csv \('many'\)"):
        table(str(write_csv("t.csv", text)), {"y": "class"}, split="part")


def test_an_input_column_that_a_split_file_lacks(write_csv: WriteCsv) -> None:
    paths = {
        name: str(write_csv(f"{name}.csv", "a,b,y\n1,2,0\n3,4,1"))
        for name in ("train", "validation")
    }
    paths["test"] = str(write_csv("test.csv", "a,y\n1,0"))
    with pytest.raises(DataError, match="the test file has no column 'b'"):
        table(paths, {"y": "class"})


def test_no_column_left(write_csv: WriteCsv) -> None:
    with pytest.raises(ConfigError, match="no column is left for the input"):
        table(str(write_csv("t.csv", "y\n0\n1")), {"y": "class"})


@pytest.mark.parametrize(
    ("one", "other"), [("P{}", "P{} "), ("{}\u00e9", "{}e\u0301"), ("{}", "{}.0")]
)
def test_a_group_that_is_written_in_two_ways_stays_together(
    write_csv: WriteCsv, one: str, other: str
) -> None:
    rows = [f"{k},{(other if k % 2 else one).format(k // 4)},{k % 2}" for k in range(80)]
    file = write_csv("t.csv", "\n".join(["a,g,y", *rows]))
    data = table(str(file), {"y": "class"}, group="g", columns=["a"])
    groups = [set((data.splits[name] // 4).tolist()) for name in SPLITS]
    assert sum(map(len, groups)) == 20


def test_empty_groups(write_csv: WriteCsv) -> None:
    with pytest.raises(DataError, match="group column 'g' has empty cells"):
        table(str(write_csv("t.csv", "a,g,y\n1,x,0\n2,,1")), {"y": "class"}, group="g")


# ------------------------------------------------------------------------------------ real penguins


def test_penguins_as_they_were_recorded(need_data: Callable[[str], Path]) -> None:
    raw = need_data("penguins") / "penguins-raw.csv"
    data = table(
        str(raw),
        {
            "species": {"kind": "class", "column": "Species"},
            "sex": {"kind": "binary", "column": "Sex"},
        },
        columns=[
            "Culmen Length (mm)",
            "Culmen Depth (mm)",
            "Delta 15 N (o/oo)",
            "Clutch Completion",
        ],
        stratify="species",
    )
    assert len(data) == 344
    assert data.targets["sex"].classes == ("FEMALE", "MALE")
    assert (~data.targets["sex"].labelled).sum() == 11
    assert data.inputs["table"].shape[1] == 3 + 3 + 3, (
        "three measures, their marks, and Yes, No, other"
    )


def test_free_text_among_the_inputs_is_refused(need_data: Callable[[str], Path]) -> None:
    raw = need_data("penguins") / "penguins-raw.csv"
    with pytest.raises(ConfigError, match=r"'Individual ID' has .* different texts"):
        table(str(raw), {"species": {"kind": "class", "column": "Species"}})


GERMAN = "\n".join(f"{k};{k},5;{'?' if k % 4 == 0 else 60 - k};{'ab'[k % 2]}" for k in range(40))


def test_a_table_of_another_style(write_csv: WriteCsv, caplog: pytest.LogCaptureFixture) -> None:
    path = str(write_csv("t.csv", f"n;half;age;y\n{GERMAN}"))
    with pytest.raises(ConfigError, match="should it be ';'") as caught:
        table(path, {"y": "class"})
    assert caught.value.path == "data.separator"
    data = table(path, {"y": "class", "half": "real"}, separator=";", decimal=",", missing=["?"])
    assert data.inputs["table"].shape == (40, 3)  # n, age, and whether age is missing
    assert data.targets["half"].values.tolist() == [k + 0.5 for k in range(40)]
    assert not caplog.records
    assert table(path, {"y": "class"}, separator=";", columns=["age"]).inputs["table"].shape[1] > 15
    (age,) = (record.getMessage() for record in caplog.records)
    assert "nearly all are numbers, but '?' is none (`missing: ['?']`" in age
    with pytest.raises(ConfigError, match=r"'half' holds 24 numbers with decimal commas.*decimal:"):
        table(path, {"y": "class"}, separator=";")
    caplog.clear()
    table(path, {"y": "class"}, separator=";", columns=["half"], categorical=["half"])
    assert not caplog.records  # it was meant


def test_one_file_for_two_splits(path: Path) -> None:
    with pytest.raises(ConfigError, match="a file of its own") as caught:
        table(dict.fromkeys(SPLITS, str(path)), TARGETS)
    assert caught.value.path == "data.path"


@pytest.mark.parametrize("positive", [1, 1.0, "1", "1.0"])
def test_a_positive_value_is_a_number_or_its_text(write_csv: WriteCsv, positive: object) -> None:
    text = "a,y\n" + "\n".join(f"{k},{k % 3}" for k in range(20))
    spec = {"y": {"kind": "binary", "positive": positive}}
    assert table(str(write_csv("t.csv", text)), spec).targets["y"].values.tolist() == [
        int(k % 3 == 1) for k in range(20)
    ]


def test_a_positive_value_that_yaml_made_a_truth_of(path: Path) -> None:
    with pytest.raises(ConfigError, match="in quotes, as the file has it"):
        table(str(path), {"sick": {"kind": "binary", "positive": True}})


@pytest.mark.parametrize(
    ("start", "step", "text"), [(1.7e9, 20, "rounds by up to"), (0, 1e38, "scale them")]
)
def test_labels_that_single_precision_cannot_tell_apart(
    write_csv: WriteCsv, start: float, step: float, text: str
) -> None:
    rows = "\n".join(f"{k},{start + step * k!r}" for k in range(20))
    with pytest.raises(DataError, match=text):
        table(str(write_csv("t.csv", f"a,y\n{rows}")), {"y": "real"})
