"""Side inputs: views that bypass the backbone and join the features of one task before its head.

B samples, T tokens, W width of the features, W_i width of view i
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_choice
from mtl_search.config.sections.task import SideInputConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.data.types import in_memory
from mtl_search.errors import ConfigError
from mtl_search.models.stage import FeatureKind, safe_key


class SideInputs(nn.Module):
    """Append views to features: (B, T, W) → (B, T, W + Σ W_i), or (B, W) → (B, W + Σ W_i).

    A view of integers, (B, T) or (B,), is embedded. A view of real numbers, (B, T, W_i) or
    (B, W_i), is appended as it is; one of shape (B, T) or (B,) counts as one column. So a relation
    head can know where the entities are while the tagger of the same sentence does not.

    Args:
        width: Width W of the features.
        embedded: Maps a view of integers to its number of values and the width of its embedding.
        plain: Maps a view of real numbers to its width W_i.

    Attributes:
        views: The views that are read, in the order in which they are appended.
        width: Width of the output.
    """

    __call__: Callable[..., Tensor]

    def __init__(
        self, width: int, embedded: Mapping[str, tuple[int, int]], plain: Mapping[str, int]
    ) -> None:
        super().__init__()
        self.views = (*embedded, *plain)
        self.width = width + sum(size for _, size in embedded.values()) + sum(plain.values())
        self.tables = nn.ModuleDict(
            {safe_key(view): nn.Embedding(*sizes) for view, sizes in embedded.items()}
        )

    def forward(self, features: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the features followed by the views.

        Args:
            features: (B, T, W) or (B, W).
            inputs: Maps each view to a tensor (B, ...).
        """
        columns = [self._columns(view, inputs[view], features.ndim) for view in self.views]
        return torch.cat([features, *columns], -1)

    def _columns(self, view: str, x: Tensor, rank: int) -> Tensor:
        key = safe_key(view)
        if key in self.tables:
            return self.tables[key](x)  # type: ignore[no-any-return]
        return x if x.ndim == rank else x.unsqueeze(-1)


def build_side_inputs(
    task: str,
    views: Mapping[str, SideInputConfig],
    data: DataSet | DataSpec,
    width: int,
    kind: FeatureKind,
) -> SideInputs:
    """Build what a task's key `side_inputs` asks for.

    Args:
        task: The task's name, for messages.
        views: Maps each view to its settings.
        data: The data set that has the views.
        width: Width of the features that leave the sharing policy.
        kind: Kind of those features.

    Raises:
        ConfigError: There is no such view, its shape does not fit the features, or the number of
            values of an integer view is missing or too small.
    """
    path = f"tasks.{task}.side_inputs"
    if kind == "map":
        raise ConfigError(
            "the backbone gives maps, and nothing can be appended to a map",
            path=path,
            value=list(views),
        )
    embedded: dict[str, tuple[int, int]] = {}
    plain: dict[str, int] = {}
    for view, settings in views.items():
        check_choice(view, path, data.inputs, "view")
        x = data.inputs[view]
        integers = np.issubdtype(x.dtype, np.integer)
        columns = _column_count(path, view, x.shape[1:], kind, integers=integers)
        if integers:
            embedded[view] = _values(f"{path}.{view}", view, settings, data), settings.width
        elif settings.values is None:
            plain[view] = columns
        else:
            message = "only a view of integers is embedded, and this one holds real numbers"
            raise ConfigError(message, path=f"{path}.{view}.values", value=settings.values)
    return SideInputs(width, embedded, plain)


def _column_count(
    path: str, view: str, shape: tuple[int, ...], kind: FeatureKind, *, integers: bool
) -> int:
    """Return how many columns a view of this shape appends; an integer before its embedding is one.

    Raises:
        ConfigError: The shape does not fit the features.
    """
    rank = 1 if kind == "tokens" else 0  # of a view of one number for each vector or token
    if len(shape) == rank:
        return 1
    if len(shape) != rank + 1 or integers:
        raise ConfigError(
            f"a view of shape {shape} cannot be appended to {kind} features", path=path, value=view
        )
    return shape[rank]


def _values(path: str, view: str, settings: SideInputConfig, data: DataSet | DataSpec) -> int:
    """Return the number of values of an integer view, checked against the data if it is loaded."""
    x = data.inputs[view]
    needed = int(x[:].max()) + 1 if in_memory(x) and len(x) else None
    if settings.values is None:
        hint = f" (this data has 0 .. {needed - 1}, so {needed})" if needed is not None else ""
        raise ConfigError(
            f"an embedding needs to know how many values the view has{hint}", path=f"{path}.values"
        )
    if needed is not None and needed > settings.values:
        raise ConfigError(
            f"the view has the values 0 .. {needed - 1}",
            path=f"{path}.values",
            value=settings.values,
            allowed=[f"{needed} or more"],
        )
    return settings.values
