"""The input of a trial: plain data, so that any process can train it; see `trial_report`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mtl_search.config import Config, parse, to_dict, with_written
from mtl_search.metrics.objective import Objective


@dataclass(frozen=True)
class TrialSpec:
    """Describe one trial, ready to train.

    Attributes:
        id: The trial's name in the sweep.
        config: The trial's config: every searched value is in it, and only the trial's own tasks.
        seed: The seed of weights, order of batches and dropout.
        objective: The function that turns an epoch's validation metrics into one number.
        directory: The folder of its checkpoints.
        test: Whether the test split is read once at the end, at the best epoch; for finalists only.
        storage: The URI of its folder in a storage that all nodes reach; empty where all nodes
            reach `directory`.
        until: The epoch at which a member of a population pauses; it may go on from the checkpoint
            of another member. None: it trains to its end.
        shrunk: What was changed in its config after it ran out of memory (see `out_of_memory`);
            empty: nothing.
        pieces: How many batches one batch of the original config is divided into since then.
        split: The number of the random partition of the data to train on, from 1; 0 is the sweep's
            own (see `Partitions`).
        stop_epochs: The epochs after which the scheduler may stop it, so that its best network has
            to be on the disk by then. None: after any.

    Examples:
        >>> from mtl_search.config import parse
        >>> from mtl_search.metrics.objective import Objective
        >>> tree = {"name": "a", "data": "digit_pairs", "tasks": {"sum": {"head": "softmax"}}}
        >>> config = parse({**tree, "model": {"backbone": "mlp"}})
        >>> objective = Objective({"sum": ("accuracy",)}, "primary")
        >>> spec = TrialSpec("search-0000", config, 1, objective, "runs/a/search-0000")
        >>> TrialSpec.from_json(spec.to_json()) == spec
        True
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
    split: int = 0
    stop_epochs: tuple[int, ...] | None = None

    def to_json(self) -> str:
        """Return the trial as one string."""
        tree = {
            **asdict(self),
            "config": to_dict(self.config),
            "written": [*self.config.written.items()],
            "objective": asdict(self.objective),
        }
        return json.dumps(tree)

    @classmethod
    def from_json(cls, text: str) -> TrialSpec:
        """Return the trial that `to_json` wrote."""
        tree = json.loads(text)
        objective = tree.pop("objective")
        objective["tasks"] = {task: tuple(names) for task, names in objective["tasks"].items()}
        written = {tuple(path): text for path, text in tree.pop("written")}
        config = with_written(parse(tree["config"]), written)
        stops = tree.pop("stop_epochs")
        return cls(
            **tree | {"config": config, "objective": Objective(**objective)},
            stop_epochs=None if stops is None else tuple(stops),
        )
