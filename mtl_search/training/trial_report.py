"""The output of a trial.

The module imports nothing heavy: the actor that leads a worker group only passes reports on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# Key of a Tune result under which the reports travel. As one string Ray passes them on without
# walking through them.
REPORTS = "reports"
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
        return json.dumps(vars(self))  # plain JSON types; `asdict` would copy all of them first

    @classmethod
    def from_json(cls, text: str) -> TrialReport:
        """Return the report that `to_json` wrote."""
        return cls(**json.loads(text))


def to_result(reports: Mapping[str, TrialReport], *, done: bool | None = None) -> dict[str, Any]:
    """Return the reports of a trial, or of the members of a pack, as a result of Tune.

    Args:
        reports: Id of a trial → its report. Members that have ended before are not in it.
        done: Whether nothing goes on; by default whether no report says that it is running.

    Examples:
        >>> report = TrialReport(2, {}, 0.5, "RUNNING")
        >>> of_result(to_result({"search-0001": report}))["search-0001"].objective
        0.5
    """
    states = [report.state for report in reports.values()]
    ended = all(state != "RUNNING" for state in states) if done is None else done
    texts = {name: report.to_json() for name, report in reports.items()}
    return {REPORTS: json.dumps(texts), "done": ended}


def of_result(result: Mapping[str, Any]) -> dict[str, TrialReport]:
    """Return the reports of a result that `to_result` made, by the ids of the trials."""
    texts = json.loads(result[REPORTS])
    return {name: TrialReport.from_json(text) for name, text in texts.items()}
