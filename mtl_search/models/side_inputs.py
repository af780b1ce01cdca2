"""Views that go round the backbone: put beside the features of one task, just before its head.

B samples, T tokens, W width of the features, n values of an integer view
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config.schema import SideInputConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.data.types import in_memory
from mtl_search.errors import ConfigError
from mtl_search.models.stage import FeatureKind, safe_key


class SideInputs(nn.Module):
    """Features (B, T, W) → (B, T, W + ΣW_i), or (B, W) → (B, W + ΣW_i).

    A view of integers (B, T) or (B,) is embedded; one of real numbers comes as it is, (B, T, W_i) or (B, W_i), and
    (B, T) or (B,) as one column. So the relation head can know where the entities are, and the tagger beside it not.

    Args:
        width: W.
        embedded: View → its number of values and the width of its embedding.
        plain: View of real numbers → W_i.

    Attributes:
        views: The views that are read, in the order in which they are appended.
        width: Of what comes out.
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
        """Features with the views beside them.

        Args:
            features: (B, T, W) or (B, W).
            inputs: View → (B, ...).
        """
        return torch.cat(
            [features, *(self._column(view, inputs[view], features.ndim) for view in self.views)],
            -1,
        )

    def _column(self, view: str, x: Tensor, rank: int) -> Tensor:
        if (key := safe_key(view)) in self.tables:
            return self.tables[key](x)  # type: ignore[no-any-return]
        return x if x.ndim == rank else x.unsqueeze(-1)


def build_side_inputs(
    task: str,
    views: Mapping[str, SideInputConfig],
    data: DataSet | DataSpec,
    width: int,
    kind: FeatureKind,
) -> SideInputs:
    """What a task's key `side_inputs` asks for.

    Args:
        task: Its name, for messages.
        views: View → settings.
        data: Has the views.
        width: Of the features that leave the shared part.
        kind: Whether these are a vector, tokens or a map.

    Raises:
        ConfigError: No such view, or its shape does not fit the features, or an integer view has no or too few values.
    """
    path = f"tasks.{task}.side_inputs"
    if kind == "map":
        raise ConfigError(
            "the backbone gives maps, and beside a map nothing can be put",
            path=path,
            value=list(views),
        )
    rank = 1 if kind == "tokens" else 0
    embedded, plain = {}, {}
    for view, settings in views.items():
        if view not in data.inputs:
            raise ConfigError(
                "the data set has no view of this name", path=path, value=view, allowed=data.inputs
            )
        x = data.inputs[view]
        shape, integers = x.shape[1:], np.issubdtype(x.dtype, np.integer)
        if len(shape) not in ((rank,) if integers else (rank, rank + 1)):
            raise ConfigError(
                f"a view of shape {shape} cannot stand beside {kind} features",
                path=path,
                value=view,
            )
        if not integers and settings.values is not None:
            message = "only a view of integers is embedded, and this one holds real numbers"
            raise ConfigError(message, path=f"{path}.{view}.values", value=settings.values)
        if integers:
            embedded[view] = _values(f"{path}.{view}", view, settings, data), settings.width
        else:
            plain[view] = shape[rank] if len(shape) > rank else 1
    return SideInputs(width, embedded, plain)


def _values(path: str, view: str, settings: SideInputConfig, data: DataSet | DataSpec) -> int:
    """How many values the view has, compared with the data where these are at hand."""
    x = data.inputs[view]
    most = int(x[:].max()) + 1 if in_memory(x) and len(x) else None
    if settings.values is None:
        found = "" if most is None else f" (this data has 0 .. {most - 1}, so {most})"
        raise ConfigError(
            f"an embedding needs to know how many values the view has{found}", path=f"{path}.values"
        )
    if most is not None and most > settings.values:
        message = f"the view has the values 0 .. {most - 1}"
        raise ConfigError(
            message, path=f"{path}.values", value=settings.values, allowed=[f"{most} or more"]
        )
    return settings.values
