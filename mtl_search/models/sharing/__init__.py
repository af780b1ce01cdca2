"""Sharing policies by name: how the tasks share the backbone.

This module is a table and loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.models.sharing.base import DiagramBlock, SharingPolicy
    from mtl_search.models.sharing.cross_stitch import CrossStitch
    from mtl_search.models.sharing.hard import HardSharing
    from mtl_search.models.sharing.soft import SoftSharing

__all__ = ["SHARING", "CrossStitch", "DiagramBlock", "HardSharing", "SharingPolicy", "SoftSharing"]

_HERE = "mtl_search.models.sharing"

SHARING: Registry[type[SharingPolicy]] = Registry(
    "sharing policy",
    {
        "hard": f"{_HERE}.hard:HardSharing",
        "soft": f"{_HERE}.soft:SoftSharing",
        "cross_stitch": f"{_HERE}.cross_stitch:CrossStitch",
    },
    given=("build", "views"),
    base=f"{_HERE}:SharingPolicy",
)

__getattr__ = lazy_attributes(
    __name__,
    {
        "CrossStitch": f"{_HERE}.cross_stitch",
        "DiagramBlock": f"{_HERE}.base",
        "HardSharing": f"{_HERE}.hard",
        "SharingPolicy": f"{_HERE}.base",
        "SoftSharing": f"{_HERE}.soft",
    },
)
