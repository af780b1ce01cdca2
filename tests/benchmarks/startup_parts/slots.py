"""What the slots of a sweep did between its first trial and its last, from the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SlotSeconds:
    """Hold the seconds of an average slot between the moments at which trials begin and end.

    Attributes:
        first: When the first trial began to train, seconds since 1970.
        last: When the last one ended.
        parts: Name → seconds of a slot. They add up to `last - first`.
    """

    first: float
    last: float
    parts: Mapping[str, float]

    @property
    def training(self) -> float:
        """Seconds that a slot trained."""
        return self.parts["training"]


def slot_seconds(journal: Path) -> SlotSeconds:
    """Return what the slots of a sweep did; a trial of a pack counts as if it had a slot alone."""
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    slots = next(event["slots"] for event in events if event["event"] == "sweep")
    asked, ended = _times(events, "trial"), _times(events, "end")
    epochs: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["event"] == "epoch":
            epochs.setdefault(event["id"], []).append(event)
    begun = {name: of[0]["time"] - of[0]["seconds"] for name, of in epochs.items()}
    first, last = min(begun.values()), max(ended.values())
    training = sum(of[-1]["seconds"] for of in epochs.values())
    set_up = sum(begun[name] - max(asked[name], first) for name in epochs)
    within = sum(of[-1]["time"] - begun[name] for name, of in epochs.items())
    after = sum(ended[name] - of[-1]["time"] for name, of in epochs.items())
    sums = {
        "training": training,
        "a trial's set-up": set_up,
        "between epochs": within - training,
        "after the last epoch": after,
        "no trial": (last - first) * slots - set_up - within - after,
    }
    return SlotSeconds(first, last, {name: total / slots for name, total in sums.items()})


def _times(events: list[dict[str, Any]], kind: str) -> dict[str, float]:
    return {event["id"]: float(event["time"]) for event in events if event["event"] == kind}
