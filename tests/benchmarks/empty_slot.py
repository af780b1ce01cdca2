"""A slot whose trials cost next to nothing, and a journal of trials that never ran."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path
from typing import Any

from ray import tune
from ray.util import get_node_ip_address

from mtl_search.training.trial_report import TrialReport, to_result

EPOCHS = 2
_LR = "training.optimizer.lr"
_DEPTH = "model.sharing.depth"
_DISTRIBUTIONS: dict[str, dict[str, Any]] = {
    _LR: {"name": "FloatDistribution", "step": None, "low": 1e-4, "high": 1e-1, "log": True},
    _DEPTH: {"name": "IntDistribution", "log": False, "step": 1, "low": 0, "high": 1},
}


class EmptySlot(tune.Trainable):
    """Reports two made-up epochs a trial, of all members of a pack at once."""

    def setup(self, config: dict[str, Any]) -> None:
        self._node = get_node_ip_address()
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._trials, self._epoch = list(new_config["arms"]), 0
        return True

    def step(self) -> dict[str, Any]:
        self._epoch += 1
        return to_result(
            {
                trial: made_up_report(trial, self._epoch).with_node(self._node)
                for trial in self._trials
            }
        )

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """There is none."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """There is none."""


def made_up_report(trial: str, epoch: int) -> TrialReport:
    """What a slot reports of an epoch."""
    state: Any = "COMPLETE" if epoch == EPOCHS else "RUNNING"
    found = made_up(trial, epoch)
    return TrialReport(epoch, found, found["val/y/accuracy"], state, info=_info(), seconds=0.01)


def made_up(trial: str, epoch: int) -> dict[str, float]:
    """Metrics that depend on the trial's id, and get better."""
    level = 0.5 + 0.4 * zlib.crc32(trial.encode()) / 2**32 + 0.01 * epoch
    return {
        "train/y/loss": 1 - level,
        "val/y/loss": 1 - level,
        "val/y/accuracy": level,
        "val/y/f1": level,
        "lr": 0.01,
        "seconds": 0.01,
    }


def _info() -> dict[str, Any]:
    return {"parameters": 10, "depth": 1, "weights": {"y": 1.0}, "lr": 0.01, "tasks": ["y"]}


def write_journal(path: Path, trials: int, scales: dict[str, tuple[float, float]]) -> None:
    """A sweep of one arm `search` with trials that have ended, as `sweep_memory` configures it."""
    generator = random.Random(0)
    distributions = {}
    for name, kind in _DISTRIBUTIONS.items():
        attributes = {key: value for key, value in kind.items() if key != "name"}
        distributions[name] = json.dumps({"name": kind["name"], "attributes": attributes})
    lines: list[dict[str, Any]] = [
        {"event": "sweep", "id": "0123456789ab", "name": "memory", "budget": {"search": trials}},
        {"event": "scales", "values": scales, "excluded": {}},
    ]
    for number in range(trials):
        name = f"search-{number:04d}"
        params = {_LR: 10 ** generator.uniform(-4, -1), _DEPTH: generator.randint(0, 1)}
        about = {"arm": "search", "number": number, "params": params, "overrides": params}
        about |= {"distributions": distributions, "seed": number, "config_hash": f"{number:012x}"}
        lines.append({"event": "trial", "id": name, **about})
        lines.append({"event": "info", "id": name, "info": _info()})
        for epoch in range(1, EPOCHS + 1):
            found = made_up(name, epoch)
            values = {"metrics": found, "objective": found["val/y/accuracy"], "seconds": 0.01}
            lines.append({"event": "epoch", "id": name, "epoch": epoch, **values})
        lines.append({"event": "end", "id": name, "state": "COMPLETE", "reason": "", "test": {}})
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines):
            kind = line.pop("event")
            timed = {"event": kind, "time": 1_700_000_000.0 + 0.1 * number, **line}
            file.write(json.dumps(timed) + "\n")
