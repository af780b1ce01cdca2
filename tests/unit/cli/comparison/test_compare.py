"""`mtl-search compare`: forms, files and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from tests.support.compared_sweeps import OLD, write_sweep
from tests.unit.cli.test_fuzzing import run_cli


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two sweeps in runs/, by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    write_sweep(Path("runs") / "faces", ("left", "right"))
    write_sweep(Path("runs") / "faces-2", ("left", "right"), random=1)
    return ["faces", "faces-2"]


def test_each_form_is_printed(sweeps: list[str]) -> None:
    status, output = run_cli("compare", *sweeps)
    assert (status, "Verdicts side by side" in output) == (0, True)
    status, output = run_cli("compare", *sweeps, "--format", "json")
    assert (status, [s["label"] for s in json.loads(output)["sweeps"]]) == (0, sweeps)
    status, output = run_cli("compare", *sweeps, "--format", "markdown")
    assert (status, output.splitlines()[0]) == (0, "# faces and faces-2")


def test_files_are_written(sweeps: list[str]) -> None:
    files = {"--html": "out/faces.html", "--markdown": "faces.md", "--json": "faces.json"}
    words = [word for pair in files.items() for word in pair]
    status, output = run_cli("compare", *sweeps, *words)
    assert status == 0
    assert output.splitlines() == [f"The comparison is in {name}" for name in files.values()]
    assert Path("out/faces.html").read_text().startswith("<!DOCTYPE html>")
    assert Path("faces.md").read_text() == run_cli("compare", *sweeps, "--format", "markdown")[1]
    assert json.loads(Path("faces.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    "others",
    [["v0_1_finished"], ["v0_1_interrupted"], ["v0_1_population"], ["v0_1_finished"] * 2],
)
def test_sweeps_of_version_0_1_are_compared(sweeps: list[str], others: list[str]) -> None:
    status, output = run_cli("compare", sweeps[0], *(str(OLD / name) for name in others))
    assert (status, "is not the same" in output or "are not the same" in output) == (0, True)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["faces"], WRONG_INPUT, "one sweep has nothing to be compared with"),
        (["faces", "faces-2", "--format", "jason"], WRONG_INPUT, "did you mean 'json'?"),
        (["faces", "faces-2", "--html", "a.pdf"], WRONG_INPUT, "--html: not the ending"),
        (["faces", "faces-3"], WRONG_INPUT, "did you mean 'faces-2'?"),
    ],
)
def test_a_mistake_is_one_message(
    sweeps: list[str], words: list[str], status: int, message: str
) -> None:
    assert len(sweeps) == 2
    found, output = run_cli("compare", *words)
    assert (found, message in output) == (status, True), output
    assert "Traceback" not in output
