"""Print what pyproject.toml in this folder requires, without the project itself.

The image's dependencies are a layer of their own, which is built before the code is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tomllib


def requirements(project: Path, extras: str) -> list[str]:
    """Return the requirements of a project and of the extras that are named, with commas between.

    Examples:
        >>> requirements(Path("pyproject.toml"), "text")[-1]
        'transformers>=5,<6'
    """
    table = tomllib.loads(project.read_text())["project"]
    names = [name.strip() for name in extras.split(",") if name.strip()]
    optional = table["optional-dependencies"]
    unknown = [name for name in names if name not in optional]
    if unknown:
        raise SystemExit(f"EXTRAS: {unknown[0]!r} is no extra; allowed: {', '.join(optional)}")
    return [*table["dependencies"], *(item for name in names for item in optional[name])]


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(Path("pyproject.toml"), sys.argv[1])) + "\n")
