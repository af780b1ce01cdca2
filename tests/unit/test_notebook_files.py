"""The notebooks of the documentation are fit to be published as they are stored."""

from __future__ import annotations

import ast
import getpass
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

import mtl_search
from tests import notebooks
from tests.support.repository import REPOSITORY

FILES = notebooks.notebooks()
MOST_BYTES = 300_000
# A path from the root of a machine, and not a fraction or a closing tag of HTML.
ABSOLUTE = re.compile(r"(?<![\w./<:])/(?:home|root|tmp|usr|opt|mnt|var|Users|private)\b")

every = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]


def python(source: str) -> str:
    """Python of a cell: what `%%writefile` writes, or the cell without magics."""
    first, _, rest = source.partition("\n")
    return rest if first.startswith("%%") else TransformerManager().transform_cell(source)


def code_lines(path: Path) -> int:
    lines = [line.strip() for cell in code_cells(path) for line in cell.source.splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def test_there_are_three() -> None:
    assert [path.name[:2] for path in FILES] == ["1_", "2_", "3_"]


def test_a_data_frame_becomes_a_verdict_in_less_than_60_lines() -> None:
    assert 30 < code_lines(FILES[0]) < 60


@every
def test_code_is_python_within_the_width_of_a_page(path: Path) -> None:
    for cell in code_cells(path):
        ast.parse(python(cell.source))
        assert [line for line in cell.source.splitlines() if len(line) > 100] == []


@every
def test_each_cell_is_introduced_and_short(path: Path) -> None:
    cells = notebooks.read(path).cells
    code = [
        cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", ())
        for cell in cells
    ]
    assert cells[0].source.startswith("# ")
    assert [i for i in range(2, len(code)) if code[i] and code[i - 1] and code[i - 2]] == []
    assert max(len(cell.source.splitlines()) for cell in cells) <= 40


@every
def test_outputs_are_stored_without_errors_and_warnings(path: Path) -> None:
    cells = code_cells(path)
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1))  # run once, from the top
    stored = [output for cell in cells for output in cell.outputs]
    assert len(stored) > 5
    assert [o for o in stored if o.output_type == "error" or o.get("name") == "stderr"] == []


@every
def test_nothing_stored_tells_of_the_machine_it_ran_on(path: Path) -> None:
    assert path.stat().st_size < MOST_BYTES
    text = re.sub(r'"image/png": "[^"]+"', "", path.read_text(encoding="utf-8"))
    assert ABSOLUTE.findall(text) == []
    assert str(REPOSITORY) not in text
    assert "site-packages" not in text
    user = re.escape(getpass.getuser())
    host = re.escape(socket.gethostname())
    assert re.findall(rf"\b{user}@|/{user}/|(?<!\w){host}(?!\w)", text) == []


@every
def test_links_lead_to_pages(path: Path) -> None:
    text = "\n".join(c.source for c in notebooks.read(path).cells if c.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    assert [link for link in links if not (path.parent / link).is_file()] == []


def test_names_of_mtl_search_exist() -> None:
    text = "\n".join(cell.source for path in FILES for cell in notebooks.read(path).cells)
    names = set(re.findall(r"mtl_search\.([A-Za-z]\w+)", text)) - {"models"}
    assert names >= {"run", "Result", "Model"}
    assert names <= set(mtl_search.__all__)
