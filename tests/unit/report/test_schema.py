"""The JSON schema of a report: every report keeps to it, and it describes every key."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mtl_search.analysis.evidence import Evidence
from mtl_search.config import load_config
from mtl_search.report import to_json
from mtl_search.report.export import FORMAT
from mtl_search.report.schema import report_schema
from mtl_search.storage.journal import read_record
from tests.support.compared_sweeps import write_sweep
from tests.support.recorded_sweeps import Builder, config, whole
from tests.support.repository import REPOSITORY

FIXTURES = sorted((REPOSITORY / "tests" / "fixtures" / "sweeps").glob("*/journal.jsonl"))


def problems(tree: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(report_schema()).iter_errors(tree)
    return [f"{error.json_path}: {error.message}" for error in found]


def report_of(folder: Path) -> dict[str, Any]:
    record = read_record(folder / "journal.jsonl")
    return to_json(Evidence.of(record, load_config(folder / "config.yaml"), folder))


def test_it_is_a_schema_of_this_format() -> None:
    schema = report_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["format"]["const"] == FORMAT


@pytest.mark.parametrize("journal", FIXTURES, ids=lambda path: path.parent.name)
def test_reports_of_earlier_versions_keep_to_it(journal: Path) -> None:
    assert problems(report_of(journal.parent)) == []


@pytest.mark.parametrize("items", [0, 50])
@pytest.mark.parametrize("seeds", [1, 5])
def test_reports_keep_to_it(builder: Builder, seeds: int, items: int) -> None:
    whole(builder.scales(), seeds=seeds, twins=True, items=items)
    assert problems(to_json(Evidence.of(builder.sweep_record, config(), builder.path.parent))) == []


def test_reports_of_many_tasks_keep_to_it(tmp_path: Path) -> None:
    """Of more than ten tasks no hypervolume is known."""
    folder = write_sweep(tmp_path / "many", tuple(f"t{number}" for number in range(11)))
    tree = report_of(folder)
    assert tree["pareto"]["hypervolume"] is None
    assert problems(tree) == []


def test_a_sweep_that_has_just_begun_keeps_to_it(builder: Builder) -> None:
    assert problems(to_json(Evidence.of(builder.sweep_record, config()))) == []


def test_every_key_of_a_report_is_described(builder: Builder) -> None:
    builder.baseline("left", "linear", 0.6)
    whole(builder.scales(), seeds=5, twins=True, items=100)
    tree = to_json(Evidence.of(builder.sweep_record, config(), builder.path.parent))
    schema = report_schema()
    assert sorted(set(_undescribed(tree, schema, schema))) == []


def test_new_keys_are_allowed_and_missing_ones_are_not(builder: Builder) -> None:
    whole(builder.scales(), seeds=5)
    tree = to_json(Evidence.of(builder.sweep_record, config()))
    assert problems({**tree, "weather": "fine"}) == []
    for key in tree:
        assert problems({name: value for name, value in tree.items() if name != key}) != []
    renamed = copy.deepcopy(tree)
    renamed["verdict"]["sharing"]["interval"] = "wide"
    assert problems(renamed) != []


def _undescribed(value: Any, part: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Keys of a tree that have no place in the schema."""
    part = _resolved(part, schema)
    if isinstance(value, list):
        for item in value:
            yield from _undescribed(item, part.get("items", {}), schema)
    if not isinstance(value, dict):
        return
    described = part.get("properties", dict.fromkeys(value, part.get("additionalProperties", {})))
    for key, item in value.items():
        if key in described:
            yield from _undescribed(item, described[key], schema)
        elif not key.startswith(("val/", "weight/")):
            yield key


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in part:
        part = next((p for p in part["anyOf"] if p.get("type") != "null"), {})
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return part
