"""What a trial tells. It imports nothing heavy: the actor that leads a worker group only passes reports on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

# Key of a Tune result under which the whole report travels, as one string: Ray passes it on without a walk through it.
REPORT = "report"


@dataclass(frozen=True)
class TrialReport:
    """What a trial says after each epoch.

    Attributes:
        epoch: Counted from 1; unchanged when the trial failed before its end.
        metrics: `train/<task>/loss`, `val/<task>/<metric>`, `lr`, `seconds`.
        objective: Best so far, higher is better; NaN when the trial failed.
        state: RUNNING, or how it ended by itself; PAUSED at `TrialSpec.until`, from where it goes on later.
        reason: Why it failed or ended early.
        info: Of the built network: `parameters`, `depth`, `weights`, `lr`, `tasks`; and `node`, where it trains.
        test: Metrics on the test split; only in the last report of a finalist.
        seconds: Training and validation since the trial began, over interruptions.
        cause: What was short when it failed: `memory` or `disk`; empty when the failure is all the trial's own.
    """

    epoch: int
    metrics: Mapping[str, float]
    objective: float
    state: Literal["RUNNING", "PAUSED", "COMPLETE", "FAIL"]
    reason: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    cause: Literal["", "memory", "disk"] = ""

    def with_node(self, node: str) -> TrialReport:
        """The same, with the address of the node that it comes from."""
        return replace(self, info={**self.info, "node": node})

    def to_json(self) -> str:
        """The report as one string."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrialReport:
        """The report that `to_json` wrote."""
        return cls(**json.loads(text))

    def to_result(self) -> dict[str, Any]:
        """The report as Tune wants it; a trial that failed has no objective."""
        result = {REPORT: self.to_json(), "epoch": self.epoch, "done": self.state != "RUNNING"}
        return result if self.state == "FAIL" else {**result, "objective": self.objective}


METRIC = "objective"
