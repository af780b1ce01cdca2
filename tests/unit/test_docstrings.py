"""The examples in docstrings run, and whoever uses or derives from a public name finds one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import mtl_search

# Classes that users derive from: module, name.
BASES = (
    ("mtl_search.models.stage", "Stage"),
    ("mtl_search.models.heads", "Head"),
    ("mtl_search.models.losses.base", "ElementwiseLoss"),
    ("mtl_search.models.sharing.base", "SharingPolicy"),
    ("mtl_search.training.balancing", "Weighting"),
    ("mtl_search.training.balancing", "Aggregator"),
    ("mtl_search.data", "Sampling"),
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(mtl_search.__path__, "mtl_search."):
        yield module.name


def _examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module, name) if test.examples]


@pytest.mark.parametrize("name", ["mtl_search", *_modules()])
def test_examples_run(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    for test in _examples(name):
        report: list[str] = []
        runner.run(test, out=report.append)
        assert not report, "".join(report)


@pytest.mark.parametrize("name", [name for name in mtl_search.__all__ if not name.startswith("__")])
def test_every_public_name_has_an_example(name: str) -> None:
    assert ">>> " in _docstring(getattr(mtl_search, name))


@pytest.mark.parametrize(("module", "name"), BASES)
def test_every_base_class_has_an_example(module: str, name: str) -> None:
    assert ">>> " in _docstring(getattr(importlib.import_module(module), name))


def _docstring(thing: object) -> str:
    return inspect.getdoc(thing) or ""
