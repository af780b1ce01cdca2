"""The memory of a device."""

from __future__ import annotations

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
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _LIMITS:
        limit = _read_limit(path)
        if limit:
            limits.append(limit)
    return min(limits)


def _read_limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such file, or `max`
        return None
