"""Journals of earlier versions, read with the names of today.

Version 0.1 called the arm `warmup/<weighting>` `seed/<weighting>`, the role `last` `final`, and some keys of the config
by other names (see `config.renamed_keys`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.config.renamed_keys import new_path

_OLD_WARMUP, _WARMUP = "seed/", "warmup/"
_OLD_ROLES = {"final": "last"}
_BY_PATH = ("params", "distributions", "overrides")


def upgraded(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of a journal with the names of today; one of today's stays as it is."""
    event = dict(event)
    if isinstance(event.get("arm"), str):
        event["arm"] = _arm(event["arm"])
    if event.get("role") in _OLD_ROLES:
        event["role"] = _OLD_ROLES[event["role"]]
    if isinstance(event.get("budget"), Mapping):
        event["budget"] = {_arm(arm): count for arm, count in event["budget"].items()}
    for field in _BY_PATH:
        if isinstance(event.get(field), Mapping):
            event[field] = {new_path(path): value for path, value in event[field].items()}
    return event


def _arm(name: str) -> str:
    return _WARMUP + name.removeprefix(_OLD_WARMUP) if name.startswith(_OLD_WARMUP) else name
