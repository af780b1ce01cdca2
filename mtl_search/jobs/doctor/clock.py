"""Do the clocks of the nodes agree?

Tokens, MLflow's times and the ages of checkpoints are compared across machines.
"""

from __future__ import annotations

from collections.abc import Iterator

from mtl_search.analysis import formats
from mtl_search.jobs.doctor.examination import Examination, NodeReport
from mtl_search.jobs.doctor.finding import Finding, Status

CHECK = "clock"
_WARN_S = 2.0
_FAIL_S = 60.0


def offset(sent: float, there: float, received: float) -> tuple[float, float]:
    """Return how far another clock is ahead, and how far that may be off.

    Args:
        sent: When the question was sent, by the clock of here.
        there: What the other clock said.
        received: When the answer came, by the clock of here.

    Examples:
        >>> offset(100.0, 130.5, 101.0)
        (30.0, 0.5)
    """
    return there - (sent + received) / 2, (received - sent) / 2


def check_clocks(seen: Examination) -> Iterator[Finding]:
    """Judge how far the clock of each node is from that of this machine."""
    for node in seen.nodes:
        if node.facts is not None:
            yield _judge(node)


def _judge(node: NodeReport) -> Finding:
    certain = max(0.0, abs(node.clock_s) - node.clock_error_s)
    text = (
        f"{formats.signed(node.clock_s, 2)} s against this machine (± {node.clock_error_s:.2f} s)"
    )
    if certain < _WARN_S:
        return Finding(CHECK, "ok", text, node=node.name)
    status: Status = "fail" if certain >= _FAIL_S else "warn"
    cure = f"ssh {node.name.partition(' ')[0]} 'sudo timedatectl set-ntp true'"
    return Finding(CHECK, status, text, cure, node.name)
