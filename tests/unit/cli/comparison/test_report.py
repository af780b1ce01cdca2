"""`mtl-search report`: what is printed, and which files are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.support.repository import REPOSITORY
from tests.unit.cli.test_fuzzing import run_cli

SWEEP = str(REPOSITORY / "tests/fixtures/sweeps/v0_1_finished")


def test_files_are_written_and_named(tmp_path: Path) -> None:
    html, markdown = tmp_path / "a.html", tmp_path / "a.md"
    status, output = run_cli("report", SWEEP, "--html", str(html), "--markdown", str(markdown))
    assert status == 0
    assert str(html) in output
    assert str(markdown) in output
    assert "<h1>" in html.read_text()
    assert markdown.read_text().startswith("# ")


@pytest.mark.parametrize(
    ("option", "name"), [("--html", "a.pdf"), ("--html", "a.md"), ("--markdown", "a.html")]
)
def test_a_file_of_another_ending_is_refused_before_anything_is_read(
    tmp_path: Path, option: str, name: str
) -> None:
    status, output = run_cli("report", "nowhere", option, str(tmp_path / name))
    assert status == WRONG_INPUT
    assert option in output
    assert not (tmp_path / name).exists()


def test_what_is_printed_is_a_table_or_json() -> None:
    status, output = run_cli("report", SWEEP, "--format", "json")
    assert (status, json.loads(output)["format"]) == (0, 2)
    assert "Verdict" in run_cli("report", SWEEP)[1]
    assert run_cli("report", SWEEP, "--format", "yaml")[0] == WRONG_INPUT
