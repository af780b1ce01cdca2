"""CPUs that nobody uses, once Ray has heard of it."""

from __future__ import annotations

import time

import ray


def free_cpus(patience: float = 5.0) -> tuple[float, float]:
    """Return the CPUs that nobody uses, and all CPUs of the nodes that live.

    What an actor held is free as soon as its process has ended. Ray's view of the cluster follows a
    quarter of a second later, so right after a sweep this waits for it.

    Args:
        patience: Seconds to wait until all are free.
    """
    end = time.monotonic() + patience
    while True:
        free = ray.available_resources().get("CPU", 0.0)
        everything = ray.cluster_resources()["CPU"]
        if free == everything or time.monotonic() > end:
            return free, everything
        time.sleep(0.05)
