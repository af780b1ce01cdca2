"""Journals of earlier versions, read with the names of today.

Version 0.1 called the arm `warmup/<weighting>` `seed/<weighting>`, the role `last` `final`, and
some keys of the config by other names (see `config.renamed_keys`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.config.renamed_keys import new_path
from mtl_search.storage.arm_name import ArmName

_OLD_WARMUP = "seed/"
_OLD_ROLES = {"final": "last"}
# Fields of events whose keys are dotted paths into the config.
_BY_PATH = ("params", "distributions", "overrides")


def upgrade(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of a journal with the names of today; a line of today's version is unchanged.

    Examples:
        >>> upgrade({"event": "generation", "time": 0.5, "arm": "seed/uw", "epoch": 1})["arm"]
        'warmup/uw'
    """
    upgraded = dict(line)
    if isinstance(line.get("arm"), str):
        upgraded["arm"] = _arm_name(line["arm"])
    if line.get("role") in _OLD_ROLES:
        upgraded["role"] = _OLD_ROLES[line["role"]]
    if isinstance(line.get("budget"), Mapping):
        upgraded["budget"] = {_arm_name(arm): count for arm, count in line["budget"].items()}
    for name in _BY_PATH:
        if isinstance(line.get(name), Mapping):
            upgraded[name] = {new_path(path): value for path, value in line[name].items()}
    return upgraded


def _arm_name(name: str) -> str:
    if name.startswith(_OLD_WARMUP):
        return ArmName.warmup(name.removeprefix(_OLD_WARMUP))
    return name
