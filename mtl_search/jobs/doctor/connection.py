"""Is the cluster reached, and does every node answer in time?"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding

CONNECTION = "connection"
NODES = "nodes"


def check_connection(seen: Examination) -> Iterator[Finding]:
    """Say whether the cluster was reached, and which nodes do not answer."""
    if not seen.address:
        return
    if seen.trouble is not None:
        yield Finding(CONNECTION, "fail", seen.trouble.message, seen.trouble.cure)
        return
    joined = f"joined the Ray cluster at {seen.address} in {seen.connected_s:.1f} s"
    yield Finding(CONNECTION, "ok", joined)
    silent = [node for node in seen.nodes if node.facts is None]
    gone = f"; {seen.gone} more have left the cluster" if seen.gone else ""
    if not silent:
        yield Finding(NODES, "ok", f"{len(seen.nodes)} of {len(seen.nodes)} answer{gone}")
    for node in silent:
        address = node.name.partition(" ")[0]
        cure = f"ssh {address} 'ray stop --force && ray start --address={seen.address}'"
        yield Finding(NODES, "fail", f"does not answer: {node.problem}{gone}", cure, node.name)
