"""Families of targets, and the tasks that a data set gives a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import Config, load_config
from mtl_search.data import load_data
from mtl_search.data.datasets.families import with_all_tasks
from mtl_search.data.datasets.table import table
from mtl_search.data.datasets.target_spec import target_specs, with_all_targets
from mtl_search.data.types import TargetKind
from mtl_search.errors import ConfigError

KINDS: tuple[TargetKind, ...] = ("class", "binary", "real")


def table_config(folder: Path, targets: dict[str, Any], **arguments: Any) -> Config:
    rng = np.random.default_rng(3)
    names = ["x0", "x1", "assay_b", "assay_a", "assay_note", "ic50", "fold"]
    rows = [",".join(names)]
    for row in range(60):
        labels = rng.integers(0, 2, 3)
        numbers = rng.normal(size=2).round(3)
        split = ("train", "validation", "test")[row % 3]
        rows.append(",".join(map(str, [*numbers, *labels, numbers.sum(), split])))
    (folder / "data.csv").write_text("\n".join(rows))
    return load_config(
        {
            "name": "demo",
            "data": {
                "name": "table",
                "path": str(folder / "data.csv"),
                "targets": targets,
                **arguments,
            },
            "tasks": {"assay_*": {"head": "binary"}},
            "model": {"backbone": "mlp"},
        }
    )


def test_one_line_names_all_columns_that_nothing_else_names(tmp_path: Path) -> None:
    targets = {"assay_*": "binary", "ic50": "real"}
    config = table_config(tmp_path, targets, split="fold", ignore="assay_note")
    data = load_data(config)
    assert list(data.targets) == ["assay_b", "assay_a", "ic50"]
    assert data.targets["assay_a"].kind == "binary"
    assert data.inputs["table"].shape[1] == 2
    assert list(with_all_tasks(config).tasks) == ["assay_b", "assay_a"]
    assert list(with_all_tasks(config, data).tasks) == ["assay_b", "assay_a"]


def test_a_target_of_its_own_and_a_named_input_belong_to_no_pattern(tmp_path: Path) -> None:
    config = table_config(tmp_path, {"assay_*": "binary"}, columns=["x0", "x1", "assay_note"])
    assert list(load_data(config).targets) == ["assay_b", "assay_a"]
    assert list(with_all_tasks(config).tasks) == ["assay_b", "assay_a"]
    targets = {"assay_*": "binary", "other": {"kind": "binary", "column": "assay_a"}}
    assert list(load_data(table_config(tmp_path, targets)).targets) == [
        "assay_b",
        "assay_note",
        "other",
    ]


def test_a_pattern_of_targets_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    config = table_config(tmp_path, {"asay-*": "binary", "ic50": "real"})
    with pytest.raises(ConfigError, match=r"data\.targets\.asay-\*: the pattern matches none"):
        load_data(config)


def test_a_star_in_the_name_of_a_column_is_no_pattern() -> None:
    specs = target_specs({"p*": "real", "q": {"kind": "real", "column": "q*"}}, KINDS, "column")
    assert with_all_targets(specs, ["p*", "p1", "q*"]) == specs


def test_what_a_pattern_says_holds_for_each_of_its_targets() -> None:
    specs = target_specs({"a*": {"kind": "class", "missing": ["?"]}}, KINDS, "column")
    expanded = with_all_targets(specs, ["a1", "a2", "b"])
    assert {name: spec.sources for name, spec in expanded.items()} == {"a1": ("a1",), "a2": ("a2",)}
    assert expanded["a2"].missing == ("?",)


def test_labels_such_as_none_are_classes_in_a_family_as_in_one_column(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(["None", "NA", "A"], (60, 2))
    lines = [f"{row},{one},{other},NA" for row, (one, other) in enumerate(labels)]
    (tmp_path / "t.csv").write_text("\n".join(["x,dr\u00fcg_a,dr\u00fcg_b,dr\u00fcg_x", *lines]))
    family = {"kind": "class", "missing": []}
    for pattern in ("dr\u00fcg_*", "dru\u0308g_*"):  # the same text in one code point and in two
        data = table(
            str(tmp_path / "t.csv"),
            {pattern: family},
            columns=["x", "dr\u00fcg_x"],
        )
        assert list(data.targets) == ["dr\u00fcg_a", "dr\u00fcg_b"]
        for target in data.targets.values():
            assert target.classes == ("A", "NA", "None")
            assert target.labelled.all()


def test_the_tasks_of_a_family_are_found_in_a_table_of_another_encoding(tmp_path: Path) -> None:
    config = table_config(tmp_path, {"assay_*": "binary"}, encoding="latin-1")
    file = tmp_path / "data.csv"
    file.write_bytes(file.read_text().replace("x0", "gr\u00f6\u00dfe").encode("latin-1"))
    assert list(with_all_tasks(config).tasks) == ["assay_b", "assay_a", "assay_note"]
