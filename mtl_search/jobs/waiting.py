"""Wait until the nodes of a Ray cluster have joined it: a step of the batch script of Slurm.

python -m mtl_search.jobs.waiting HOST:PORT NODES SECONDS
"""

from __future__ import annotations

import sys
import time

from mtl_search.cluster import head
from mtl_search.errors import ClusterError


def wait_for_nodes(address: str, wanted: int, timeout: float, pause: float = 0.5) -> int:
    """Wait until a cluster has so many nodes, or the time is up.

    Args:
        address: `HOST:PORT` of the cluster's head.
        wanted: Number of nodes.
        timeout: Seconds after which fewer have to do.
        pause: Seconds between two questions.

    Returns:
        The number of nodes at the end.

    Raises:
        ClusterError: The head does not answer, or wants another token.
    """
    end = time.monotonic() + timeout
    while True:
        last = time.monotonic() >= end
        try:
            count = head.count_nodes(address)
        except head.NoAnswerError:
            if last:
                raise
            count = 0
        if count >= wanted or last:
            return count
        time.sleep(pause)


def main(arguments: list[str]) -> int:
    """Wait, and say how many nodes there are.

    Args:
        arguments: Address, number of nodes, seconds.

    Returns:
        The exit status: 0 where all have joined, 3 where some have not, 1 where the head does not
        answer.
    """
    address, wanted, timeout = arguments
    try:
        count = wait_for_nodes(address, int(wanted), float(timeout))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Ray at {address}: {count} of {wanted} nodes", flush=True)  # noqa: T201
    return 0 if count >= int(wanted) else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
