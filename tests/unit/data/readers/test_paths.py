"""Files by path and inside packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mtl_search.data.readers.paths import find_file
from mtl_search.errors import ConfigError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that fails when it is imported."""
    folder = tmp_path / "site" / "brittle_package"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "data" / "a.csv").write_text("a\n1\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return folder.name


def test_a_file_by_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert find_file("path", str(tmp_path / "a.csv"), (".csv",)) == tmp_path / "a.csv"


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.csv").touch()
    assert find_file("path", "~/a.csv", (".csv",)) == tmp_path / "a.csv"


def test_a_file_of_a_package_is_found_without_importing_it(package: str) -> None:
    assert find_file("path", f"package:{package}/data/a.csv", (".csv",)).read_text() == "a\n1\n"
    assert package not in sys.modules


def test_a_missing_file_of_a_package(package: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_file("path", f"package:{package}/data/b.csv", (".csv",))
    assert f"did you mean 'package:{package}/data/a.csv'" in str(caught.value)
    assert caught.value.path == "data.path"
    assert str(caught.value).count("data.path") == 1  # said once


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("package:no_such_thing/a.csv", "pip install no_such_thing"),
        ("package:no_such.thing/a.csv", "not installed"),
        ("package:math/a.csv", "not installed"),
        ("package:", "package:NAME/path"),
        ("package:/a.csv", "package:NAME/path"),
        ("a\0b", "no such file"),
        ("x" * 5000, "this is no path"),
        ("~no_such_user_here/a.csv", "this is no path"),
        ("", "a text is needed"),
        (None, "a text is needed"),
        (["a.csv"], "a text is needed"),
        (".", "no such file"),
    ],
)
def test_what_is_no_file(value: object, message: str) -> None:
    if value == ".":
        assert find_file("path", value, (".csv",)) == Path()
        return
    with pytest.raises(ConfigError, match=message) as caught:
        find_file("path", value, (".csv",))
    assert caught.value.path == "data.path"
