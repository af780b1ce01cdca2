"""Can every node write where checkpoints are kept?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from mtl_search.config.secrets import masked
from mtl_search.jobs.doctor.examination import HERE, Examination
from mtl_search.jobs.doctor.finding import Finding, Status

CHECK = "storage"


def check_storage(seen: Examination) -> Iterator[Finding]:
    """Judge the write tests of the sweeps' folder and of the storage.

    Trials write to `resources.storage` where a config has one, else into the sweep's folder.
    """
    storage = seen.config.resources.storage if seen.config else None
    yield _folder_here(seen)
    if storage:
        yield _storage(seen, HERE, seen.here["storage"], masked(storage))
    for name, there in seen.answers():
        if storage and not seen.here["storage"]:
            yield _storage(seen, name, there["storage"], masked(storage))
        elif not storage and not seen.here["folder"] and len(seen.nodes) > 1:
            yield _folder(seen, name, there["folder"])


def _folder_here(seen: Examination) -> Finding:
    problem = seen.here["folder"]
    if not problem:
        return Finding(CHECK, "ok", f"sweeps' folder {seen.output}: written", node=HERE)
    cure = seen.command('--output "$HOME/runs/NAME"')
    return Finding(CHECK, "fail", f"sweeps' folder {seen.output}: {problem}", cure, HERE)


def _folder(seen: Examination, name: str, problem: str) -> Finding:
    if not problem:
        return Finding(CHECK, "ok", f"sweeps' folder {seen.output}: seen and written", node=name)
    # Without a config nobody knows whether it will name a storage.
    status: Status = "fail" if seen.config else "warn"
    cure = seen.command("resources.storage=/A/FOLDER/THAT/ALL/NODES/SEE")
    return Finding(CHECK, status, f"sweeps' folder {seen.output}: {problem}", cure, name)


def _storage(seen: Examination, name: str, problem: str, uri: str) -> Finding:
    if not problem:
        return Finding(CHECK, "ok", f"resources.storage {uri}: written", node=name)
    cure = seen.command("resources.storage=/A/FOLDER/THAT/ALL/NODES/SEE")
    if _denied(problem) and "://" not in uri:
        host = "" if name == HERE else f"ssh {name.partition(' ')[0]} "
        change = "mount -o remount,rw" if "Read-only" in problem else "chmod 1777"
        cure = f"{host}sudo {change} {shlex.quote(uri)}"
    return Finding(CHECK, "fail", f"resources.storage {uri}: {masked(problem)}", cure, name)


def _denied(problem: str) -> bool:
    return "Read-only" in problem or "Permission denied" in problem
