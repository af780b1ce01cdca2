"""Names of tasks as names of modules: torch allows no dot there, and none of its own methods' names."""

from __future__ import annotations


def safe_key(task: str) -> str:
    """A key for `nn.ModuleDict`, different for different tasks.

    The prefix keeps apart `type`, `keys`, the empty name and whatever else torch reserves.
    """
    return "task:" + task.replace("%", "%25").replace(".", "%2E")
