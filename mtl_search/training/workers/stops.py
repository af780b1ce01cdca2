"""Which members of a pack the scheduler has stopped, told to the process that trains the pack.

Tune stops whole trials of its own, and a pack is one of them. The driver writes before it lets the
pack go on, so the pack has read it before its next epoch.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from ray.experimental import internal_kv as kv

_NAMESPACE = b"mtl_search.stops"


def write(key: str, members: Collection[str]) -> None:
    """Tell a pack which of its members are stopped.

    Args:
        key: The pack's key.
        members: The ids of all trials in it that were stopped so far.
    """
    text = json.dumps(sorted(members)).encode()
    kv._internal_kv_put(key.encode(), text, namespace=_NAMESPACE)  # noqa: SLF001


def read(key: str) -> list[str]:
    """Return the ids of the trials that were stopped.

    Args:
        key: The pack's key.
    """
    text = kv._internal_kv_get(key.encode(), namespace=_NAMESPACE)  # noqa: SLF001
    members: list[str] = json.loads(text) if text else []
    return members


def forget(key: str) -> None:
    """Remove what was written of a pack that has ended.

    Args:
        key: The pack's key.
    """
    kv._internal_kv_del(key.encode(), namespace=_NAMESPACE)  # noqa: SLF001
