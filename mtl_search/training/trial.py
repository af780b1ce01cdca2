"""What a trial is told: plain data, so that any process can train it; what it tells is in `report`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mtl_search.config import Config, parse, to_dict
from mtl_search.metrics.objective import Objective


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
        storage: URI of its folder in a storage that all nodes reach; empty where they reach `directory`.
        until: Epoch at which it pauses, for a member of a population, which may go on from the checkpoint of another
            one; None: it trains to its end.
        shrunk: What was changed in its config after it ran out of memory (see `memory`); empty: nothing.
        pieces: Batches that one of the config as it was is cut into since then.
    """

    id: str
    config: Config
    seed: int
    objective: Objective
    directory: str
    test: bool = False
    storage: str = ""
    until: int | None = None
    shrunk: str = ""
    pieces: int = 1

    def to_json(self) -> str:
        """The trial as one string."""
        return json.dumps(
            {**asdict(self), "config": to_dict(self.config), "objective": asdict(self.objective)}
        )

    @classmethod
    def from_json(cls, text: str) -> TrialSpec:
        """The trial that `to_json` wrote."""
        tree = json.loads(text)
        objective = tree.pop("objective")
        objective["tasks"] = {task: tuple(names) for task, names in objective["tasks"].items()}
        return cls(**{**tree, "config": parse(tree["config"]), "objective": Objective(**objective)})
