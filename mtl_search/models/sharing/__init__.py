"""Sharing policies by name: how the tasks share the backbone."""

from __future__ import annotations

from mtl_search.models.sharing.base import Row, SharingPolicy
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.registry import Registry

__all__ = ["SHARING", "HardSharing", "Row", "SharingPolicy"]

SHARING: Registry[type[SharingPolicy]] = Registry("sharing policy", {"hard": HardSharing}, given=("build", "views"))
