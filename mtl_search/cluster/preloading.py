"""Imports of a slot that begin as soon as a local Ray does, beside what the driver still does.

Ray starts one worker process for each processor when it starts, and gives them to the first actors
that ask. A slot imports torch, Ray Tune and the training loop, which takes 2.5 s of processor time:
these processes do it while the driver connects to MLflow and plans the sweep.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtl_search.cluster.capacity import max_concurrent_trials
from mtl_search.config import Config

# Read by Ray's raylet, which hands the names to its workers.
MODULES = "RAY_preload_python_modules"
_SLOT = "mtl_search.training.workers.slot"
# Ray sets it for a slot by its processors, but later than the libraries that are imported here read
# it.
THREADS = "OMP_NUM_THREADS"


def preload_settings(config: Config | None, cpus: float) -> dict[str, str]:
    """Return the environment by which Ray's first processes import what slots need.

    It is empty where most of these processes would import in vain, since trials take several
    processors each, and where the trials want a GPU, which must be chosen before.

    Args:
        config: The sweep's config; None where no sweep runs.
        cpus: Number of processors of this machine, as Ray counts them.

    Examples:
        >>> preload_settings(None, 2)
        {}
    """
    if config is None or config.resources.workers > 1 or config.resources.gpus_per_worker:
        return {}
    slots = max_concurrent_trials(config.resources, [{"CPU": cpus}])
    if 2 * slots < cpus:
        return {}
    threads = max(1, int(config.resources.cpus_per_worker))
    return {MODULES: _SLOT, THREADS: str(threads)}


@contextmanager
def in_environment(settings: dict[str, str]) -> Iterator[None]:
    """Have settings in the environment that processes inherit, and restore it.

    Args:
        settings: Name → value; a name that the user has set keeps its value.
    """
    new = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)
