"""Which code a job takes along."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mtl_search.jobs.modules import named_modules, user_code


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the module path with modules, a package, and something installed."""
    files = {
        "zz_one.py": "import numpy\nfrom zz_two import f\nimport zz_installed\n",
        "zz_two.py": "def f():\n    import zz_three\n",
        "zz_three.py": "",
        "zz_unused.py": "",
        "zz_package/__init__.py": "",
        "zz_package/inner.py": "from . import beside\nfrom mtl_search import DataSet\n",
        "zz_package/beside.py": "import zz_three\n",
        "zz_folder/data.txt": "",
        "site-packages/zz_installed.py": "import zz_unused\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    assert not [name for name in sys.modules if name.startswith("zz_")]
    return tmp_path


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ({"data": {"name": "zz_one:f"}}, {"zz_one.py", "zz_two.py", "zz_three.py"}),
        ({"a": ["zz_package.inner:F"]}, {"zz_package", "zz_three.py"}),
        ({"a": {"zz_three:x": 1}}, {"zz_three.py"}),
        ({"a": "mtl_search.data:DataSet", "b": "numpy:zeros", "c": "json:loads"}, set()),
        ({"a": "zz_folder:data", "b": "nobody:has", "c": "http://zz_one:80"}, set()),
    ],
)
def test_code_is_what_is_named_and_what_that_imports(
    desk: Path, tree: dict[str, Any], names: set[str]
) -> None:
    code = user_code(tree)
    assert {place.name for place in code.values()} == names
    assert all(place.parent == desk for place in code.values())


def test_nothing_is_imported(desk: Path) -> None:
    user_code({"a": "zz_one:f", "b": "zz_package.inner:F"})
    assert not [name for name in sys.modules if name.startswith("zz_")]


def test_text_with_a_colon_that_names_no_code() -> None:
    assert list(named_modules(["a: b", "x:1", "http://host:80", "C:\\x", "a:", ":b"])) == []
