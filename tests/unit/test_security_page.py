"""The table of threats in docs/security.md and the tests of security agree, line by line."""

from __future__ import annotations

import ast
import re

from tests.support.repository import REPOSITORY

_ROW = re.compile(r"^\|(.*)\| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)


def _rows() -> list[tuple[str, str, str]]:
    text = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    return _ROW.findall(text.partition("## Threats")[2])


def _tests_of(file: str) -> set[str]:
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_line_names_a_test_that_exists() -> None:
    rows = _rows()
    text = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    table = text.partition("## Threats")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == len(lines) - 2, "a line has no test"  # but for the head
    assert [test for _, file, test in rows if test not in _tests_of(file)] == []
    assert len({(file, test) for _, file, test in rows}) == len(rows)


def test_every_test_of_security_has_a_line() -> None:
    files = sorted((REPOSITORY / "tests" / "unit" / "security").glob("test_*.py"))
    files.append(REPOSITORY / "tests" / "integration" / "test_planted_secret.py")
    tests = {
        (file, test)
        for file in (str(path.relative_to(REPOSITORY)) for path in files)
        for test in _tests_of(file)
    }
    assert tests - {(file, test) for _, file, test in _rows()} == set()
