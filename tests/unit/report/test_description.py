"""The answer of a sweep as Markdown, with the numbers of the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import health_checks
from mtl_search.analysis.health.check import Check
from mtl_search.report import render
from mtl_search.report.description import description
from tests.support.recorded_sweeps import Builder, config, whole


def test_every_number_stands_in_the_report_of_the_terminal(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    record = whole(builder, twins=True).sweep_record
    evidence = Evidence.of(record, config())
    text = description(evidence, health_checks(evidence))
    screen = io.StringIO()
    render(evidence, Console(file=screen, width=400))
    shown = set(screen.getvalue().split())
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(tables) > 8
    cells = [cell.strip() for line in tables for cell in line.strip("|").split("|")]
    numbers = {word for cell in cells for word in cell.split() if any(map(str.isdigit, word))}
    assert len(numbers) > 20
    assert numbers <= shown
    assert "**Finalists on the test split**" in text
    assert "search ✓" in text


def test_a_sweep_without_an_epoch_has_no_tables(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    builder.begin("search", 0)
    assert not description(Evidence.of(builder.sweep_record, config()), [])


def test_warnings_come_first_and_are_few(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    builder.trial("equal", 0, 0.8)
    checks = [Check(f"check {number}", False, "more trials") for number in range(6)]
    checks.append(Check("fine", True, "well"))
    text = description(Evidence.of(builder.sweep_record, config()), checks)
    assert text.startswith("- Warning, check 0: more trials.")
    assert text.count("Warning") == 4
    assert "- 2 more warnings are in the report." in text
    assert "**Best trials on the validation split**" in text
