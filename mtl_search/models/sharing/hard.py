"""Hard sharing: the first stages are one trunk, each task has a copy of the rest.

Source: Caruana 1997, "Multitask learning".

B samples, n stages, d_t depth of task t
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_choice, check_int
from mtl_search.models.sharing.base import DiagramBlock, Features, SharingPolicy, Views
from mtl_search.models.stage import Stage, StagesBuilder, parameter_count, run_stages, safe_key

PATH = "model.sharing.depth"


class HardSharing(SharingPolicy):
    """Stage i is shared by the tasks whose depth is above i; below its depth a task has copies.

    Depth 0 gives separate networks; depth n shares all stages and only the heads are apart. Copies
    are initialised independently. If stage i has p_i parameters, the network has
    Σ_i p_i · ([any d_t > i] + #{t: d_t ≤ i}) of them.

    The views that pass the trunk are one concatenated batch, so a siamese task costs no second
    call. In training, batch normalisation then sees the samples of all views together. A stage of
    the trunk runs once for each view, however many tasks read it, and only as far as some task
    needs that view.

    Args:
        build: Returns a fresh list of stages. It is called once for the trunk and once for each
            task with stages of its own.
        views: Maps each task to the views that its head reads.
        depth: Number of stages that all tasks share, or a mapping from tasks to such numbers. A
            task that the mapping leaves out shares all stages, and so do all tasks by default.

    Raises:
        ConfigError: A depth is outside 0 .. n, or belongs to a task that does not exist.
    """

    def __init__(
        self, build: StagesBuilder, views: Views, *, depth: int | Mapping[str, int] | None = None
    ) -> None:
        super().__init__(views)
        first = build()
        self.stages = len(first)
        self.width = first[-1].width
        self.kind = first[-1].kind
        self.depths = _depths(depth, list(self.views), self.stages)
        deepest = max(self.depths.values())
        # The first build, which gave the number of stages, is used before any other is drawn.
        copies = itertools.chain([first], iter(build, None))
        self.trunk = nn.ModuleList(next(copies)[:deepest] if deepest else [])
        self.branches = nn.ModuleDict(
            {
                safe_key(task): nn.ModuleList(next(copies)[d:])
                for task, d in self.depths.items()
                if d < self.stages
            }
        )
        self._plan_trunk()

    def _plan_trunk(self) -> None:
        """Plan how far each view goes through the trunk.

        The views that go farthest come first in the batch, so those still in the trunk are always
        a leading slice of it.
        """
        reach: dict[str, int] = {}  # view → number of trunk stages that it passes
        for task, names in self.views.items():
            for view in names:
                reach[view] = max(reach.get(view, 0), self.depths[task])
        self._order = sorted((view for view in reach if reach[view]), key=lambda view: -reach[view])
        # For each stage the number of views that pass it.
        self._active = [
            sum(reach[view] > i for view in self._order) for i in range(len(self.trunk))
        ]
        self._exits = set(self.depths.values())

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Return the features of each task, one tensor for each view that it reads."""
        masks = masks or {}
        levels = self._run_trunk(inputs, masks)
        features: Features = {}
        for task, depth in self.depths.items():
            level = levels[depth]
            views = self.views[task]
            if depth == self.stages:
                features[task] = tuple([level[view] for view in views])
            else:
                x, mask = concat_views(level, masks, views)
                features[task] = split_views(run_stages(self.branch(task), x, mask), len(views))
        return features

    def _run_trunk(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[int, Mapping[str, Tensor]]:
        """Map each depth at which some task leaves the trunk to the features of the views there."""
        levels: dict[int, Mapping[str, Tensor]] = {0: inputs}
        if not self._order:
            return levels
        x, mask = concat_views(inputs, masks, self._order)
        active = len(self._order)
        for i, stage in enumerate(self.trunk):
            if self._active[i] < active:
                samples = x.shape[0] // active * self._active[i]
                active = self._active[i]
                x = x[:samples]
                if mask is not None:
                    mask = mask[:samples]
            x = stage(x, mask)
            if i + 1 in self._exits:
                # zip ends with the views that are still in the trunk, which come first in order.
                levels[i + 1] = dict(zip(self._order, split_views(x, active)))  # noqa: B905
        return levels

    def extract(self, tasks: Sequence[str]) -> SharingPolicy:
        """Return the policy of some tasks alone: their branches, and the trunk up to the deepest.

        Args:
            tasks: The tasks.
        """
        if type(self) is not HardSharing:  # of a subclass it would leave out what that adds
            return self
        depths = {task: self.depths[task] for task in tasks}
        whole = {task: [*self.trunk[:depth], *self.branch(task)] for task, depth in depths.items()}
        parts = [whole[task] for task, depth in depths.items() if depth < self.stages]
        deepest = max(depths, key=lambda task: depths[task])
        if depths[deepest]:
            parts.insert(0, whole[deepest])
        builds = iter(cast("list[list[Stage]]", parts))
        views = {task: self.views[task] for task in tasks}
        return HardSharing(lambda: next(builds), views, depth=depths)

    def branch(self, task: str) -> list[nn.Module]:
        """Return the stages that only this task has."""
        key = safe_key(task)
        if key not in self.branches:
            return []
        return list(cast("nn.ModuleList", self.branches[key]))

    def readers(self, stage: int) -> tuple[str, ...]:
        """Return the tasks that read this stage of the trunk."""
        return tuple(task for task, depth in self.depths.items() if depth > stage)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the trunk's stages that two or more tasks read."""
        parameters: list[nn.Parameter] = []
        for i, stage in enumerate(self.trunk):
            if len(self.readers(i)) > 1:
                parameters += stage.parameters()
        return parameters

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Return the parameters of the task's copies and of trunk stages that only it reads."""
        parameters: list[nn.Parameter] = []
        for i, stage in enumerate(self.trunk):
            if self.readers(i) == (task,):
                parameters += stage.parameters()
        for stage in self.branch(task):
            parameters += stage.parameters()
        return parameters

    def parameters_at(self, depth: int | Mapping[str, int]) -> int:
        """Count the parameters that the policy would have at another depth, without building it."""
        depths = _depths(depth, list(self.views), self.stages).values()
        task = next(iter(self.views))
        total = 0
        for i, stage in enumerate([*self.trunk[: self.depths[task]], *self.branch(task)]):
            copies = sum(d <= i for d in depths)
            if copies < len(depths):
                copies += 1  # that of the trunk, which the other tasks read
            total += copies * parameter_count(stage)
        return total

    @property
    def depth(self) -> int | dict[str, int]:
        """The sharing depth: one number, or one for each task where they differ."""
        depths = set(self.depths.values())
        return depths.pop() if len(depths) == 1 else dict(self.depths)

    def blocks(self) -> list[DiagramBlock]:
        """List the trunk's stages, then each task's copies."""
        blocks = [
            _block(stage, self.readers(i), self._order[: self._active[i]], i - 1)
            for i, stage in enumerate(self.trunk)
        ]
        for task, depth in self.depths.items():
            before = depth - 1
            for stage in self.branch(task):
                blocks.append(_block(stage, (task,), self.views[task], before))
                before = len(blocks) - 1
        return blocks


def concat_views(
    features: Mapping[str, Tensor], masks: Mapping[str, Tensor], views: Sequence[str]
) -> tuple[Tensor, Tensor | None]:
    """Concatenate several views (B, ...) to one batch (len(views) · B, ...).

    Args:
        features: Maps each view to its features.
        masks: Maps a view to its (B, T) mask.
        views: The views, in the order that they have in the batch.

    Returns:
        The batch, and the masks of its samples (None if no view has a mask).
    """
    if len(views) == 1:
        return features[views[0]], masks.get(views[0])
    x = torch.cat([features[view] for view in views])
    if not masks or not any(view in masks for view in views):
        return x, None
    real = next(torch.ones_like(masks[view]) for view in views if view in masks)
    return x, torch.cat([masks.get(view, real) for view in views])


def split_views(x: Tensor, views: int) -> tuple[Tensor, ...]:
    """Split a batch that `concat_views` has made of this number of views."""
    if views == 1:
        return (x,)
    if torch.compiler.is_exporting():
        # `chunk` does the same, but torch cannot tell the number of chunks for any batch size.
        return x.reshape(views, x.shape[0] // views, *x.shape[1:]).unbind(0)
    return x.chunk(views)


def _depths(depth: int | Mapping[str, int] | None, tasks: list[str], stages: int) -> dict[str, int]:
    if isinstance(depth, Mapping):
        for name in depth:
            check_choice(name, PATH, tasks, "task")
        return {
            task: check_int(depth.get(task, stages), f"{PATH}.{task}", low=0, high=stages)
            for task in tasks
        }
    shared = check_int(stages if depth is None else depth, PATH, low=0, high=stages)
    return dict.fromkeys(tasks, shared)


def _block(
    stage: nn.Module, tasks: tuple[str, ...], views: Sequence[str], before: int
) -> DiagramBlock:
    assert isinstance(stage, Stage)
    return DiagramBlock(stage.label, tasks, tuple(views), stage, (before,) if before >= 0 else ())
