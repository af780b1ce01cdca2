"""What a model consists of: its networks, and what they read and give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.config import Config
from mtl_search.config.checks import check_int
from mtl_search.data.class_counts import class_names
from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import Field, Preparation
from mtl_search.data.preparation.decode import outputs_of
from mtl_search.data.spec import DataSpec
from mtl_search.errors import SweepError
from mtl_search.export.batches import chosen_tasks, views_of
from mtl_search.export.members import Member
from mtl_search.models.network import MultiTaskNetwork

# Rows that a network reads at a time. Of short ones a layer computes 512 in less time than it needs
# to begin.
_ROWS = 512
_SHORT_ROWS = 2048
_SHORT = 256


class Networks:
    """Base of `Model`, which describes arguments and attributes: the networks and their facts."""

    def __init__(self, members: Sequence[Member], info: Mapping[str, Any] | None = None) -> None:
        if not members:
            raise SweepError("a model needs at least one network")
        self.members = tuple(members)
        self.info = dict(info or {})
        self.tasks = tuple(dict.fromkeys(task for m in members for task in m.tasks))
        self.targets: dict[str, Target] = {}
        for member in reversed(self.members):
            self.targets |= {task: member.target(task) for task in member.tasks}
        self.targets = {task: self.targets[task] for task in self.tasks}
        self.classes = {task: target.classes for task, target in self.targets.items()}
        self.positive = {
            task: class_names(target)[1]
            for task, target in self.targets.items()
            if target.kind == "binary"
        }

    @property
    def is_ensemble(self) -> bool:
        """Whether several networks predict the same task."""
        return len(self.tasks) < sum(len(member.tasks) for member in self.members)

    @property
    def preparation(self) -> Preparation | None:
        """What turns raw rows into inputs; None for networks that version 0.2 kept."""
        loaded = self.members[0].predictor.preparation
        return None if loaded is None else loaded.for_views(views_of(self.members))

    @property
    def network(self) -> MultiTaskNetwork:
        """The network, where the model has one alone.

        Raises:
            SweepError: It has several, see `members`.
        """
        if len(self.members) > 1:
            raise SweepError(f"this model has {len(self.members)} networks; each is in `members`")
        return self.members[0].predictor.network

    @property
    def config(self) -> Config:
        """The config of the first network's trial."""
        return self.members[0].predictor.config

    @property
    def data_spec(self) -> DataSpec:
        """The spec of the data that the first network was trained on."""
        return self.members[0].predictor.data_spec

    def inputs(self) -> tuple[Field, ...]:
        """Return the columns or views of a raw input, with their types.

        Raises:
            SweepError: The model was kept without its preparation.
        """
        return self._known_preparation().describe()

    def outputs(self) -> dict[str, str]:
        """Return the columns of the frame that `predict` gives, with the types of their values.

        Types are `str`, `float32`, `labels` (a list of names) and `spans` (a list of mappings).
        """
        columns: dict[str, str] = {}
        for task, target in self.targets.items():
            networks = sum(task in member.tasks for member in self.members)
            columns |= outputs_of(task, target, is_ensemble=networks > 1)
        return columns

    def example(self) -> Any:
        """Return a small raw input, made up.

        Raises:
            SweepError: The model was kept without its preparation.
        """
        return self._known_preparation().example()

    def _chosen(self, tasks: Sequence[str] | None) -> tuple[str, ...]:
        return self.tasks if tasks is None else chosen_tasks(self.tasks, tasks)

    def _batch_size(self, given: int | None) -> int:
        """Return how many rows are predicted at a time.

        Raises:
            ConfigError: What is given is no positive whole number.
        """
        if given is not None:
            return check_int(given, "batch_size")
        views = [
            member.predictor.data_spec.inputs[view]
            for member in self.members
            for view in member.predictor.views
        ]
        # Whole numbers are those of tokens, of which each becomes a vector.
        is_short = all(
            len(x.shape) == 2 and x.shape[1] <= _SHORT and x.dtype.kind == "f" for x in views
        )
        return _SHORT_ROWS if is_short else _ROWS

    def _known_preparation(self) -> Preparation:
        known = self.preparation
        if known is None:
            views = ", ".join(sorted(views_of(self.members)))
            raise SweepError(
                "this model was kept by version 0.2, without how its data set prepared raw rows: "
                f"give a mapping of the views {views} as the data set prepares them, or run the "
                "sweep again"
            )
        return known
