"""A data set without its samples: enough to build a network that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.preparation.arrays import ArraysPreparation
from mtl_search.data.preparation.base import Preparation
from mtl_search.data.preparation.stored import from_stored, to_stored
from mtl_search.data.types import REAL_KINDS, InputArray, TargetKind


@dataclass(frozen=True)
class DataSpec:
    """Shapes, types and classes of the samples of a data set.

    Attributes:
        inputs: View name → array (0, ...) of the right shape and type.
        targets: Target name → target without values.
        masks: The views that come with a mask.
        preparation: What turns raw rows into the inputs, where the data set is at hand.
        stored_preparation: What the preparation is as plain JSON, where the spec is from a file.
        files: The folder of what the stored preparation needs beside the JSON; None: there is none.
    """

    inputs: Mapping[str, InputArray]
    targets: Mapping[str, Target]
    masks: tuple[str, ...] = ()
    preparation: Preparation | None = None
    stored_preparation: Mapping[str, Any] | None = None
    files: Path | None = None

    def load_preparation(self) -> Preparation | None:
        """Return what turns raw rows into the inputs, and import its class if it is the user's.

        Returns:
            The preparation; None where none is stored, as of networks that version 0.2 kept.

        Raises:
            ConfigError: There is no such class.
            DataError: The class cannot read what is stored.
        """
        if self.preparation is None and self.stored_preparation is not None:
            preparation = from_stored(self.stored_preparation)
            if self.files is None or not preparation.has_files:
                return preparation
            return preparation.with_files(self.files)
        return self.preparation

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, which `from_json` reads."""
        inputs = {}
        for name, x in self.inputs.items():
            inputs[name] = [list(x.shape[1:]), np.dtype(x.dtype).name]
        targets = {}
        for name, target in self.targets.items():
            targets[name] = [target.kind, list(target.classes)]
        tree: dict[str, Any] = {"inputs": inputs, "targets": targets, "masks": list(self.masks)}
        if self.preparation is not None:
            tree["preparation"] = to_stored(self.preparation)
        elif self.stored_preparation is not None:
            tree["preparation"] = dict(self.stored_preparation)
        return tree

    @classmethod
    def from_json(cls, tree: Mapping[str, Any], files: Path | None = None) -> DataSpec:
        """Read what `to_json` returned.

        Args:
            tree: What it returned.
            files: The folder of what the preparation needs beside it.
        """
        inputs = {}
        for name, (shape, dtype) in tree["inputs"].items():
            inputs[name] = np.empty((0, *shape), dtype)
        targets = {}
        for name, (kind, classes) in tree["targets"].items():
            targets[name] = _empty_target(kind, classes)
        # No class of the user's is imported here: the file may come from anywhere.
        stored = tree.get("preparation")
        masks = tuple(tree["masks"])
        return cls(inputs, targets, masks, stored_preparation=stored, files=files)


def data_spec(data: DataSet) -> DataSpec:
    """Return the specification of a data set."""
    return DataSpec(data.inputs, data.targets, tuple(data.masks), preparation_of(data))


def preparation_of(data: DataSet) -> Preparation:
    """Return the preparation of a data set; where it has none, its inputs are raw already."""
    return data.preparation or ArraysPreparation.of(data.inputs, data.masks)


def _empty_target(kind: TargetKind, classes: Sequence[str]) -> Target:
    shape: tuple[int, ...] = (0,)
    if kind in ("multilabel", "vector"):
        shape = (0, len(classes))
    elif kind == "tags":
        shape = (0, 1)
    dtype = np.float32 if kind in REAL_KINDS else np.int64
    return Target(np.zeros(shape, dtype), kind, tuple(classes))
