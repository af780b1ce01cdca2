"""docker/compose.yaml as data: its variables filled in, its services as they start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from tests.support.repository import REPOSITORY

COMPOSE = REPOSITORY / "docker" / "compose.yaml"
# `$$`, or a variable, whose default holds where it is unset (`-`), or also where empty (`:-`).
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:?-)([^}]*))?\})")


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """All services of the file, in the order in which they start."""
    tree = read(variables)["services"]
    order = TopologicalSorter(
        {name: service.get("depends_on", {}) for name, service in tree.items()}
    )
    return {name: tree[name] for name in order.static_order()}


def read(variables: Mapping[str, str], file: Path = COMPOSE) -> dict[str, Any]:
    """The whole file; `variables` stand for those of the shell."""
    tree: dict[str, Any] = _filled(yaml.safe_load(file.read_text()), variables)
    return tree


def _filled(tree: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(tree, dict):
        return {key: _filled(value, variables) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_filled(value, variables) for value in tree]
    return interpolate(tree, variables) if isinstance(tree, str) else tree


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """The text as compose reads it."""

    def value(match: re.Match[str]) -> str:
        dollar, name, operator, default = match.groups()
        if dollar:
            return "$"
        found = variables.get(name)
        if found is None or (operator == ":-" and not found):
            assert operator, f"the variable {name} has no value and no default"
            return str(default)
        return found

    return _VARIABLE.sub(value, text)


def mounts(service: Mapping[str, Any], volumes: Path, secrets: Path) -> dict[str, Path]:
    """Path in the container → where that is, for the service's volumes and secrets."""
    pairs = [volume.split(":")[:2] for volume in service.get("volumes", [])]
    named = {target: volumes / name for name, target in pairs}
    return named | {f"/run/secrets/{name}": secrets / name for name in service.get("secrets", [])}
