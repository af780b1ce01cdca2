"""Why a trial failed, in one line."""

from __future__ import annotations

import traceback
from typing import Literal

from mtl_search.config.secrets import masked
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.storage import disk
from mtl_search.training import out_of_memory


def reason(failure: Exception) -> str:
    """Return why a trial failed: the message of our own errors, the traceback of all others.

    It has no secrets that this process knows.
    """
    return masked(_reason(failure))


def _reason(failure: Exception) -> str:
    is_ours = isinstance(failure, MtlSearchError)
    if is_ours and not isinstance(failure, ConfigError):
        return str(failure)
    if out_of_memory.is_out_of_memory(failure):
        return out_of_memory.explain_out_of_memory(failure)
    if is_ours:
        return str(failure)
    if disk.is_full(failure):  # a network or a data set of the user's may write files as well
        return disk.explain_full_disk(str(failure))
    if type(failure).__module__.startswith(("torch._dynamo", "torch._inductor")):
        return (
            "torch.compile cannot compile this network; training.compile: false does without "
            f"({failure})"
        )
    return "".join(traceback.format_exception(failure)).strip()


def cause(failure: Exception) -> Literal["", "memory", "disk"]:
    """Return what ran out; empty for any other failure."""
    if disk.is_full(failure):
        return "disk"
    return "memory" if out_of_memory.is_out_of_memory(failure) else ""
