"""Is /dev/shm large enough for Ray's object store and for NCCL?"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding, Status
from mtl_search.jobs.doctor.sizes import GIB, MIB, size

CHECK = "shared memory"
# A container has 64 MiB unless it is told otherwise. Ray then keeps its objects on the disk, and
# NCCL cannot start several ranks on one machine.
_TOO_SMALL = 128 * MIB
_SMALL = GIB
_CURE = "mount -o remount,size=2g /dev/shm"
_CONTAINER = "for a container: --shm-size=2g, or shm_size: 2gb in compose.yaml"


def check_shared_memory(seen: Examination) -> Iterator[Finding]:
    """Judge the free space of /dev/shm on each node."""
    resources = seen.config.resources if seen.config else None
    several = resources is not None and resources.workers > 1
    for name, facts in seen.machines():
        measured = facts["shared_memory"]
        if measured is None:
            yield Finding(CHECK, "warn", "there is no /dev/shm", f"sudo {_MOUNT}", name)
            continue
        total, free = measured
        text = f"{size(free)} free of {size(total)} in /dev/shm"
        if free >= _SMALL:
            yield Finding(CHECK, "ok", text, node=name)
            continue
        bad: Status = "fail" if several and free < _TOO_SMALL else "warn"
        why = "too small for several workers" if bad == "fail" else "Ray's objects go to the disk"
        yield Finding(CHECK, bad, f"{text}: {why} ({_CONTAINER})", f"sudo {_CURE}", name)


_MOUNT = "mkdir -p /dev/shm && mount -t tmpfs -o size=2g tmpfs /dev/shm"
