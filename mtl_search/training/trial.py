"""What a trial is told, and what it tells: plain data on both sides, so that any process can train it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mtl_search.config import Config, parse, to_dict
from mtl_search.training.objective import Objective

# Key of a Tune result under which the whole report travels, as one string: Ray passes it on without a walk through it.
REPORT = "report"


@dataclass(frozen=True)
class TrialSpec:
    """One trial, ready to train.

    Attributes:
        id: Its name in the sweep.
        config: Resolved: every searched value is in its place, and only the trial's own tasks are in it.
        seed: Of weights, order of batches and dropout.
        objective: What an epoch's validation metrics are worth.
        directory: Where its checkpoints go.
        test: Read the test split once at the end, at the best epoch; for finalists only.
    """

    id: str
    config: Config
    seed: int
    objective: Objective
    directory: str
    test: bool = False

    def to_json(self) -> str:
        """The trial as one string."""
        return json.dumps({**asdict(self), "config": to_dict(self.config), "objective": asdict(self.objective)})

    @classmethod
    def from_json(cls, text: str) -> TrialSpec:
        """The trial that `to_json` wrote."""
        tree = json.loads(text)
        objective = tree.pop("objective")
        objective["tasks"] = {task: tuple(names) for task, names in objective["tasks"].items()}
        return cls(**{**tree, "config": parse(tree["config"]), "objective": Objective(**objective)})


@dataclass(frozen=True)
class Report:
    """What a trial says after each epoch.

    Attributes:
        epoch: Counted from 1; unchanged when the trial failed before its end.
        metrics: `train/<task>/loss`, `val/<task>/<metric>`, `lr`, `seconds`.
        objective: Best so far, higher is better; NaN when the trial failed.
        state: RUNNING, or how it ended by itself.
        reason: Why it failed or ended early.
        info: Of the built network: `parameters`, `depth`, `weights`, `lr`, `tasks`.
        test: Metrics on the test split; only in the last report of a finalist.
        seconds: Training and validation since the trial began, over interruptions.
    """

    epoch: int
    metrics: Mapping[str, float]
    objective: float
    state: Literal["RUNNING", "COMPLETE", "FAIL"]
    reason: str = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> str:
        """The report as one string."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote."""
        return cls(**json.loads(text))
