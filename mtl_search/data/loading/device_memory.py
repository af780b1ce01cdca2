"""How much memory a device has."""

from __future__ import annotations

import os
from pathlib import Path

import torch

# Limits of the container that the process runs in, version 2 and 1 of Linux' control groups.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def device_memory(device: torch.device) -> int:
    """Bytes of memory of the device: of the GPU, or of the machine (of the container, where that is less).

    The whole memory and not what is free: the answer must not change from one trial to the next.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([total, *filter(None, map(_read_limit, _LIMITS))])


def _read_limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such file, or `max`
        return None
