"""A rank that fails keeps in step with the others until all of them know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.training.distributed.communicator import Communicator

# Steps from one check of the others' flags to the next within an epoch. The flags travel with the
# gradients, but reading them means waiting for the GPU. A failure costs the other ranks at most
# this many steps.
_CHECK_EVERY = 16


class FailureSync:
    """Remember why this rank failed, and let all ranks fail together.

    A rank that raised in the middle of a step would leave the others waiting for its sums. So it
    goes on with empty batches, which take part in every exchange, until the next check; then all
    ranks raise the same error. A single rank raises its error where it occurs.

    Args:
        communicator: The ranks.
        exchanges_in_passes: Whether ranks also exchange messages within the forward pass
            (synchronised batch normalisation). A rank that failed cannot take part in these: it
            raises at once, and the ranks that wait for it are ended from outside.
    """

    def __init__(self, communicator: Communicator, *, exchanges_in_passes: bool = False) -> None:
        self._communicator = communicator
        self._raises_at_once = communicator.size == 1 or exchanges_in_passes
        self._steps = 0
        self.failure: Exception | None = None

    def record_failure(self, error: Exception) -> None:
        """Remember the failure; raise it where it cannot wait, or where the process is lost."""
        if self._raises_at_once or isinstance(error, getattr(torch, "AcceleratorError", ())):
            raise error
        if self.failure is None:  # the first one counts
            self.failure = error

    def batches(self, loader: Iterable[Batch], count: int) -> Iterator[Batch]:
        """Yield the `count` batches of the loader; once the loader fails, empty ones."""
        made = 0
        try:
            for batch in loader:
                made += 1
                yield batch
        except Exception as error:  # noqa: BLE001  whatever the data set raised
            self.record_failure(error)
        for _ in range(made, count):
            yield Batch({}, {}, {}, 0, 0, {})

    def failure_flag(self, device: torch.device) -> Tensor:
        """Return 1 if this rank has failed, else 0, (1,), to be summed over ranks in every step."""
        return torch.full((1,), float(self.failure is not None), device=device)

    def maybe_check(self, failed: Tensor) -> None:
        """Read the sum of the flags every few steps.

        Args:
            failed: The sum over ranks of `failure_flag`.

        Raises:
            TrialError: A rank has failed.
        """
        self._steps += 1
        if self._steps % _CHECK_EVERY == 0 and failed.item():
            self.check()

    def check(self) -> None:
        """Ask all ranks whether they are well.

        Raises:
            TrialError: A rank has failed.
        """
        self._communicator.raise_if_any_failed(self.failure)
