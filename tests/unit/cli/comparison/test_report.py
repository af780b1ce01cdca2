"""`mtl-search report`: forms and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.report.schema import report_schema
from tests.support.compared_sweeps import OLD, write_sweep
from tests.unit.cli.test_fuzzing import run_cli

OLD_SWEEP = str(OLD / "v0_1_finished")


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep in runs/, by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    write_sweep(Path("runs") / "faces", ("left", "right"))
    return "faces"


def test_each_form_is_printed(sweep: str) -> None:
    status, output = run_cli("report", sweep)
    assert (status, "Verdict" in output) == (0, True)
    status, output = run_cli("report", sweep, "--format", "json")
    assert (status, json.loads(output)["format"]) == (
        0,
        report_schema()["properties"]["format"]["const"],
    )
    status, output = run_cli("report", sweep, "--format", "markdown")
    assert (status, output.startswith("# demo: report of a sweep\n")) == (0, True)
    status, output = run_cli("report", sweep, "--format", "jason")
    assert (status, "did you mean 'json'?" in output) == (WRONG_INPUT, True)


def test_several_files_are_written_at_once(sweep: str) -> None:
    files = {"--html": "a.html", "--markdown": "out/a.md", "--json": "a.json"}
    words = [word for pair in files.items() for word in pair]
    status, output = run_cli("report", sweep, *words)
    assert status == 0
    assert output.splitlines() == [f"The report is in {name}" for name in files.values()]
    assert Path("a.html").read_text().startswith("<!DOCTYPE html>")
    assert Path("out/a.md").read_text() == run_cli("report", sweep, "--format", "markdown")[1]
    assert Path("a.json").read_text() == run_cli("report", sweep, "--format", "json")[1]


@pytest.mark.parametrize(
    ("option", "name"),
    [("--html", "a.pdf"), ("--html", "a.md"), ("--markdown", "a.html"), ("--json", "a.html")],
)
def test_a_file_of_another_ending_is_refused_before_anything_is_read(
    tmp_path: Path, option: str, name: str
) -> None:
    status, output = run_cli("report", "nowhere", option, str(tmp_path / name))
    assert (status, option in output) == (WRONG_INPUT, True)
    assert not (tmp_path / name).exists()


def test_a_sweep_of_version_0_1_is_reported() -> None:
    status, output = run_cli("report", OLD_SWEEP, "--format", "json")
    assert (status, json.loads(output)["sweep"]["name"]) == (0, "old")
    assert "Verdict" in run_cli("report", OLD_SWEEP)[1]
