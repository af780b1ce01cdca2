"""A data set without its samples: enough to build a network that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.types import InputArray, TargetKind


@dataclass(frozen=True)
class DataSpec:
    """What the samples of a data set look like.

    Attributes:
        inputs: View name → array (0, ...) of the right shape and type.
        targets: Target name → target without values.
        masks: Views that come with a mask.
    """

    inputs: Mapping[str, InputArray]
    targets: Mapping[str, Target]
    masks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; `from_json` takes them back."""
        inputs = {
            name: [list(x.shape[1:]), np.dtype(x.dtype).name] for name, x in self.inputs.items()
        }
        targets = {
            name: [target.kind, list(target.classes)] for name, target in self.targets.items()
        }
        return {"inputs": inputs, "targets": targets, "masks": list(self.masks)}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> DataSpec:
        """The layout that `to_json` wrote."""
        inputs = {
            name: np.empty((0, *shape), dtype) for name, (shape, dtype) in tree["inputs"].items()
        }
        targets = {
            name: _empty_target(kind, classes) for name, (kind, classes) in tree["targets"].items()
        }
        return cls(inputs, targets, tuple(tree["masks"]))


def data_spec(data: DataSet) -> DataSpec:
    """The layout of a data set."""
    return DataSpec(data.inputs, data.targets, tuple(data.masks))


def _empty_target(kind: TargetKind, classes: Sequence[str]) -> Target:
    shape = {"multilabel": (0, len(classes)), "tags": (0, 1)}.get(kind, (0,))
    return Target(np.zeros(shape, np.float32 if kind == "real" else np.int64), kind, tuple(classes))
