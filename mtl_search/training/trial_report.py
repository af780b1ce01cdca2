"""The output of a trial.

The module imports nothing heavy: the actor that leads a worker group only passes reports on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

# Key of a Tune result under which the whole report travels. As one string Ray passes it on without
# walking through it.
REPORT = "report"
# Key of the number that Tune's schedulers compare.
METRIC = "objective"


@dataclass(frozen=True)
class TrialReport:
    """Report how a trial stands after an epoch.

    Attributes:
        epoch: The epoch, from 1; where the trial failed, the last one that it finished.
        metrics: `train/<task>/loss`, `val/<task>/<metric>`, `lr`, `seconds`.
        objective: The best objective so far, higher is better; NaN when the trial failed.
        state: RUNNING, or how the trial ended by itself; PAUSED at `TrialSpec.until`, from where it
            goes on later.
        reason: Why it failed or ended early.
        info: Facts about the built network: `parameters`, `depth`, `weights`, `lr`, `tasks`; and
            `node`, the address of the machine that trains it.
        test: The metrics on the test split; only in the last report of a finalist.
        seconds: The time of training and validation since the trial began, over interruptions.
        cause: What ran out when it failed, `memory` or `disk`; empty for any other failure.
        items: The item values of the metrics in `test`, as text (see `storage.item_values`).
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
    items: str = ""

    def with_node(self, node: str) -> TrialReport:
        """Return the report with the address of the node that it comes from."""
        return replace(self, info={**self.info, "node": node})

    def to_json(self) -> str:
        """Return the report as one string."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TrialReport:
        """Return the report that `to_json` wrote."""
        return cls(**json.loads(text))

    def to_result(self) -> dict[str, Any]:
        """Return the report as a result of Tune; that of a trial that failed has no objective."""
        result = {REPORT: self.to_json(), "epoch": self.epoch, "done": self.state != "RUNNING"}
        if self.state != "FAIL":
            result[METRIC] = self.objective
        return result
