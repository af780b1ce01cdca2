"""The cluster's side of `jobs result`, and formats."""

from __future__ import annotations

from pathlib import Path

from mtl_search import Result
from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.jobs.courier import decode
from tests.unit.cli.test_fuzzing import run_cli
from tests.unit.jobs.test_courier import FINISHED


def test_the_head_prints_the_files_of_a_sweep(tmp_path: Path) -> None:
    status, output = run_cli("jobs", "send", str(FINISHED))
    assert status == 0
    decode(output, tmp_path / "here")
    assert Result(tmp_path / "here").complete


def test_another_format_is_refused() -> None:
    status, output = run_cli("jobs", "list", "--format", "xml")
    assert status == WRONG_INPUT
    assert "--format: not a format" in output
