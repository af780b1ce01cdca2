"""What a check of the doctor answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]
RANKS: dict[Status, int] = {"ok": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True)
class Finding:
    """The answer of one check, for one node or for all of them.

    Attributes:
        check: Name of the check.
        status: `ok`; `warn` for what costs time or safety; `fail` for what stops a sweep.
        value: What was measured, in words.
        cure: A command, or several with `&&`, that puts it right; empty where all is well.
        node: Name of the node, or `here` for the machine of this process; empty for the whole.

    Examples:
        >>> Finding("disk", "ok", "45 GiB free", node="here").to_json()["status"]
        'ok'
    """

    check: str
    status: Status
    value: str
    cure: str = ""
    node: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding as an object of the JSON report."""
        return asdict(self)


def worst(findings: list[Finding]) -> Status:
    """Return the worst status of findings.

    Examples:
        >>> worst([Finding("a", "ok", ""), Finding("b", "warn", "")])
        'warn'
    """
    return max((f.status for f in findings), key=RANKS.__getitem__, default="ok")
