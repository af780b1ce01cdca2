"""A data set without its samples: enough to build a network that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.types import REAL_KINDS, InputArray, TargetKind


@dataclass(frozen=True)
class DataSpec:
    """Shapes, types and classes of the samples of a data set.

    Attributes:
        inputs: View name → array (0, ...) of the right shape and type.
        targets: Target name → target without values.
        masks: The views that come with a mask.
    """

    inputs: Mapping[str, InputArray]
    targets: Mapping[str, Target]
    masks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, which `from_json` reads."""
        inputs = {}
        for name, x in self.inputs.items():
            inputs[name] = [list(x.shape[1:]), np.dtype(x.dtype).name]
        targets = {}
        for name, target in self.targets.items():
            targets[name] = [target.kind, list(target.classes)]
        return {"inputs": inputs, "targets": targets, "masks": list(self.masks)}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> DataSpec:
        """Read what `to_json` returned."""
        inputs = {}
        for name, (shape, dtype) in tree["inputs"].items():
            inputs[name] = np.empty((0, *shape), dtype)
        targets = {}
        for name, (kind, classes) in tree["targets"].items():
            targets[name] = _empty_target(kind, classes)
        return cls(inputs, targets, tuple(tree["masks"]))


def data_spec(data: DataSet) -> DataSpec:
    """Return the specification of a data set."""
    return DataSpec(data.inputs, data.targets, tuple(data.masks))


def _empty_target(kind: TargetKind, classes: Sequence[str]) -> Target:
    shape: tuple[int, ...] = (0,)
    if kind in ("multilabel", "vector"):
        shape = (0, len(classes))
    elif kind == "tags":
        shape = (0, 1)
    dtype = np.float32 if kind in REAL_KINDS else np.int64
    return Target(np.zeros(shape, dtype), kind, tuple(classes))
