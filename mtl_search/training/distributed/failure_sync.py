"""A rank that fails keeps in step with the others until all know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from mtl_search.data.loading.loader import Batch
from mtl_search.training.distributed.communicator import Communicator

# Steps between two looks at the others' flags in mid-epoch: they travel with the gradients, but a GPU has to be waited
# for before they are read. A failure costs at most so many steps of the others.
_EVERY = 16


class FailureSync:
    """Remembers why this rank failed, and lets all ranks fail together.

    A rank that raised in the middle of a step would leave the others waiting for its sums. So it goes on with empty
    batches, which take part in every exchange, until the next look at one another; then all raise the same error.
    Alone, an error is raised where it occurs.

    Args:
        peers: The ranks.
        exchanges_in_passes: They also speak to each other within the forward pass (synchronised batch normalisation),
            where a rank that failed cannot take part: it raises at once, and those that wait for it are ended.
    """

    def __init__(self, peers: Communicator, *, exchanges_in_passes: bool = False) -> None:
        self._peers = peers
        self._at_once = peers.size == 1 or exchanges_in_passes
        self._steps = 0
        self.failure: Exception | None = None

    def record_failure(self, error: Exception) -> None:
        """Remember the failure; raise it when it cannot wait, or when the process can do nothing any more."""
        if self._at_once or isinstance(error, getattr(torch, "AcceleratorError", ())):
            raise error
        self.failure = self.failure or error

    def batches(self, loader: Iterable[Batch], count: int) -> Iterable[Batch]:
        """The batches of the loader, `count` of them; empty ones once it fails."""
        return loader if self._peers.size == 1 else self._batches(loader, count)

    def _batches(self, loader: Iterable[Batch], count: int) -> Iterator[Batch]:
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
        """(1,) to be summed over ranks in every step: whether this one has failed."""
        return torch.full((1,), float(self.failure is not None), device=device)

    def maybe_check(self, failed: Tensor) -> None:
        """Look at the sum of the flags now and then.

        Raises:
            TrialError: A rank has failed.
        """
        self._steps += 1
        if self._steps % _EVERY == 0 and failed.item():
            self.check()

    def check(self) -> None:
        """See whether all are well.

        Raises:
            TrialError: One is not.
        """
        self._peers.raise_if_any_failed(self.failure)
