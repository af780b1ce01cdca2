"""The memory of a device."""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch

# The limit of the process's container, in version 2 and 1 of Linux' control groups.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def device_memory(device: torch.device) -> int:
    """Return the bytes of memory of the GPU or, for a CPU, of the machine.

    Where the container has a lower limit than the machine, that counts. It is the whole memory and
    not the free part, since the answer must not change from one trial to the next.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min([total, *map(_read_limit, _LIMITS)]))


def _read_limit(path: Path) -> float:
    try:
        return int(path.read_text()) or math.inf
    except (OSError, ValueError):  # no such file, or `max`
        return math.inf
