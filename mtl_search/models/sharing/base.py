"""The base of all sharing policies: views in, features of each task out, and who owns what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from mtl_search.models.stage import FeatureKind

# Maps each task to the views that its head reads, in order.
Views = Mapping[str, Sequence[str]]
# Maps each task to its features, one tensor for each view that its head reads.
Features = dict[str, tuple[Tensor, ...]]


class DiagramBlock(NamedTuple):
    """One box of a network's picture and one row of its summary.

    Attributes:
        label: A short description, such as `dense 64`.
        tasks: The tasks that read it, directly or through other blocks; a block that more than one
            task reads is shared.
        views: The views that pass it.
        module: The module that runs; None for a mixture of the blocks that it reads.
        reads: Positions of the earlier blocks that it reads; empty if it reads its views.
        weights: Parameters of a block without a module.
        column: The task whose column it belongs to, where `tasks` does not say it.
        tied_strength: Strength λ of the penalty that ties it to the same block of other columns; 0
            if it is not tied.
    """

    label: str
    tasks: tuple[str, ...]
    views: tuple[str, ...]
    module: nn.Module | None
    reads: tuple[int, ...] = ()
    weights: tuple[nn.Parameter, ...] = ()
    column: str | None = None
    tied_strength: float = 0.0


class SharingPolicy(nn.Module, ABC):
    """Base of all sharing policies.

    Args:
        views: Maps each task to the views that its head reads, in order.

    Attributes:
        views: Maps each task to the views that its head reads, in order.
        width: Width of the features that each task gets.
        kind: Kind of these features: a vector, tokens or a map.
        stages: Number of stages of the backbone.

    Examples:
        A policy of one's own gets a function that builds the stages and the views of each task.
        This one shares all stages and multiplies the features of each task by a learned gate. In a
        config it is `model.sharing: "my_package.my_module:GatedTrunk"`.

        >>> import torch
        >>> from torch import nn
        >>> from mtl_search.models.backbones import BACKBONES
        >>> from mtl_search.models.sharing.base import DiagramBlock, SharingPolicy
        >>> from mtl_search.models.stage import run_stages
        >>> class GatedTrunk(SharingPolicy):
        ...     def __init__(self, build, views):
        ...         super().__init__(views)
        ...         self.trunk = nn.ModuleList(build())
        ...         self.stages = len(self.trunk)
        ...         self.width, self.kind = self.trunk[-1].width, self.trunk[-1].kind
        ...         self.gates = nn.ParameterList(torch.ones(self.width) for _ in views)
        ...
        ...     def forward(self, inputs, masks=None):
        ...         masks = masks or {}
        ...         features = {}
        ...         for gate, (task, names) in zip(self.gates, self.views.items()):
        ...             shared = [run_stages(self.trunk, inputs[v], masks.get(v)) for v in names]
        ...             features[task] = tuple(gate * x for x in shared)
        ...         return features
        ...
        ...     def blocks(self):
        ...         tasks = tuple(self.views)
        ...         views = tuple({view: None for names in self.views.values() for view in names})
        ...         blocks = []
        ...         for i, stage in enumerate(self.trunk):
        ...             reads = (i - 1,) if i else ()
        ...             blocks.append(DiagramBlock(stage.label, tasks, views, stage, reads))
        ...         for gate, task in zip(self.gates, tasks):
        ...             last = self.stages - 1
        ...             blocks.append(
        ...                 DiagramBlock("gate", (task,), views, None, (last,), weights=(gate,))
        ...             )
        ...         return blocks
        ...
        ...     def shared_parameters(self):
        ...         return list(self.trunk.parameters())
        ...
        ...     def task_parameters(self, task):
        ...         return [self.gates[list(self.views).index(task)]]
        >>> policy = GatedTrunk(
        ...     lambda: BACKBONES["mlp"]((4,), widths=[8, 3]), {"price": ["x"], "area": ["x"]}
        ... )
        >>> features = policy({"x": torch.randn(5, 4)})
        >>> {task: tuple(x.shape) for task, (x,) in features.items()}
        {'price': (5, 3), 'area': (5, 3)}
    """

    __call__: Callable[..., Features]

    def __init__(self, views: Views) -> None:
        super().__init__()
        self.views = {task: tuple(names) for task, names in views.items()}
        self.width: int
        self.kind: FeatureKind
        self.stages: int

    @abstractmethod
    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Compute the features of each task, one tensor for each view that its head reads.

        Args:
            inputs: Maps each view to a tensor (B, ...); all views have one shape.
            masks: Maps a view to a (B, T) bool tensor that is True at real tokens. All tokens of
                a view without a mask are real.
        """

    def extract(self, tasks: Sequence[str]) -> SharingPolicy:
        """Return a policy in which is what the features of some tasks need, with these parameters.

        It serves predictions only. Policies in which every task reads all parts return themselves,
        as this one does.

        Args:
            tasks: The tasks.
        """
        del tasks
        return self

    @property
    def depth(self) -> int | dict[str, int] | None:
        """Sharing depth for tables: one number, one for each task where they differ, or None."""
        return None

    def penalty(self) -> Tensor | None:
        """Return the scalar () that the policy adds to the loss of each step; None for nothing."""
        return None

    @abstractmethod
    def blocks(self) -> list[DiagramBlock]:
        """List the blocks in the order in which data passes them.

        The head of a task reads the last block that has the task among its `tasks`.
        """

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that more than one task reads."""

    @abstractmethod
    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Return the parameters that only this task reads."""
