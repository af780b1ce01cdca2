"""An aggregator as a step runs it: on the tasks that have a gradient, and checked.

T tasks, P shared parameters
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mtl_search.errors import TrialError
from mtl_search.training.distributed.failure_sync import FailureSync

if TYPE_CHECKING:  # it imports torchjd
    from mtl_search.training.balancing.aggregator_base import Aggregator


class CheckedAggregator:
    """Run an aggregator, and tell its own failures from those of the network.

    Args:
        aggregator: The aggregator.
        name: Its name in the config.
        failure_sync: The object that knows whether a rank has failed.
    """

    def __init__(self, aggregator: Aggregator, name: str, failure_sync: FailureSync) -> None:
        self.aggregator = aggregator
        self._name = name
        self._failure_sync = failure_sync

    def aggregate(
        self,
        rows: Tensor,
        halves: tuple[Tensor, Tensor] | None,
        rng: AbstractContextManager[None],
    ) -> tuple[Tensor, Tensor | None]:
        """Return the shared gradient (P,), and the weights (T,) that the rows (T, P) have in it.

        A row of zeros has no weight in it. The parameters of that task alone count by 1, and so
        does the row.

        Args:
            rows: The weighted gradients of the tasks (T, P).
            halves: The gradients over either half of the batches, where the aggregator reads them.
            rng: The context in which the aggregator draws its random numbers.

        Raises:
            TrialError: The aggregator failed, or made a gradient that is not finite; or a rank has
                failed.
        """
        ones = torch.ones(len(rows), device=rows.device)
        taken = _not_zero(rows) if self.aggregator.leaves_out else ones.bool()
        if not bool(taken.any()):
            return rows.sum(0), ones
        takes_all = bool(taken.all())
        failure = None
        try:
            with rng, torch.no_grad():
                rows_taken = rows if takes_all else rows[taken]
                vector, used = self.aggregator.aggregate(rows_taken, halves)
        # Solvers, and methods of the user's, may raise anything.
        except Exception as error:  # noqa: BLE001
            failure = error
        else:
            if _is_finite(vector):
                return vector, None if used is None else _with_zero_rows(used, rows, taken)
        self._failure_sync.check()  # zeros of a rank that has failed may be the cause
        if not bool(rows.isfinite().all()):
            return rows.sum(0), ones  # which shows in the losses, by the name of the task
        aggregator = f"the aggregator {self._name!r}"
        if failure is None:
            raise TrialError(f"{aggregator} made a gradient that is not finite of some that are")
        raise TrialError(f"{aggregator} failed: {failure}") from failure


def _with_zero_rows(used: Tensor, rows: Tensor, taken: Tensor) -> Tensor:
    """Return the weights of all rows (T,), from those of the `taken` ones."""
    ones = torch.ones(len(rows), device=rows.device)
    if not bool(taken.all()):
        return ones.masked_scatter(taken, used)
    return used if bool(used.all()) else torch.where(_not_zero(rows), used, ones)


def _not_zero(rows: Tensor) -> Tensor:
    """Return `rows.any(1)`, (T, P) to (T,), several times faster."""
    return (rows.amax(1) != 0) | (rows.amin(1) != 0)


def _is_finite(vector: Tensor) -> bool:
    """Return whether all numbers are finite."""
    # The sum tells it quickly, but finite numbers may overflow.
    return bool(vector.sum().isfinite()) or bool(vector.isfinite().all())
