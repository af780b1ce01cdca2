"""A module in the working directory takes the place of no installed one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from mtl_search.errors import ConfigError
from mtl_search.registry import import_attribute
from tests.support.repository import REPOSITORY
from tests.support.small_sweeps import tree
from tests.support.sweeps import MTL_SEARCH

_EVIL = "open('executed', 'w').close()\nraise SystemExit('this is not the module you meant')\n"
_NAMES = ("torch", "numpy", "yaml", "ray", "mlflow", "optuna", "pydantic", "rich", "typer")
_OWN = "from tests.support.small_sweeps import DATA\n"


def _check(folder: Path, *path: Path) -> None:
    """Check a config there, with such files beside it and such a module path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _NAMES:
        (folder / f"{name}.py").write_text(_EVIL)
    (folder / "own.py").write_text(_OWN)
    (folder / "a.yaml").write_text(yaml.safe_dump({**tree(), "data": "own:DATA"}))
    ended = subprocess.run(
        [str(MTL_SEARCH), "validate", "a.yaml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "a.yaml is valid" in ended.stdout
    assert not (folder / "executed").exists()


def test_files_beside_the_config_are_not_imported(tmp_path: Path) -> None:
    _check(tmp_path, REPOSITORY)


def test_files_in_the_package_of_a_job_are_not_imported(tmp_path: Path) -> None:
    """Ray puts it first in PYTHONPATH: `set_pythonpath_in_context` of its runtime environments."""
    package = tmp_path / "runtime_resources" / "working_dir_files" / "_ray_pkg_0123456789abcdef"
    _check(package, package, REPOSITORY)


def test_a_module_that_an_installed_one_hides_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yaml.py").write_text("def load(): ...\n")
    with pytest.raises(ConfigError, match=r"two modules 'yaml': yaml.py in the working directory"):
        import_attribute("yaml:load", "data.name")
