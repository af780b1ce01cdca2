"""The files around the package agree with it and with each other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mtl_search
from tests.support.repository import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along there


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return table


@pytest.fixture(scope="module")
def constraints() -> dict[str, Requirement]:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in pins}


def test_version_is_the_same_in_project_and_package(project: dict[str, Any]) -> None:
    assert project["version"] == mtl_search.__version__


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"ray", "torch", "optuna", "mlflow", "pandas", "sklearn", "plotly", "matplotlib"}
    program = "import sys, mtl_search; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "mtl_search" in loaded
    assert not heavy.intersection(loaded)


def test_every_config_opens_with_its_exact_command() -> None:
    configs = sorted((REPOSITORY / "configs").glob("*.yaml"))
    assert "quickstart.yaml" in [
        path.name for path in configs
    ]  # the one that `make quickstart` runs
    without = [
        path.name
        for path in configs
        if not re.search(
            rf"\bmtl-search run configs/{re.escape(path.name)}(?![\w./-])", _opening_comment(path)
        )
    ]
    assert not without, f"no `mtl-search run configs/<file>` in the comment that opens {without}"


def _opening_comment(path: Path) -> str:
    def lines() -> Iterator[str]:
        for line in path.read_text().splitlines():
            if not line.startswith("#"):
                return
            yield line

    return "\n".join(lines())


def test_every_constraint_is_one_exact_version(constraints: dict[str, Requirement]) -> None:
    def exact(pin: Requirement) -> bool:
        return pin.url is None and [(s.operator, "*" in s.version) for s in pin.specifier] == [
            ("==", False)
        ]

    assert [str(pin) for pin in constraints.values() if not exact(pin)] == []


def test_constraints_cover_every_direct_dependency(
    project: dict[str, Any], constraints: dict[str, Requirement]
) -> None:
    extras = project["optional-dependencies"].values()
    for line in [*project["dependencies"], *(line for extra in extras for line in extra)]:
        dependency = Requirement(line)
        pin = constraints.get(canonicalize_name(dependency.name))
        assert pin is not None, f"{dependency.name} has no line in constraints.txt"
        version = next(iter(pin.specifier)).version
        assert version in dependency.specifier, (
            f"constraints.txt pins {pin}, pyproject.toml asks for {dependency}"
        )


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_missing_data_or_program_skips_by_hand_and_fails_under_ci(
    ci: str,
    outcome: type[BaseException],
    need_data: Callable[[str], Path],
    need_program: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no-such-data"):
        need_data("no-such-data")
    with pytest.raises(outcome, match="no-such-program"):
        need_program("no-such-program")
