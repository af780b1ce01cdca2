"""Cross-stitch: a column for each task, mixed after every stage by learned matrices.

K columns (tasks), n stages, B samples of all views together
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_number
from mtl_search.models.sharing.base import DiagramBlock, Features, SharingPolicy, Views
from mtl_search.models.sharing.hard import concat_views, split_views
from mtl_search.models.stage import StagesBuilder, safe_key

PATH = "model.sharing"


class CrossStitch(SharingPolicy):
    """After stage i, column k goes on with Σ_l a_ikl · x_l, a mixture of all columns' features.

    The matrix a_i starts with `keep` on its diagonal and (1 − keep)/(K − 1) elsewhere. It is
    learned with everything else and at the same learning rate (the paper's is 100 to 1000 times
    that of the layers). There is one matrix for each stage, not one for each channel. Every column
    runs on every view that some task reads, all views in one batch. A single task has one column
    and no matrices.

    Source: Misra et al. 2016, "Cross-stitch networks for multi-task learning".

    Args:
        build: Returns a fresh list of stages; called once for each task.
        views: Maps each task to the views that its head reads.
        keep: Share of its own features that a column keeps at the start, in [0, 1].

    Raises:
        ConfigError: `keep` is not a number from 0 to 1.
    """

    def __init__(self, build: StagesBuilder, views: Views, *, keep: float = 0.9) -> None:
        super().__init__(views)
        diagonal = check_number(keep, f"{PATH}.keep", high=1.0)
        columns = {safe_key(task): build() for task in self.views}
        first = next(iter(columns.values()))
        self.stages = len(first)
        self.width = first[-1].width
        self.kind = first[-1].kind
        self.columns = nn.ModuleDict(
            {key: nn.ModuleList(stages) for key, stages in columns.items()}
        )
        self.mixtures = nn.ParameterList()
        if len(columns) > 1:
            others = (1 - diagonal) / (len(columns) - 1)
            start = torch.full((len(columns), len(columns)), others).fill_diagonal_(diagonal)
            self.mixtures.extend(nn.Parameter(start.clone()) for _ in range(self.stages))
        self._all_views = list(
            dict.fromkeys(view for names in self.views.values() for view in names)
        )

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Return the features of each task's column, one tensor for each view that it reads."""
        x, mask = concat_views(inputs, masks or {}, self._all_views)
        columns = [x] * len(self.columns)
        for i in range(self.stages):
            columns = [stage(x, mask) for stage, x in zip(self._level(i), columns, strict=True)]
            if self.mixtures:
                stacked = torch.stack(columns)
                # Under autocast columns are of half precision, and `tensordot` does not convert.
                mixture = self.mixtures[i].to(stacked.dtype)
                columns = list(torch.tensordot(mixture, stacked, dims=1))
        features: Features = {}
        for (task, names), column in zip(self.views.items(), columns, strict=True):
            parts = split_views(column, len(self._all_views))
            by_view = dict(zip(self._all_views, parts, strict=True))
            features[task] = tuple([by_view[view] for view in names])
        return features

    def _level(self, stage: int) -> list[nn.Module]:
        """Return one stage of every column."""
        return [column[stage] for column in self.columns.values()]  # type: ignore[index]

    def blocks(self) -> list[DiagramBlock]:
        """List the blocks stage by stage: the stage of each column, then the matrix."""
        tasks = tuple(self.views)
        views = tuple(self._all_views)
        blocks: list[DiagramBlock] = []
        for i in range(self.stages):
            start = len(blocks)
            reads = (
                (start - 1,) if i else ()
            )  # what the stage before ends with: its matrix, if there is one
            for task, stage in zip(tasks, self._level(i), strict=True):
                label = str(stage.label)
                blocks.append(DiagramBlock(label, tasks, views, stage, reads, column=task))
            if self.mixtures:
                level = tuple(range(start, len(blocks)))
                weights = (self.mixtures[i],)
                blocks.append(DiagramBlock("cross-stitch", tasks, views, None, level, weights))
        return blocks

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return all parameters: through the mixtures every task reads every column."""
        return list(self.parameters()) if self.mixtures else []

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Return no parameters, unless there is only one task."""
        return [] if self.mixtures else list(self.parameters())
