"""Hard sharing: the first stages are one trunk, the rest is a copy a task (Caruana 1997, "Multitask learning").

B samples, n stages, d_t depth of task t
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_int
from mtl_search.errors import ConfigError
from mtl_search.models.sharing.base import DiagramBlock, Features, SharingPolicy, Views
from mtl_search.models.stage import Stage, StagesBuilder, parameter_count, run_stages, safe_key

PATH = "model.sharing.depth"


class HardSharing(SharingPolicy):
    """Stage i is shared by the tasks whose depth is above i; below its depth a task has copies of its own.

    Depth 0 is separate networks, depth n shares all stages and leaves only the heads apart. Copies are initialised
    independently. With p_i parameters in stage i there are Σ_i p_i · ([any d_t > i] + #{t: d_t ≤ i}) in all.

    Views that pass the trunk do so as one concatenated batch, so a siamese task costs no second call; batch
    normalisation then sees the samples of all views together, in training. Each stage of the trunk runs once for a
    view, however many tasks read it, and only as far as some task needs that view.

    Args:
        build: Makes a fresh list of stages; called once for the trunk and once for each task with stages of its own.
        views: Task → the views that its head reads.
        depth: Stages shared by all tasks, or a depth a task (a task that is not named shares all); default: all.

    Raises:
        ConfigError: A depth outside 0 .. n, or one for a task that does not exist.
    """

    def __init__(
        self, build: StagesBuilder, views: Views, *, depth: int | Mapping[str, int] | None = None
    ) -> None:
        super().__init__(views)
        fresh = _builds(build)
        first = next(fresh)
        self.stages = len(first)
        self.width, self.kind = first[-1].width, first[-1].kind
        self.depths = _depths(depth, list(self.views), self.stages)
        deepest = max(self.depths.values())
        copies = _with_first(first, fresh)
        self.trunk = nn.ModuleList(next(copies)[:deepest] if deepest else [])
        self.branches = nn.ModuleDict(
            {
                safe_key(task): nn.ModuleList(next(copies)[d:])
                for task, d in self.depths.items()
                if d < self.stages
            }
        )
        self._plan()

    def _plan(self) -> None:
        """How far each view goes through the trunk, farthest first, so that those still in it are a leading slice."""
        reach: dict[str, int] = {}
        for task, names in self.views.items():
            for view in names:
                reach[view] = max(reach.get(view, 0), self.depths[task])
        self._order = sorted((view for view in reach if reach[view]), key=lambda view: -reach[view])
        self._active = [
            sum(reach[view] > i for view in self._order) for i in range(len(self.trunk))
        ]
        self._exits = set(self.depths.values())

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Task → features, one tensor a view that it reads."""
        masks = masks or {}
        levels = self._run_trunk(inputs, masks)
        features: Features = {}
        for task, depth in self.depths.items():
            level, views = levels[depth], self.views[task]
            if depth == self.stages:
                features[task] = tuple([level[view] for view in views])
            else:
                x, mask = concat_views(level, masks, views)
                features[task] = split_views(run_stages(self.branch(task), x, mask), len(views))
        return features

    def _run_trunk(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> dict[int, Mapping[str, Tensor]]:
        """Depth at which some task leaves → view → features there."""
        levels: dict[int, Mapping[str, Tensor]] = {0: inputs}
        if not self._order:
            return levels
        x, mask = concat_views(inputs, masks, self._order)
        active = len(self._order)
        for i, stage in enumerate(self.trunk):
            if self._active[i] < active:
                samples = len(x) // active * self._active[i]
                x, mask, active = (
                    x[:samples],
                    None if mask is None else mask[:samples],
                    self._active[i],
                )
            x = stage(x, mask)
            if i + 1 in self._exits:
                # zip ends with the views that are still in the trunk: they lead the order.
                levels[i + 1] = dict(zip(self._order, split_views(x, active)))  # noqa: B905
        return levels

    def branch(self, task: str) -> list[nn.Module]:
        """The stages that only this task has."""
        key = safe_key(task)
        return list(cast("nn.ModuleList", self.branches[key])) if key in self.branches else []

    def readers(self, stage: int) -> tuple[str, ...]:
        """The tasks that read this stage of the trunk."""
        return tuple(task for task, depth in self.depths.items() if depth > stage)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters of the trunk's stages that two tasks or more read."""
        return [
            p
            for i, stage in enumerate(self.trunk)
            if len(self.readers(i)) > 1
            for p in stage.parameters()
        ]

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Parameters of the task's copies, and of stages of the trunk that it has to itself."""
        alone = [stage for i, stage in enumerate(self.trunk) if self.readers(i) == (task,)]
        return [p for stage in [*alone, *self.branch(task)] for p in stage.parameters()]

    def parameters_at(self, depth: int | Mapping[str, int]) -> int:
        """Parameters that the same stages would have at another depth, without building them."""
        depths = _depths(depth, list(self.views), self.stages).values()
        task = next(iter(self.views))
        sizes = [
            parameter_count(stage)
            for stage in [*self.trunk[: self.depths[task]], *self.branch(task)]
        ]
        return sum(
            p * (any(d > i for d in depths) + sum(d <= i for d in depths))
            for i, p in enumerate(sizes)
        )

    @property
    def depth(self) -> int | dict[str, int]:
        """One number, or a number a task where they differ."""
        different = set(self.depths.values())
        return different.pop() if len(different) == 1 else dict(self.depths)

    def blocks(self) -> list[DiagramBlock]:
        """The trunk, then each task's copies."""
        found = [
            _block(stage, self.readers(i), self._order[: self._active[i]], i - 1)
            for i, stage in enumerate(self.trunk)
        ]
        for task, depth in self.depths.items():
            before = depth - 1
            for stage in self.branch(task):
                found.append(_block(stage, (task,), self.views[task], before))
                before = len(found) - 1
        return found


def concat_views(
    features: Mapping[str, Tensor], masks: Mapping[str, Tensor], views: Sequence[str]
) -> tuple[Tensor, Tensor | None]:
    """Several views (B, ...) as one batch (len(views) · B, ...), with their masks if any has one."""
    if len(views) == 1:
        return features[views[0]], masks.get(views[0])
    x = torch.cat([features[view] for view in views])
    if not masks or not any(view in masks for view in views):
        return x, None
    real = next(torch.ones_like(masks[view]) for view in views if view in masks)
    return x, torch.cat([masks.get(view, real) for view in views])


def split_views(x: Tensor, views: int) -> tuple[Tensor, ...]:
    """The inverse of `together`."""
    return (x,) if views == 1 else x.chunk(views)


def _builds(build: StagesBuilder) -> Iterator[list[Stage]]:
    while True:
        yield build()


def _with_first(first: list[Stage], rest: Iterator[list[Stage]]) -> Iterator[list[Stage]]:
    """The first build told how many stages there are, and is then used like any other."""
    yield first
    yield from rest


def _depths(depth: int | Mapping[str, int] | None, tasks: list[str], stages: int) -> dict[str, int]:
    if isinstance(depth, Mapping):
        for name in depth:
            if name not in tasks:
                raise ConfigError(
                    "there is no task of this name", path=PATH, value=name, allowed=tasks
                )
        given = {task: depth.get(task, stages) for task in tasks}
        return {
            task: check_int(d, f"{PATH}.{task}", low=0, high=stages) for task, d in given.items()
        }
    shared = check_int(stages if depth is None else depth, PATH, low=0, high=stages)
    return dict.fromkeys(tasks, shared)


def _block(
    stage: nn.Module, tasks: tuple[str, ...], views: Sequence[str], before: int
) -> DiagramBlock:
    assert isinstance(stage, Stage)
    return DiagramBlock(stage.label, tasks, tuple(views), stage, (before,) if before >= 0 else ())
