"""What every worker of a group does: read commands and train, trial after trial.

The group that Ray Train connects (`WORLD`) is used to make another one, over which trials train. When a trial fails,
its ranks may be anywhere in an exchange of tensors, and that group is of no use any more: each rank closes its end,
which also ends the waiting of the others over gloo, and with the next trial all make a new one, in milliseconds. Over
NCCL nothing ends such a wait but the death of the process: the mailbox sees to that.
"""

from __future__ import annotations

import gc
from datetime import timedelta
from typing import Any

import ray
import ray.train
import ray.train.torch
import torch
import torch.distributed as dist
from ray.train.collective import broadcast_from_rank_zero
from ray.util import get_node_ip_address

from mtl_search.training.distributed.communicator import ProcessGroupCommunicator
from mtl_search.training.runner import TrialRunner, is_fatal_cuda_error
from mtl_search.training.trial import TrialSpec
from mtl_search.training.workers.mailbox import Command

# How long a rank waits for another before both give up. Rank 0 may be writing a large network to a slow disk.
_PATIENCE = timedelta(minutes=10)


def serve_commands(told: dict[str, Any]) -> None:
    """Train function of every rank: obey until told to end.

    Args:
        told: `mailbox`; `data_ref`, a list of the one reference to data set and objective; `threads`; `gpu`, whether the
            worker has one.
    """
    rank, mailbox = ray.train.get_context().get_world_rank(), told["mailbox"]
    number = broadcast_from_rank_zero(ray.get(mailbox.join.remote()) if rank == 0 else None)
    data, objective = ray.get(told["data_ref"][0])
    device = ray.train.torch.get_device() if told["gpu"] else torch.device("cpu")
    runner = TrialRunner(data, objective, threads=told["threads"], device=device)
    ray.get(mailbox.enter.remote(rank, ray.get_runtime_context().current_actor))
    _Worker(rank, mailbox, runner, device).obey_from(number)


class _Worker:
    def __init__(self, rank: int, mailbox: Any, runner: TrialRunner, device: torch.device) -> None:
        self._rank, self._mailbox, self._runner, self._device = rank, mailbox, runner, device
        self._node = get_node_ip_address()
        self._link: dist.ProcessGroup | None = None
        self._known = 0  # failures that had been counted when the link was made
        self._next: Command | None = None  # a trial that has not begun

    def obey_from(self, number: int) -> None:
        """Until the end."""
        while True:
            command: Command = ray.get(self._mailbox.read.remote(self._rank, number))
            kind = command[1]
            if kind == "end":
                return
            if kind == "trial":
                self._runner.release()
                self._next = command
            else:
                self._train(number, command[2])
            number += 1

    def _train(self, number: int, epoch: int) -> None:
        try:
            self._begin()
            report = self._runner.train_until(epoch)
        except Exception as error:
            if is_fatal_cuda_error(error):
                raise
            self._fail(number, error)
            return
        if self._rank == 0:
            ray.get(self._mailbox.answer.remote(report.on(self._node).to_json()))

    def _begin(self) -> None:
        if self._next is None:
            return
        _, _, spec, failures = self._next
        self._next = None
        if self._link is None or failures != self._known:
            self._unlink()
            self._link, self._known = dist.new_group(timeout=_PATIENCE), failures
        self._runner.setup(
            TrialSpec.from_json(spec), ProcessGroupCommunicator(self._device, self._link)
        )

    def _fail(self, number: int, error: Exception) -> None:
        """Say so first: the others fail too when this rank closes its end, and would say that instead."""
        report = self._runner.failure(error).on(self._node)
        ray.get(
            self._mailbox.fail.remote(
                self._rank, number, report.to_json(), link_broke=_is_of_the_link(error)
            )
        )
        error.__traceback__ = error.__context__ = error.__cause__ = (
            None  # their frames hold the trainer
        )
        self._runner.release()
        self._unlink()

    def _unlink(self) -> None:
        """Close this rank's end of the link, which happens when nothing holds it any more."""
        if self._link is not None:
            dist.destroy_process_group(self._link)
            self._link = None
            gc.collect()


def _is_of_the_link(error: Exception) -> bool:
    """Whether another rank went away, or did not come; gloo has no type of its own for that."""
    return isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError) and "/gloo/" in str(error)
    )
