"""Cross-stitch: one column a task, mixed after every stage by learned matrices.

K columns (tasks), n stages, B samples of all views together
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_number
from mtl_search.errors import ConfigError
from mtl_search.models.sharing.base import DiagramBlock, Features, SharingPolicy, Views
from mtl_search.models.sharing.hard import concat_views, split_views
from mtl_search.models.stage import StagesBuilder, safe_key

PATH = "model.sharing"


class CrossStitch(SharingPolicy):
    """After stage i column k goes on with Σ_l a_ikl · x_l, a mixture of the features of all columns.

    a_i starts with `keep` on its diagonal and (1 − keep)/(K − 1) beside it, and is learned with everything else, at the
    same learning rate (the paper's is 100 to 1000 times that of the layers). One matrix a stage, not one a channel.
    Every column runs on every view that some task reads, all views in one batch. A single task has one column and no
    matrices.

    Source: Misra et al. 2016, "Cross-stitch networks for multi-task learning".

    Args:
        build: Makes a fresh list of stages; called once a task.
        views: Task → the views that its head reads.
        keep: How much of itself a column keeps at the start, in [0, 1].
    """

    def __init__(self, build: StagesBuilder, views: Views, *, keep: float = 0.9) -> None:
        super().__init__(views)
        own = check_number(keep, f"{PATH}.keep")
        if own > 1:
            raise ConfigError("not a share", path=f"{PATH}.keep", value=keep, allowed=["0 to 1"])
        columns = {safe_key(task): build() for task in self.views}
        first = next(iter(columns.values()))
        self.stages, self.width, self.kind = len(first), first[-1].width, first[-1].kind
        self.columns = nn.ModuleDict(
            {key: nn.ModuleList(stages) for key, stages in columns.items()}
        )
        self.mixtures = nn.ParameterList()
        if len(columns) > 1:
            others = (1 - own) / (len(columns) - 1)
            start = torch.full((len(columns), len(columns)), others).fill_diagonal_(own)
            self.mixtures.extend(nn.Parameter(start.clone()) for _ in range(self.stages))
        self._read = list(dict.fromkeys(view for names in self.views.values() for view in names))

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Task → features of its column, one tensor a view that it reads."""
        x, mask = concat_views(inputs, masks or {}, self._read)
        columns = [x] * len(self.columns)
        for i in range(self.stages):
            columns = [stage(x, mask) for stage, x in zip(self._level(i), columns, strict=True)]
            if self.mixtures:
                columns = list(torch.tensordot(self.mixtures[i], torch.stack(columns), dims=1))
        features: Features = {}
        for (task, names), own in zip(self.views.items(), columns, strict=True):
            by_view = dict(zip(self._read, split_views(own, len(self._read)), strict=True))
            features[task] = tuple([by_view[view] for view in names])
        return features

    def _level(self, stage: int) -> list[nn.Module]:
        """The same stage of every column."""
        return [column[stage] for column in self.columns.values()]  # type: ignore[index]

    def blocks(self) -> list[DiagramBlock]:
        """Stage by stage: that of each column, then the matrix."""
        tasks, views, found = tuple(self.views), tuple(self._read), list[DiagramBlock]()
        for i in range(self.stages):
            before = (len(found) - 1,) if i else ()
            level = range(len(found), len(found) + len(tasks))
            for task, stage in zip(tasks, self._level(i), strict=True):
                found.append(
                    DiagramBlock(str(stage.label), tasks, views, stage, before, column=task)
                )
            if self.mixtures:
                found.append(
                    DiagramBlock(
                        "cross-stitch", tasks, views, None, tuple(level), (self.mixtures[i],)
                    )
                )
        return found

    def shared_parameters(self) -> list[nn.Parameter]:
        """All of them: through the mixtures every task reads every column."""
        return list(self.parameters()) if self.mixtures else []

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """None, unless there is only one task."""
        return [] if self.mixtures else list(self.parameters())
