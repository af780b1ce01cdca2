"""What a doctor has seen, made up: a healthy machine or cluster, which a test breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from mtl_search.jobs.doctor.examination import Examination, NodeReport
from mtl_search.jobs.doctor.facts import NodeFacts
from mtl_search.jobs.doctor.finding import Finding
from tests.support import recorded_sweeps

GIB = 2**30


def facts(**changes: Any) -> NodeFacts:
    """What a healthy node says of itself."""
    healthy: dict[str, Any] = {
        "host": "node1",
        "python": "3.11.7",
        "executable": "/venv/bin/python",
        "versions": {"mtl-search": "0.2.0", "ray": "2.60.0", "torch": "2.13.0"},
        "code": "0123abcd",
        "shared_memory": (8 * GIB, 8 * GIB),
        "disks": [{"use": "sweeps", "path": "/runs", "free": 50 * GIB, "total": 100 * GIB}],
        "gpu": {"devices": 0, "cuda": "", "names": [], "nccl": "", "problem": ""},
        "token": {
            "mode": "token",
            "source": "/home/me/.ray/auth_token",
            "permissions": 0o600,
            "is_shared": False,
        },
        "folder": "",
        "storage": "",
    }
    assert changes.keys() <= healthy.keys()
    return cast("NodeFacts", {**healthy, **changes})


def alone(here: NodeFacts | None = None, **changes: Any) -> Examination:
    """One machine without a cluster."""
    resources = changes.pop("resources", [{"CPU": 4.0}])
    return Examination(here=here or facts(), output=Path("/runs"), resources=resources, **changes)


def cluster(*others: NodeReport, **changes: Any) -> Examination:
    """A cluster of the head, which is this machine, and other nodes."""
    reports = [NodeReport("10.0.0.1 (head)", facts()), *others]
    changes.setdefault("resources", [{"CPU": 4.0} for _ in reports])
    return alone(nodes=reports, address="10.0.0.1:6379", **changes)


def node(**changes: Any) -> NodeReport:
    """Another node, which answers."""
    return NodeReport("10.0.0.2 (worker)", facts(**changes))


def config(**overrides: Any) -> Any:
    """A config, with overrides by dotted path."""
    return recorded_sweeps.config(**overrides)


def bad(
    check: Callable[[Examination], Iterator[Finding]], seen: Examination
) -> list[tuple[str, str]]:
    """Status and node of each finding that is not ok; one that is has no cure, another has one."""
    findings = list(check(seen))
    for finding in findings:
        assert finding.value
        assert bool(finding.cure) == (finding.status != "ok"), finding
    return [(f.status, f.node.partition(" ")[0]) for f in findings if f.status != "ok"]


def only_bad(check: Callable[[Examination], Iterator[Finding]], seen: Examination) -> Finding:
    """The one finding that is not ok."""
    [finding] = [finding for finding in check(seen) if finding.status != "ok"]
    return finding
