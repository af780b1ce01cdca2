"""One of several sweeps that are compared, and what to call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mtl_search.analysis.compared_networks import ComparedNetworks
from mtl_search.analysis.evidence import Evidence
from mtl_search.metrics.metric_key import scale_key


@dataclass(frozen=True)
class Sweep:
    """One of the sweeps that are compared.

    Attributes:
        label: What it is called in tables, unlike all others.
        evidence: Its record, config and verdict.
        folder: Its folder, with the scores of test items.
    """

    label: str
    evidence: Evidence
    folder: Path

    @cached_property
    def networks(self) -> ComparedNetworks:
        """Its networks that were trained on fresh seeds."""
        excluded = self.evidence.record.excluded_metrics
        tasks = {
            task: tuple(m for m in metrics if scale_key(task, m) not in excluded)
            for task, metrics in self.evidence.tasks.items()
        }
        counted = {task: metrics for task, metrics in tasks.items() if metrics}
        return ComparedNetworks(self.evidence.record, counted, self.folder)

    @property
    def data(self) -> Mapping[str, Any]:
        """What its journal says of the data: `name, digest, splits`; empty in earlier versions."""
        return self.evidence.record.data

    @property
    def versions(self) -> Mapping[str, str]:
        """Package → version; empty in earlier versions."""
        versions: Mapping[str, str] = self.evidence.record.environment.get("versions", {})
        return versions

    @property
    def metrics(self) -> dict[str, str]:
        """Main task → its first metric, by which it counts."""
        return {task: names[0] for task, names in self.evidence.tasks.items() if names}


def labels_of(folders: Sequence[Path]) -> list[str]:
    """Return a label for each folder: its name, with as many parents as tell them apart.

    Args:
        folders: The folders; one that comes twice gets a number.

    Examples:
        >>> labels_of([Path("runs/faces"), Path("runs/faces-2")])
        ['faces', 'faces-2']
        >>> labels_of([Path("old/faces"), Path("new/faces"), Path("new/faces")])
        ['old/faces', 'new/faces', 'new/faces (2)']
    """
    paths = [folder.absolute() for folder in folders]
    count = 1
    while _ambiguous([_last(path, count) for path in paths], paths):
        count += 1
    labels: list[str] = []
    for path in paths:
        label = _last(path, count)
        times = sum(other == label or other.startswith(f"{label} (") for other in labels)
        labels.append(f"{label} ({times + 1})" if times else label)
    return labels


def _last(path: Path, count: int) -> str:
    return "/".join(path.parts[-count:])


def _ambiguous(labels: Sequence[str], paths: Sequence[Path]) -> bool:
    """Return whether two different folders have one label."""
    return len(set(labels)) < len(set(paths))
