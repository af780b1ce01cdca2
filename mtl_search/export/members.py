"""The networks of a model, and how the predictions of several become one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import Prepared
from mtl_search.data.preparation.decode import decode, label_of
from mtl_search.data.types import MISSING, Array
from mtl_search.errors import DataError
from mtl_search.training.predictor import Predictor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """A trained network, and what it is there for.

    Attributes:
        predictor: The network.
        tasks: The tasks that it predicts in this model; its other heads are not asked.
        trial: Id of the trial that trained it.
        arm: The trial's arm.
        seed: The trial's random seed.
        epoch: The epoch, from 1, after which the weights were kept.
    """

    predictor: Predictor
    tasks: tuple[str, ...]
    trial: str = ""
    arm: str = ""
    seed: int | None = None
    epoch: int | None = None

    def target(self, task: str) -> Target:
        """Return the target of a task, without values."""
        predictor = self.predictor
        return predictor.data_spec.targets[predictor.network.target_names[task]]

    def predict(
        self, inputs: Mapping[str, Any], masks: Mapping[str, Any], batch_size: int
    ) -> dict[str, Array]:
        """Return the predictions of the member's tasks.

        Raises:
            DataError: A view holds numbers that the network has no vectors for.
        """
        try:
            predicted = self.predictor.predict(inputs, masks, batch_size)
        except IndexError as error:
            raise self._out_of_range(inputs) from error
        return {task: predicted[task] for task in self.tasks}

    def check(self, prepared: Prepared) -> None:
        """Refuse views that have another shape than in training.

        Raises:
            DataError: A view is missing, or does not fit the network.
        """
        spec = self.predictor.data_spec
        for view in sorted(self.predictor.views):
            if view not in prepared.inputs:
                raise DataError(
                    f"the preparation gives no view {view!r}, which the network reads; it gives: "
                    f"{', '.join(prepared.inputs)}"
                )
            given = tuple(prepared.inputs[view].shape[1:])
            expected = tuple(spec.inputs[view].shape[1:])
            if view in spec.masks:  # as many tokens as there are
                given, expected = given[1:], expected[1:]
            if given != expected:
                raise DataError(
                    f"view {view!r} has samples of the shape {given}; training saw {expected}"
                )

    def _out_of_range(self, inputs: Mapping[str, Any]) -> DataError:
        ranges = []
        for view in sorted(self.predictor.views):
            values = np.asarray(inputs[view])
            if values.dtype.kind in "iu" and values.size:
                ranges.append(f"{view!r} from {values.min()} to {values.max()}")
        listed = ", ".join(ranges) or "of a view"
        return DataError(
            f"the input has numbers of tokens that the network has no vectors for: {listed}"
        )


@dataclass(frozen=True)
class Combined:
    """The prediction of a task, of one network or of several together.

    Attributes:
        target: The task's target, without values.
        mean: The prediction, or the mean of those of all networks; of tags the most frequent.
        spread: The standard deviation over the networks, of the same shape; None for one network,
            and for tags.
    """

    target: Target
    mean: Array
    spread: Array | None = None

    @classmethod
    def of(cls, target: Target, predictions: Sequence[Array]) -> Combined:
        """Combine the predictions of several networks."""
        if len(predictions) == 1:
            return cls(target, predictions[0])
        stacked = np.stack(predictions)
        if target.kind == "tags":
            return cls(target, _most_frequent(stacked, target.size))
        return cls(target, stacked.mean(0), stacked.std(0))

    def columns(self, task: str, prepared: Prepared) -> dict[str, Any]:
        """Return the columns of a frame, see `decode`; and `<task>:spread` of an ensemble.

        It is the spread of the predicted class's probability, or that of the value; of labels and
        vectors the mean over all of them.
        """
        columns = decode(task, self.target, self.mean, prepared.texts)
        if self.spread is None:
            return columns
        spread = self.spread
        if self.target.kind == "class":
            chosen = label_of(self.target, self.mean)
            spread = spread[np.arange(len(spread)), chosen]
        elif spread.ndim > 1:
            spread = spread.mean(1)
        return columns | {f"{task}:spread": spread}

    def arrays(self, task: str) -> dict[str, Array]:
        """Return the prediction as an array, and `<task>:spread` of an ensemble."""
        arrays = {task: self.mean}
        return arrays if self.spread is None else arrays | {f"{task}:spread": self.spread}


def _most_frequent(tags: Array, count: int) -> Array:
    """Return the most frequent tag of every token (N, T) of those of M networks (M, N, T).

    Of two that are as frequent it is the first.
    """
    votes = np.stack([(tags == tag).sum(0) for tag in range(count)])
    return np.where(tags[0] == MISSING, MISSING, votes.argmax(0))
