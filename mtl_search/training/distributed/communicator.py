"""The ranks that train one trial together, and the messages between them.

Every rank makes the same calls in the same order. A rank that has nothing to contribute (an empty
part of a batch, a failure) contributes zeros, so that no other rank waits for it. Reductions are
sums: a caller that needs a mean divides.

R ranks
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import ProcessGroup

from mtl_search.errors import DiskFullError, MtlSearchError, OutOfMemoryError, TrialError
from mtl_search.training.failures import cause, reason

V = TypeVar("V")

# The error that one rank's failure raises on the others, by its cause.
_ERRORS: dict[str, type[MtlSearchError]] = {
    "": TrialError,
    "memory": OutOfMemoryError,
    "disk": DiskFullError,
}

# Tensors travel in flat messages of this size: small enough for several to be under way at a time,
# large enough for the latency of a message not to count.
_BUCKET_BYTES = 8 * 2**20


class Communicator(ABC):
    """Define what the ranks of a trial exchange.

    Attributes:
        rank: The number of this rank, from 0. Rank 0 computes metrics, reads the clock and writes
            files.
        size: The number of ranks, R.
    """

    rank: int
    size: int

    @abstractmethod
    def all_reduce(self, x: Tensor) -> Tensor:
        """Sum a tensor over ranks, in place, and return it."""

    @abstractmethod
    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Sum many tensors over ranks; the sums may share memory, the arguments stay."""

    @abstractmethod
    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite the tensors with those of rank 0."""

    @abstractmethod
    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Collect the rows of all ranks on rank 0, (Σ n_r, ...) each; the others get nothing.

        Args:
            tensors: The rows of this rank, (n_r, ...) each, of any type; None where n_r is 0, which
                rank 0 must not pass.
        """

    @abstractmethod
    def run_on_rank_zero(self, work: Callable[[], V]) -> V:
        """Call `work` on rank 0 alone, and return its result on all ranks.

        Args:
            work: A function whose result can be pickled.

        Raises:
            Exception: On rank 0, the error of `work`; on the others a `TrialError` (or
                `OutOfMemoryError`, `DiskFullError`) with its reason.
        """

    @abstractmethod
    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """Raise on all ranks when one of them has failed.

        Args:
            failure: The failure of this rank; None where it is well.

        Raises:
            TrialError: The failure of the first rank that failed; an `OutOfMemoryError` or a
                `DiskFullError` where memory or disk ran out.
        """

    @abstractmethod
    def barrier(self) -> None:
        """Wait for all ranks."""


class SingleProcess(Communicator):
    """Be the only rank: every reduction is the identity."""

    rank = 0
    size = 1

    def all_reduce(self, x: Tensor) -> Tensor:
        """Return the tensor itself."""
        return x

    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Return the tensors themselves."""
        return list(tensors)

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Leave the tensors as they are."""

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Return the tensors themselves."""
        return [x for x in tensors if x is not None]

    def run_on_rank_zero(self, work: Callable[[], V]) -> V:
        """Call `work`."""
        return work()

    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """Raise the failure itself, with its traceback."""
        if failure is not None:
            raise failure

    def barrier(self) -> None:
        """Return at once."""


class ProcessGroupCommunicator(Communicator):
    """Connect the ranks of an initialised process group of `torch.distributed`, gloo or NCCL.

    Args:
        device: The device on which this rank trains; NCCL sends from there, gloo from the CPU as
            well.
        group: The process group; by default all ranks of the job.
    """

    def __init__(self, device: torch.device, group: ProcessGroup | None = None) -> None:
        assert dist.is_initialized(), "torch.distributed.init_process_group comes first"
        self.group = group if group is not None else dist.group.WORLD
        self.rank = dist.get_rank(group)
        self.size = dist.get_world_size(group)
        self.device = torch.device("cpu") if dist.get_backend(group) == "gloo" else device
        if self.device.type == "cuda" and self.device.index is not None:
            # Collectives of Python objects take the current device, which is GPU 0 on every rank
            # unless set.
            torch.cuda.set_device(self.device)

    def all_reduce(self, x: Tensor) -> Tensor:
        """Sum by one all-reduce."""
        dist.all_reduce(x, group=self.group)
        return x

    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Sum by all-reduces of flat buckets, all of them under way at once."""
        buckets = list(_buckets(tensors))
        flat = [torch.cat([tensors[i].reshape(-1) for i in bucket]) for bucket in buckets]
        for work in [dist.all_reduce(x, group=self.group, async_op=True) for x in flat]:
            work.wait()
        summed = list(tensors)
        for bucket, x in zip(buckets, flat, strict=True):
            parts = x.split([tensors[i].numel() for i in bucket])
            for i, part in zip(bucket, parts, strict=True):
                summed[i] = part.view(tensors[i].shape)
        return summed

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Broadcast flat buckets."""
        with torch.no_grad():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensors[i].reshape(-1) for i in bucket])
                # As bytes: not every backend has every type of number.
                dist.broadcast(flat.view(torch.uint8), group=self.group, group_src=0)
                parts = flat.split([tensors[i].numel() for i in bucket])
                for i, part in zip(bucket, parts, strict=True):
                    tensors[i].copy_(part.view(tensors[i].shape))

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Gather one message of bytes from each rank.

        Lengths may differ, and a rank without rows need not know shape and type.
        """
        parts = [self._as_bytes(x) for x in tensors]
        lengths = torch.zeros(self.size, len(parts), dtype=torch.int64, device=self.device)
        lengths[self.rank] = torch.tensor([len(part) for part in parts])
        sizes = self.all_reduce(lengths).tolist()  # (R, tensors), in bytes
        message = torch.cat(parts)
        # All messages of a gather have one length.
        padded = torch.zeros(max(map(sum, sizes)), dtype=torch.uint8, device=self.device)
        padded[: len(message)] = message
        if self.rank != 0:
            dist.gather(padded, group=self.group, group_dst=0)
            return []
        received = [torch.empty_like(padded) for _ in sizes]
        dist.gather(padded, received, group=self.group, group_dst=0)
        by_rank = [x[: sum(size)].split(size) for x, size in zip(received, sizes, strict=True)]
        return [_from_bytes(x, rows) for x, *rows in zip(tensors, *by_rank, strict=True)]

    def run_on_rank_zero(self, work: Callable[[], V]) -> V:
        """Broadcast the result, or the reason of the failure.

        The message is pickled, which is safe here: all ranks are processes of one job, started by
        the same user.
        """
        message: list[Any] = [None, None]  # the result; cause and reason of a failure
        error = None
        if self.rank == 0:
            try:
                message[0] = work()
            except Exception as failure:  # noqa: BLE001  whatever it is, the others must not wait
                error = failure
                message[1] = _described(failure)
        dist.broadcast_object_list(message, group=self.group, device=self.device, group_src=0)
        if error is not None:
            raise error
        if message[1] is not None:
            kind, text = message[1]
            raise _ERRORS[kind](text)
        result: V = message[0]
        return result

    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """Exchange cause and reason of all failures; pickled, as in `run_on_rank_zero`."""
        failures: list[tuple[str, str] | None] = [None] * self.size
        # Not `failure and ...`: an exception may be false, such as one with an empty `__len__`.
        described_here = None if failure is None else _described(failure)
        dist.all_gather_object(failures, described_here, group=self.group)
        for rank, described in enumerate(failures):
            if described is not None:
                kind, text = described
                raise _ERRORS[kind](f"worker {rank} of {self.size}: {text}") from failure

    def barrier(self) -> None:
        """Wait for a sum that nobody reads: NCCL's own barrier guesses a device."""
        self.all_reduce(torch.zeros(1, device=self.device)).item()

    def _as_bytes(self, x: Tensor | None) -> Tensor:
        """Return the memory of a tensor, (bytes,)."""
        if x is None or not x.numel():
            return torch.empty(0, dtype=torch.uint8, device=self.device)
        return x.detach().contiguous().reshape(-1).view(torch.uint8).to(self.device)


def _from_bytes(rows_here: Tensor | None, parts: Sequence[Tensor]) -> Tensor:
    """Join the rows of all ranks, with the shape and type of this rank's."""
    assert rows_here is not None, "rank 0 always has rows"
    # A part may begin at any byte of its message, but numbers must begin at multiples of their
    # size: hence the copy.
    joined = torch.cat(list(parts)).clone().view(rows_here.dtype)
    return joined.reshape(-1, *rows_here.shape[1:]).to(rows_here.device)


def _described(failure: Exception) -> tuple[str, str]:
    """Return the cause and the reason of a failure, since not every exception can be pickled."""
    return cause(failure), reason(failure)


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[int]]:
    """Yield the numbers of tensors that travel together: of one type, on one device."""
    open_buckets: dict[Any, tuple[list[int], int]] = {}
    for i, x in enumerate(tensors):
        bucket, filled = open_buckets.get((x.dtype, x.device), ([], 0))
        size = x.numel() * x.element_size()
        if bucket and filled + size > _BUCKET_BYTES:
            yield bucket
            bucket, filled = [], 0
        bucket.append(i)
        open_buckets[x.dtype, x.device] = bucket, filled + size
    yield from (bucket for bucket, _ in open_buckets.values())
