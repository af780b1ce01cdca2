"""Some samples on the device, and how their tensors get their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from mtl_search.data.loading.sharding import BatchCounts


@dataclass(slots=True)
class Batch:
    """Some samples on the device.

    Batches of one chunk share memory: read them, do not write into them.

    Attributes:
        inputs: View name → (B, ...).
        masks: View name → (B, T) bool, for the views that have one.
        targets: Target name → (B,), (B, L) or (B, T); missing labels are marked as in the data set.
        size: B.
        total: The samples of the whole batch, of which other workers may hold a shard.
        labels: Target name → how many labels there are in this shard and in the whole batch; only
            of targets that lack some in the data set, and only when the loader counts.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    targets: dict[str, Tensor]
    size: int
    total: int
    labels: Mapping[str, tuple[int, int]]


class Collate:
    """Puts the tensors of a batch under their names.

    Args:
        keys: What each tensor is, as `select_arrays` has it.
    """

    __slots__ = ("_masks", "_targets", "_views")

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._views = [name for kind, name in keys if kind == "view"]
        self._masks = [name for kind, name in keys if kind == "mask"]
        self._targets = [name for kind, name in keys if kind == "target"]

    def __call__(self, tensors: Sequence[Tensor], counts: BatchCounts) -> Batch:
        """Return the batch of these tensors, which come in the order of the keys."""
        views = len(self._views)
        targets = views + len(self._masks)
        return Batch(
            # `zip` stops after the names, so that the tensors need not be sliced at the end.
            dict(zip(self._views, tensors, strict=False)),
            dict(zip(self._masks, tensors[views:], strict=False)) if self._masks else {},
            dict(zip(self._targets, tensors[targets:], strict=True)),
            len(tensors[0]),
            counts.total,
            counts.labels,
        )
