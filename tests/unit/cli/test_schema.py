"""`mtl-search schema`: where it goes, and that the names in it are those of the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_search.cli.listing import FAMILIES
from mtl_search.cli.schema import config_schema
from mtl_search.report.schema import report_schema
from tests.unit.cli.test_fuzzing import run_cli


def test_it_is_printed_or_written(tmp_path: Path) -> None:
    status, output = run_cli("schema")
    assert status == 0
    assert json.loads(output) == config_schema()
    status, nothing = run_cli("schema", "--output", str(tmp_path / "schema.json"))
    assert (status, nothing) == (0, "")
    assert json.loads((tmp_path / "schema.json").read_text()) == config_schema()


def test_a_file_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    status, output = run_cli("schema", "--output", str(tmp_path / "nowhere" / "schema.json"))
    assert status == 2
    assert output.startswith("error: --output: cannot write the schema")


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "sampling"])
def test_the_names_of_a_family_are_those_of_its_table(family: str) -> None:
    schema = json.dumps(config_schema())
    for name in FAMILIES[family].registry:
        assert json.dumps(name) in schema


def test_the_schema_of_a_report_is_that_of_its_file() -> None:
    status, output = run_cli("schema", "--report")
    assert (status, json.loads(output)) == (0, report_schema())
