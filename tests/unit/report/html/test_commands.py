from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from mtl_search.report.document import Document
from mtl_search.report.html.commands import next_commands, python_lines
from tests.support.documents import recorded
from tests.support.recorded_sweeps import Builder, whole


@pytest.mark.parametrize("has_figure", [True, False])
def test_the_lines_are_python(has_figure: bool) -> None:
    folder = Path("runs/a \"b' c")
    lines = python_lines(folder, "cost", has_figure=has_figure)
    compile(lines, "report", "exec")
    assert repr(str(folder)) in lines
    assert ("plot(" in lines) == has_figure


def test_a_sweep_goes_on_or_is_extended(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    builder = Builder(folder / "journal.jsonl").sweep()
    commands = dict(next_commands(recorded(folder, builder)))
    assert commands["Go on with the sweep"].endswith("--resume")
    whole(builder).done()
    document = recorded(folder, builder)
    commands = dict(next_commands(document))
    assert "Go on with the sweep" not in commands
    trials = document.evidence.config.search.trials
    assert commands["Search on, with more trials"].endswith(f"search.trials={2 * trials}")
    assert all(str(folder) in " ".join(shlex.split(line)) for line in commands.values())


def test_a_population_keeps_its_size(tmp_path: Path) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl"))
    builder.begin("search", 9, role="member")
    builder.done()
    document: Document = recorded(tmp_path, builder)
    assert any(trial.is_member for trial in document.evidence.record)
    assert "Search on, with more trials" not in dict(next_commands(document))
