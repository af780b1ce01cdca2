"""Completion of words in a shell, as bash asks for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_search.cli.app import app

FINISHED = Path("tests/fixtures/sweeps/v0_1_finished")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with two configs, a sweep in `runs`, and one elsewhere."""
    shutil.copytree(FINISHED, tmp_path / "runs" / "faces")
    shutil.copytree(FINISHED, tmp_path / "faces-old")
    for name in ("faces.yaml", "faces.yml", "faces.csv", ".faces.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


def offered(line: str) -> list[str]:
    """The words that the shell offers for the last word of a line."""
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    variable = {"_MTL_SEARCH_COMPLETE": "complete_bash"}
    return CliRunner().invoke(app, prog_name="mtl-search", env=asked | variable).output.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mtl-search rep", ["report"]),
        ("mtl-search jobs sta", ["status"]),
        ("mtl-search run --res", ["--resume"]),
        ("mtl-search run fac", ["faces-old/", "faces.yaml", "faces.yml"]),
        ("mtl-search validate runs/faces/con", ["runs/faces/config.yaml"]),
        ("mtl-search run nowhere/c", []),
        ("mtl-search report fac", ["faces", "faces-old/"]),
        ("mtl-search compare faces runs/f", ["runs/faces/"]),
        ("mtl-search train faces.yaml --from fac", ["faces", "faces-old/"]),
        ("mtl-search predict runs/f", ["runs/faces/"]),
        ("mtl-search export-weights faces --trial seed", ["seed-uw-0000"]),
        (
            "mtl-search predict faces-old rows.csv --trial equal-000",
            [f"equal-000{number}" for number in range(4)],
        ),
        ("mtl-search export-weights nothing --trial se", []),
        ("mtl-search export-weights --trial se", []),
    ],
)
def test_a_shell_offers_what_is_there(line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_a_damaged_journal_offers_what_can_be_read() -> None:
    journal = Path("runs/faces/journal.jsonl")
    journal.write_bytes(journal.read_bytes()[:2000] + b'\xff\n{"event": "trial", "id')
    assert offered("mtl-search export-weights faces --trial single-left-0") == ["single-left-0000"]
