"""Do all nodes have the versions of this machine?"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

from packaging.requirements import Requirement

from mtl_search.jobs.doctor.examination import HERE, Examination
from mtl_search.jobs.doctor.facts import NodeFacts
from mtl_search.jobs.doctor.finding import Finding, Status

CHECK = "versions"
_BUILDS = "https://download.pytorch.org/whl"
# What pip has to name so that Ray has the parts that are needed.
_INSTALL = {"ray": "ray[default,train,tune]", "mtl-search": "mtl-search", "torch": "torch"}


def ray_requirement(version: str) -> str:
    """Return Ray of a version as a shell gives it to pip.

    Args:
        version: The version.

    Examples:
        >>> ray_requirement("2.60.0")
        '"ray[default,train,tune]==2.60.0"'
    """
    return f'"{_INSTALL["ray"]}=={version}"'


def check_versions(seen: Examination) -> Iterator[Finding]:
    """Compare the versions here with what mtl_search needs, and those there with those here."""
    here = seen.here
    text = ", ".join([f"Python {here['python']}", *(f"{p} {v}" for p, v in _installed(here))])
    unfit = _unfit(here)
    if unfit:
        cure = f"{here['executable']} -m pip install {' '.join(repr(u) for u in unfit)}"
        yield Finding(CHECK, "fail", f"{text}; mtl_search needs {', '.join(unfit)}", cure, HERE)
    else:
        yield Finding(CHECK, "ok", text, node=HERE)
    for name, there in seen.answers():
        yield _compare(name, here, there)


def _installed(facts: NodeFacts) -> list[tuple[str, str]]:
    return [(package, version or "missing") for package, version in facts["versions"].items()]


def _unfit(facts: NodeFacts) -> list[str]:
    """Return the requirements of mtl_search that the versions here do not meet."""
    try:
        lines = importlib.metadata.requires("mtl-search") or []
    except importlib.metadata.PackageNotFoundError:  # run from its folder, without pip
        return []
    unfit = []
    for requirement in map(Requirement, lines):
        version = facts["versions"].get(requirement.name)
        if requirement.marker is not None or version is None:
            continue
        if not requirement.specifier.contains(version or "0", prereleases=True):
            unfit.append(str(requirement))
    return unfit


def _compare(name: str, here: NodeFacts, there: NodeFacts) -> Finding:
    differences = []
    packages = []
    status: Status = "ok"
    if here["python"] != there["python"]:
        differences.append(f"Python {there['python']}, here {here['python']}")
        # Ray itself lets no node in that has another one; a driver may differ in the last number.
        status = "fail" if _minor(here["python"]) != _minor(there["python"]) else "warn"
    for package, version in here["versions"].items():
        found = there["versions"].get(package, "")
        if found != version:
            differences.append(f"{package} {found or 'missing'}, here {version}")
            packages.append(f"{_INSTALL.get(package, package)}=={version}")
            mild = package == "torch" and found and status != "fail"
            status = "warn" if mild else "fail"
    if not differences and here["code"] != there["code"]:
        differences.append(f"other code of mtl_search ({there['code']}, here {here['code']})")
        packages.append(f"mtl-search=={here['versions']['mtl-search']}")
        status = "warn"
    if not differences:
        return Finding(CHECK, "ok", f"those of here, Python {there['python']}", node=name)
    return Finding(CHECK, status, "; ".join(differences), _cure(name, here, there, packages), name)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _cure(name: str, here: NodeFacts, there: NodeFacts, packages: list[str]) -> str:
    node = name.partition(" ")[0]
    if not packages:
        return f"ssh {node} 'ray stop && uv python install {here['python']}'"
    is_installed = here["versions"] == there["versions"]  # and its code differs
    options = "--force-reinstall --no-deps " if is_installed else ""
    # Builds such as +cpu are not on PyPI.
    _, has_build, build = here["versions"]["torch"].partition("+")
    if has_build and any(package.startswith("torch==") for package in packages):
        options = f"--extra-index-url {_BUILDS}/{build} "
    wanted = " ".join(f'"{package}"' for package in packages)
    return f"ssh {node} '{there['executable']} -m pip install {options}{wanted}'"
