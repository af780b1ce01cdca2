"""`import mtl_search` is the Python door: its names are one list, all importable, and none of the
heavy packages.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import mtl_search
from mtl_search import errors


def test_every_public_name_can_be_imported() -> None:
    for name in mtl_search.__all__:
        assert getattr(mtl_search, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = mtl_search.nothing


def test_the_list_is_sorted_complete_and_what_dir_shows() -> None:
    assert mtl_search.__all__ == sorted(mtl_search.__all__)
    assert dir(mtl_search) == mtl_search.__all__
    lazy, private = set(mtl_search._LAZY), {"annotations", "importlib", "Any", "TYPE_CHECKING"}
    submodules = {
        name for name, value in vars(mtl_search).items() if type(value).__name__ == "module"
    }
    there = {name for name in vars(mtl_search) if not name.startswith("_")} - private - submodules
    assert (there | lazy | {"__version__"}) == set(mtl_search.__all__)


def test_every_exception_is_public_and_one_family() -> None:
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in mtl_search.__all__
            assert issubclass(value, mtl_search.MtlSearchError)
            assert name in str(errors.__doc__)


def test_reading_a_config_loads_nothing_heavy() -> None:
    program = """
import sys, mtl_search
tree = {"name": "a", "data": "x", "tasks": {"t": {"head": "h"}}, "model": {"backbone": "b"}}
mtl_search.load_config(tree, ["seed=1"])
print(*{name.partition(".")[0] for name in sys.modules})
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"ray", "torch", "optuna", "mlflow", "pandas", "sklearn"}.intersection(loaded)
