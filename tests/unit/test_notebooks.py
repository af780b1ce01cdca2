"""Notebooks run in a real kernel, one after another; it leaves nothing open."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from tests import notebooks


def test_a_kernel_runs_notebooks_one_after_another(tmp_path: Path) -> None:
    kernel = notebooks.start_kernel(tmp_path, {"NAME": "value"})
    try:
        first = new_notebook(cells=[new_code_cell("import os\nhere = os.getcwd(), os.getpid()")])
        notebooks.execute(first, kernel)
        second = new_notebook(cells=[new_code_cell("print(*here, os.environ['NAME'])")])
        notebooks.execute(second, kernel)
        (output,) = second.cells[0].outputs
        folder, process, value = output.text.split()
        assert (folder, value) == (str(tmp_path), "value")
        assert int(process) != os.getpid()
        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            notebooks.execute(new_notebook(cells=[new_code_cell("1 / 0")]), kernel)
    finally:
        kernel.shutdown_kernel()


def test_a_file_gets_what_its_notebook_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    source = "open('made', 'w').close()\nprint(6 * 7)"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), tmp_path / "a.ipynb")
    notebooks.main([])
    written = notebooks.read(tmp_path / "a.ipynb")
    assert [output.text for output in written.cells[0].outputs] == ["42\n"]
    assert written.metadata["language_info"] == {"name": "python"}
    assert capsys.readouterr().out.startswith("a.ipynb: ")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]  # it ran elsewhere


def test_budgets_are_those_of_the_cell_of_parameters() -> None:
    cells = [new_code_cell("A = 1\nB = 2", metadata={"tags": ["parameters"]}), new_code_cell("A")]
    small = notebooks.with_budgets(new_notebook(cells=cells), {"A": 3, "B": 4})
    assert [cell.source for cell in small.cells] == ["A = 3\nB = 4", "A"]
    with pytest.raises(AssertionError):
        notebooks.with_budgets(small, {"A": 3})
