"""The working directory is last on the module path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError
from mtl_search.source import module_path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["/bin", *sys.path])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("MTL_SEARCH_WORKING_DIRECTORY", raising=False)
    return str(tmp_path)


@pytest.mark.parametrize("first", ["", "here", "other"])
def test_it_moves_to_the_end(first: str, here: str) -> None:
    sys.path.insert(0, here if first == "here" else first)
    module_path.put_working_directory_last()
    assert sys.path[-1] == here
    assert sys.path[0] == ("other" if first == "other" else "/bin")


def test_it_stays_where_the_user_has_put_it(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", here)
    sys.path.insert(0, here)
    module_path.put_working_directory_last()
    assert sys.path[0] == here
    assert sys.path.count(here) == 1


def test_the_package_of_a_job_moves_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    package = "/tmp/ray/session/runtime_resources/working_dir_files/_ray_pkg_0123"
    monkeypatch.setattr(sys, "path", ["/bin", package, "/site", package])
    module_path.put_job_package_last()
    module_path.put_job_package_last()
    assert sys.path == ["/bin", "/site", package]
    # A script of the user's own in the package: Python itself has put its folder first.
    monkeypatch.setattr(sys, "path", [package, package, "/site"])
    module_path.put_job_package_last()
    assert sys.path == [package, "/site", package]


def test_other_processes_get_it(here: str) -> None:
    assert module_path.export_working_directory() == {"MTL_SEARCH_WORKING_DIRECTORY": here}
    module_path.restore_working_directory()
    module_path.restore_working_directory()
    assert sys.path[-1] == here
    assert sys.path.count(here) == 1


def test_a_hidden_module(here: str) -> None:
    for name in ("json", "sys", "mine"):
        Path(here, f"{name}.py").touch()
    assert module_path.shadowed_file("json.decoder") == Path("json.py")
    assert module_path.shadowed_file("sys") == Path("sys.py")
    assert module_path.shadowed_file("yaml") is None
    sys.path.append(here)
    assert module_path.shadowed_file("mine") is None
    with pytest.raises(ConfigError, match=r"a\.b: there are two modules 'json'"):
        module_path.check_not_hidden("json", "a.b")


def test_a_module_that_is_installed_with_the_same_source_hides_nothing(
    here: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path_factory.mktemp("site")
    for root in (Path(here), installed):
        for file in ("lab_of_mine/__init__.py", "lab_of_mine/nets.py", "one_of_mine.py"):
            (root / file).parent.mkdir(exist_ok=True)
            (root / file).write_text("width = 3\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed), here])
    for module in ("lab_of_mine.nets", "lab_of_mine", "one_of_mine"):
        assert module_path.shadowed_file(module) is None
    Path(here, "lab_of_mine/nets.py").write_text("width = 4\n")
    assert module_path.shadowed_file("lab_of_mine.nets") == Path("lab_of_mine/__init__.py")
    assert module_path.shadowed_file("lab_of_mine") is None
    (installed / "one_of_mine.py").write_text("width = 4\n")
    assert module_path.shadowed_file("one_of_mine") == Path("one_of_mine.py")
