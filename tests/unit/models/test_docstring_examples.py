"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import mtl_search.models
from mtl_search.models.heads.base import Head, PooledHead
from mtl_search.models.losses.base import ElementwiseLoss
from mtl_search.models.sharing.base import SharingPolicy
from mtl_search.models.stage import Stage


def _modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(mtl_search.models.__path__, "mtl_search.models.")
    return [importlib.import_module(info.name) for info in found]


EXAMPLES = [test for module in _modules() for test in doctest.DocTestFinder().find(module)]
EXAMPLES = [test for test in EXAMPLES if test.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_an_example_prints_what_it_says(example: doctest.DocTest) -> None:
    printed: list[str] = []
    result = doctest.DocTestRunner().run(example, out=printed.append)
    assert not result.failed, "".join(printed)


@pytest.mark.parametrize("base", [Stage, Head, PooledHead, ElementwiseLoss, SharingPolicy])
def test_a_base_that_users_derive_from_has_an_example(base: type) -> None:
    assert f"{base.__module__}.{base.__name__}" in {test.name for test in EXAMPLES}
