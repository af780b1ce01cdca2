"""Modules are found and read, and names are followed, without an import."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from mtl_search.source import find_file, read_module
from mtl_search.source.modules import follow_name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["", ".relative", "no_such_module", "sys", "builtins", f"json.{'a' * 300}"]
)
def test_a_module_without_source(name: str) -> None:
    assert find_file(name) is None
    assert read_module(name) is None


def test_a_module_with_an_error_in_it(folder: Path) -> None:
    (folder / "read_only.py").write_text("def (")
    assert read_module("read_only") is None


def test_a_name_is_followed_to_the_statement_that_binds_it(folder: Path) -> None:
    package = folder / "followed"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import *\nfrom .inner import SIZE as size\n")
    (package / "inner.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from followed.outer import Outer\n"
        "SIZE = 1\nSIZE = 2\nLOOP = 3\n"
    )
    (package / "outer.py").write_text("from followed.outer import LOOP\nclass Outer: ...\n")
    module = read_module("followed")
    outer = read_module("followed.outer")
    assert module is not None
    assert outer is not None
    assert module.imported_names() == ["*", "size"]
    places = {}
    for name in ("size", "SIZE", "Outer", "missing"):
        home, statement = follow_name(module, name)
        places[name] = (home.name, statement and ast.unparse(statement))
    assert places == {
        "size": ("followed.inner", "SIZE = 2"),  # the last statement wins
        "SIZE": ("followed.inner", "SIZE = 2"),
        "Outer": ("followed.outer", "class Outer:\n    ..."),
        "missing": ("followed", None),
    }
    assert follow_name(outer, "LOOP")[1] is None  # a module that imports from itself
    assert not any(name.startswith("followed") for name in sys.modules)
