"""Sharing policies by name: how the tasks share the backbone."""

from __future__ import annotations

from mtl_search.models.sharing.base import DiagramBlock, SharingPolicy
from mtl_search.models.sharing.cross_stitch import CrossStitch
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.models.sharing.soft import SoftSharing
from mtl_search.registry import Registry

__all__ = ["SHARING", "CrossStitch", "DiagramBlock", "HardSharing", "SharingPolicy", "SoftSharing"]

SHARING: Registry[type[SharingPolicy]] = Registry(
    "sharing policy",
    {"hard": HardSharing, "soft": SoftSharing, "cross_stitch": CrossStitch},
    given=("build", "views"),
)
