"""The ranks that train one trial together, and all that they say to each other.

Every rank makes the same calls in the same order; a rank that has nothing to say (an empty part of a batch, a failure)
says zeros, so that no other rank waits for it. Sums are exchanged as they are: who wants a mean divides.

R ranks
"""

from __future__ import annotations

import json
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

# As what a rank's failure is raised on the others; its number, from 1, travels.
_KINDS: tuple[type[MtlSearchError], ...] = (TrialError, OutOfMemoryError, DiskFullError)

# Tensors travel in flat messages of this size: small enough for several to be on their way at a time, large enough for
# the latency of a message not to count.
_BUCKET_BYTES = 8 * 2**20


class Communicator(ABC):
    """Base of both kinds.

    Attributes:
        rank: Number of this one, from 0. Rank 0 computes metrics, asks the clock and writes files.
        size: R.
    """

    rank: int
    size: int

    @abstractmethod
    def all_reduce(self, x: Tensor) -> Tensor:
        """Sum over ranks, in place; returns x."""

    @abstractmethod
    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Sums over ranks of many tensors; what comes back may share memory, what went in is left as it is."""

    @abstractmethod
    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite the tensors with those of rank 0."""

    @abstractmethod
    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Rows of all ranks, (Σ n_r, ...) each in the order of ranks, on rank 0; nothing on the others.

        Args:
            tensors: (n_r, ...) each, of any type; None where n_r is 0, which rank 0 must not say.
        """

    @abstractmethod
    def broadcast_bytes(self, read: Callable[[], bytes]) -> bytes:
        """What `read` returns on rank 0, the only one that calls it; an error of it is raised on all ranks."""

    @abstractmethod
    def run_on_rank_zero(self, choose: Callable[[], V]) -> V:
        """What `choose` returns on rank 0, the only one that calls it; an error of it is raised on all ranks.

        The value travels as JSON: numbers, texts, truths, None, and lists and mappings of such.
        """

    @abstractmethod
    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """Raise on all ranks when one of them has failed.

        Raises:
            TrialError: On every rank the same one; `DiskFullError` where the disk of one is full.
        """

    @abstractmethod
    def barrier(self) -> None:
        """Wait for all ranks."""


class SingleProcess(Communicator):
    """One rank: every reduction is the identity."""

    rank = 0
    size = 1

    def all_reduce(self, x: Tensor) -> Tensor:
        """The tensor itself."""
        return x

    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The tensors themselves."""
        return list(tensors)

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Nothing to do."""

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """The tensors themselves."""
        return [x for x in tensors if x is not None]

    def broadcast_bytes(self, read: Callable[[], bytes]) -> bytes:
        """What `read` returns."""
        return read()

    def run_on_rank_zero(self, choose: Callable[[], V]) -> V:
        """What `choose` returns."""
        return choose()

    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """Raise the failure itself, with its traceback."""
        if failure is not None:
            raise failure

    def barrier(self) -> None:
        """Nothing to wait for."""


class ProcessGroupCommunicator(Communicator):
    """The ranks of an initialised process group of `torch.distributed`, gloo or NCCL.

    Args:
        device: Where this rank trains; NCCL sends from there, gloo from the CPU as well.
        group: Default: all ranks of the job.
    """

    def __init__(self, device: torch.device, group: ProcessGroup | None = None) -> None:
        assert dist.is_initialized(), "torch.distributed.init_process_group comes first"
        self.group = group if group is not None else dist.group.WORLD
        self.rank, self.size = dist.get_rank(group), dist.get_world_size(group)
        self.device = torch.device("cpu") if dist.get_backend(group) == "gloo" else device

    def all_reduce(self, x: Tensor) -> Tensor:
        """All-reduce."""
        dist.all_reduce(x, group=self.group)
        return x

    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """All-reduce in flat buckets, all on their way at once."""
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
        """Broadcast in flat buckets."""
        with torch.no_grad():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensors[i].reshape(-1) for i in bucket])
                dist.broadcast(flat.view(torch.uint8), group=self.group, group_src=0)  # of any type
                for i, part in zip(
                    bucket, flat.split([tensors[i].numel() for i in bucket]), strict=True
                ):
                    tensors[i].copy_(part.view(tensors[i].shape))

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """All in one message of bytes: lengths may differ, and a rank without rows need not know shape and type."""
        parts = [self._as_bytes(x) for x in tensors]
        lengths = torch.zeros(self.size, len(parts), dtype=torch.int64, device=self.device)
        lengths[self.rank] = torch.tensor([len(part) for part in parts])
        sizes = self.all_reduce(lengths).tolist()
        own = torch.cat(parts)
        padded = torch.zeros(max(map(sum, sizes)), dtype=torch.uint8, device=self.device)
        padded[: len(own)] = own
        received = [torch.empty_like(padded) for _ in sizes] if self.rank == 0 else None
        dist.gather(padded, received, group=self.group, group_dst=0)
        if received is None:
            return []
        split = [x[: sum(size)].split(size) for x, size in zip(received, sizes, strict=True)]
        return [_from_bytes(own, part) for own, *part in zip(tensors, *split, strict=True)]

    def broadcast_bytes(self, read: Callable[[], bytes]) -> bytes:
        """Broadcast of the number of bytes, then of the bytes."""
        error, data = None, b""
        if self.rank == 0:
            try:
                data = read()
            except Exception as failure:  # noqa: BLE001  whatever it is, the others must not wait
                error, data = failure, reason(failure).encode()
        header = torch.tensor([len(data), _kind(error)], dtype=torch.int64, device=self.device)
        dist.broadcast(header, group=self.group, group_src=0)
        size, failed = header.tolist()
        body = torch.empty(size, dtype=torch.uint8, device=self.device)
        if self.rank == 0 and size:
            body.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        dist.broadcast(body, group=self.group, group_src=0)
        if error is not None:
            raise error
        received = data if self.rank == 0 else body.cpu().numpy().tobytes()
        if failed:
            raise _KINDS[failed - 1](received.decode())
        return received

    def run_on_rank_zero(self, choose: Callable[[], V]) -> V:
        """By JSON."""
        decided: V = json.loads(self.broadcast_bytes(lambda: json.dumps(choose()).encode()))
        return decided

    def raise_if_any_failed(self, failure: Exception | None) -> None:
        """All-reduce of a flag; the reason of the first rank that failed follows only where there is one."""
        failed = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        failed[self.rank] = _kind(failure)
        ranks = self.all_reduce(failed).nonzero().flatten().tolist()
        if not ranks:
            return
        text = reason(failure).encode() if failure is not None and self.rank == ranks[0] else b""
        size = self.all_reduce(torch.tensor([len(text)], device=self.device)).item()
        body = torch.zeros(int(size), dtype=torch.uint8, device=self.device)
        if text:
            body.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        message = self.all_reduce(body).cpu().numpy().tobytes().decode()
        kind = _KINDS[int(failed[ranks[0]]) - 1]
        raise kind(f"worker {ranks[0]} of {self.size}: {message}") from failure

    def barrier(self) -> None:
        """A sum that nobody reads: NCCL's own barrier guesses a device."""
        self.all_reduce(torch.zeros(1, device=self.device)).item()

    def _as_bytes(self, x: Tensor | None) -> Tensor:
        if x is None or not x.numel():
            return torch.empty(0, dtype=torch.uint8, device=self.device)
        return x.detach().contiguous().reshape(-1).view(torch.uint8).to(self.device)


def _from_bytes(own: Tensor | None, parts: Sequence[Tensor]) -> Tensor:
    """Rows of all ranks, with shape and type of this one's."""
    assert own is not None, "rank 0 always has rows"
    # Parts of a message begin anywhere, and other types want to begin at multiples of their size.
    return torch.cat(list(parts)).clone().view(own.dtype).reshape(-1, *own.shape[1:]).to(own.device)


def _kind(failure: Exception | None) -> int:
    """Number of what it is to be raised as, from 1; 0 for none."""
    if failure is None:
        return 0
    return 1 + ["", "memory", "disk"].index(cause(failure))


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[int]]:
    """Numbers of the tensors that travel together: of one type and device, and few enough."""
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
