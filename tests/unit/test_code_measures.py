"""The measures of the source code count what they say they count."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from tests import code_measures
from tests.code_measures import SourceFile


def source(text: str, path: str = "mtl_search/part.py") -> SourceFile:
    return SourceFile(Path(path), dedent(text))


def package(texts: Mapping[str, str]) -> list[SourceFile]:
    """Make the modules of a package: path without its ending → content."""
    return [source(text, f"mtl_search/{path}.py") for path, text in texts.items()]


def cycles(texts: Mapping[str, str]) -> list[list[str]]:
    return code_measures.import_cycles(code_measures.import_graph(package(texts)))


def test_lines_of_source_leave_out_comments_docstrings_and_blank_lines() -> None:
    text = '''\
        """A module.

        With two paragraphs.
        """

        import os  # a comment after code

        # A comment alone.
        def function(
            argument: int,
        ) -> str:
            """One line."""
            return """a text
        of two lines"""
        '''
    assert code_measures.count_code_lines(source(text)) == len(["import", *"def", "return", "of"])


def test_comments_count_alone_and_after_code_but_not_within_texts() -> None:
    assert code_measures.count_comments(source('a = 1  # one\n# two\nb = "# none"\n')) == 2


def test_nodes_are_counted_by_kind() -> None:
    text = "a = [b for b in c]\nd = e if f else g\n"
    assert code_measures.count_nodes(source(text), ast.stmt) == 2
    assert code_measures.count_nodes(source(text), ast.IfExp) == 1
    assert code_measures.count_nodes(source(text), (ast.ListComp, ast.GeneratorExp)) == 1


def test_long_lines_are_named_by_file_and_number() -> None:
    text = f"a = 1\n#{'-' * 99}\n#{'-' * 100}\n"
    assert code_measures.long_lines(source(text)) == ["mtl_search/part.py:3"]


@pytest.mark.parametrize(
    ("description", "fragment"),
    [
        ("Of the sweep.", True),
        ("As for `arrays`.", True),
        ("The same of the best member.", True),
        ("The sweep's config.", False),
        ("At least one tensor.", False),
        ("At the nodes.", True),
        ("Office of the sweep.", False),
    ],
)
def test_a_fragment_is_told_by_its_opening(description: str, fragment: bool) -> None:
    (entry,) = _entries(f"Args:\n    config: {description}\n")
    assert entry.is_fragment == fragment


def test_entries_of_arguments_and_attributes_are_read() -> None:
    docstring = """\
        Args:
            first: One line,
                and of another one.
            *others, last (int): Many.

        Returns:
            nothing: Of value.

        Attributes:
            size: Its size.
        """
    assert [entry.names for entry in _entries(dedent(docstring))] == [
        "first",
        "*others, last",
        "size",
    ]


def _entries(sections: str) -> list[code_measures.DocumentedName]:
    text = f'def function():\n    """Do it.\n\n{sections}"""\n'
    return list(code_measures.documented_names(source(text)))


def test_moodless_docstrings_are_found(tmp_path: Path) -> None:
    (tmp_path / "mtl_search").mkdir()
    (tmp_path / "mtl_search" / "part.py").write_text(
        'def do():\n    """Do it."""\n\n\ndef does():\n    """Does it."""\n', encoding="utf-8"
    )
    assert code_measures.moodless_docstrings(tmp_path) == ["mtl_search/part.py:6"]


def test_modules_are_counted_without_init_and_subfolders() -> None:
    sources = package(dict.fromkeys(["__init__", "a", "b", "search/__init__", "search/c"], ""))
    assert code_measures.modules_by_folder(sources) == {
        Path("mtl_search"): 2,
        Path("mtl_search/search"): 1,
    }


def test_the_mirrored_test_has_the_same_folders(tmp_path: Path) -> None:
    there = tmp_path / "tests" / "unit" / "search"
    there.mkdir(parents=True)
    (there / "test_c.py").touch()
    sources = package(dict.fromkeys(["a", "search/__init__", "search/c", "search/d"], ""))
    without = code_measures.modules_without_test(tmp_path, sources)
    assert without == ["mtl_search.a", "mtl_search.search.d"]


def test_imported_modules_are_counted_once() -> None:
    text = "import os, sys\nfrom os import path\ndef f():\n    from json import loads\n"
    assert code_measures.count_imported_modules(source(text)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "import mtl_search.b",
        "from mtl_search import b",
        "from mtl_search.b import name",
        "from .b import name",
        "from . import b",
        "def f():\n    import mtl_search.b",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mtl_search.b import Name",
    ],
)
def test_every_form_of_import_makes_a_cycle(text: str) -> None:
    assert cycles({"a": text, "b": "from mtl_search.a import f"}) == [
        ["mtl_search.a", "mtl_search.b"]
    ]


def test_imports_in_one_direction_make_no_cycle() -> None:
    texts = {"__init__": "from mtl_search.a import f", "a": "import mtl_search.b, os", "b": ""}
    assert cycles(texts) == []


def test_a_package_and_its_module_make_a_cycle() -> None:
    texts = {
        "data/__init__": "from mtl_search.data.a import f",
        "data/a": "from mtl_search.data import g",
    }
    assert cycles(texts) == [["mtl_search.data", "mtl_search.data.a"]]


def test_the_table_has_a_column_for_each_checkout(tmp_path: Path) -> None:
    (tmp_path / "mtl_search").mkdir()
    (tmp_path / "mtl_search" / "part.py").write_text("a = 1 if b else 2\n", encoding="utf-8")
    rows = code_measures.table([tmp_path, tmp_path]).splitlines()
    assert rows[0] == f"|  | {tmp_path.name} | {tmp_path.name} |"
    assert "| ternaries per 1,000 statements | 1000.0 | 1000.0 |" in rows
