"""Is there room on the disks that a sweep writes to?"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.facts import RAY_FILES, Disk
from mtl_search.jobs.doctor.finding import Finding, Status
from mtl_search.jobs.doctor.sizes import GIB, MIB, size

CHECK = "disk"
_FAIL_FREE = 100 * MIB
_WARN_FREE = GIB
# Ray stores no more objects on a disk that is this full (RAY_local_fs_capacity_threshold).
_RAY_FULL = 0.95
SWEEPS = "sweeps"
STORAGE = "storage"


def check_disks(seen: Examination) -> Iterator[Finding]:
    """Judge the free space on each node: Ray's files, the sweeps' folder, the storage."""
    for name, facts in seen.machines():
        for disk in facts["disks"]:
            if disk["total"] == 0:
                continue  # no disk, and what cannot be written fails the write test
            yield _judge(seen, name, disk)


def _judge(seen: Examination, name: str, disk: Disk) -> Finding:
    used = 1 - disk["free"] / disk["total"]
    text = f"{disk['use']} in {disk['path']}: {size(disk['free'])} free of {size(disk['total'])}"
    status: Status = "ok"
    if disk["free"] < _FAIL_FREE:
        status = "fail"
    elif disk["free"] < _WARN_FREE or (disk["use"] == RAY_FILES and used > _RAY_FULL):
        status = "warn"
    cure = "" if status == "ok" else _cure(seen, disk["use"])
    return Finding(CHECK, status, text, cure, name)


def _cure(seen: Examination, use: str) -> str:
    if use == RAY_FILES:
        return "export RAY_TMPDIR=/A/FOLDER/ON/A/LARGER/DISK"
    if use == STORAGE:
        return seen.command("resources.storage=/A/FOLDER/ON/A/LARGER/DISK")
    return seen.command("--output /A/FOLDER/ON/A/LARGER/DISK")
