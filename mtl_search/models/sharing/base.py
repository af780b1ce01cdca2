"""What every sharing policy is: views in, features of each task out, and which parameters belong to whom."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from mtl_search.models.stage import FeatureKind

Views = Mapping[str, Sequence[str]]
Features = dict[str, tuple[Tensor, ...]]


class DiagramBlock(NamedTuple):
    """One box of a network's picture, one line of its summary.

    Attributes:
        label: What it is, such as `dense 64`.
        tasks: The tasks that read it, directly or through others; more than one: it is shared.
        views: The views that pass it.
        module: What runs; None for a mixture of what it reads.
        reads: Positions of the blocks before it that it reads; empty: it reads its views themselves.
        weights: Parameters of a block without a module.
        column: The task in whose column it stands, where that is not plain from `tasks`.
        alike: Strength λ that keeps it like the same block of other columns; 0 for none.
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

    Attributes:
        views: Task → the views that its head reads, in order.
        width: Width of the features that each task gets.
        kind: Whether these are a vector, tokens or a map.
        stages: Number of stages of the backbone.
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
        """Features of each task, one tensor a view that it reads.

        Args:
            inputs: View → (B, ...), all views of one shape.
            masks: View → (B, T) bool, True at real tokens; a view without one has real tokens only.
        """

    @property
    def depth(self) -> int | dict[str, int] | None:
        """Sharing depth for tables: one number, a number a task where they differ, None where it means nothing."""
        return None

    def penalty(self) -> Tensor | None:
        """() what the policy adds to the loss once a step; None, as by default, when it adds nothing."""
        return None

    @abstractmethod
    def blocks(self) -> list[DiagramBlock]:
        """What there is, in the order in which data passes; a head reads the last block that its task reads."""

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """Parameters that more than one task reads."""

    @abstractmethod
    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Parameters that only this task reads."""
