"""The line that says where MLflow shows a sweep."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from mtl_search.cli.comparison.place import print_place
from mtl_search.tracking import Place


@pytest.mark.parametrize(
    ("uri", "begins"),
    [
        ("http://host:5000", "In MLflow: http://host:5000/#/experiments/1/runs?"),
        ("sqlite:////x.db", "In MLflow, while mtl-search ui {folder} runs: http://127.0.0.1:5000/"),
    ],
)
def test_a_server_has_its_pages_and_a_database_needs_them(
    tmp_path: Path, uri: str, begins: str
) -> None:
    Place(uri, "1", "0a", "ab").write(tmp_path)
    text = io.StringIO()
    print_place(tmp_path, Console(file=text, width=40))
    (line,) = text.getvalue().splitlines()
    assert line.startswith(begins.format(folder=tmp_path))


def test_nothing_is_said_of_a_sweep_that_mlflow_has_not(tmp_path: Path) -> None:
    text = io.StringIO()
    print_place(tmp_path, Console(file=text))
    assert not text.getvalue()
