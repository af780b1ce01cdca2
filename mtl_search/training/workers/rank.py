"""What every worker of a group does: read commands and train, trial after trial.

The process group that Ray Train connects (`WORLD`) is used to make another one, over which trials
train. When a trial fails, its ranks may be anywhere in an exchange of tensors, and that group is
unusable from then on: each rank closes its end, which also ends the waiting of the others over
gloo, and with the next trial all ranks make a new one, in milliseconds. Over NCCL nothing ends such
a wait but the death of the process, which the mailbox brings about.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import ray
import ray.train
import ray.train.torch
import torch
import torch.distributed as dist
from ray.train.collective import broadcast_from_rank_zero
from ray.util import get_node_ip_address

from mtl_search.storage.permissions import make_private
from mtl_search.training.distributed.communicator import ProcessGroupCommunicator
from mtl_search.training.runner import TrialRunner, is_fatal_cuda_error
from mtl_search.training.trial import TrialSpec
from mtl_search.training.workers.mailbox import Command

# How long a rank waits for another before both give up. Rank 0 may be writing a large network to a
# slow disk.
_TIMEOUT = timedelta(minutes=10)


def serve_commands(settings: dict[str, Any]) -> None:
    """Read and execute commands until the command to end; the train function of every rank.

    Args:
        settings: `mailbox`; `data_ref`, a list of the one reference to data set, objective and
            whether the data set was handed over; `threads`; `gpu`, whether the worker has one.
    """
    make_private()
    rank = ray.train.get_context().get_world_rank()
    mailbox = settings["mailbox"]
    number = broadcast_from_rank_zero(ray.get(mailbox.join.remote()) if rank == 0 else None)
    data, objective, handed_over = ray.get(settings["data_ref"][0])
    device = ray.train.torch.get_device() if settings["gpu"] else torch.device("cpu")
    runner = TrialRunner(
        data, objective, threads=settings["threads"], device=device, handed_over=handed_over
    )
    ray.get(mailbox.register.remote(rank, ray.get_runtime_context().current_actor))
    _Worker(rank, mailbox, runner, device).serve_from(number)


@dataclass
class _Worker:
    """Execute the commands of a mailbox as one rank.

    Attributes:
        rank: The number of the rank.
        mailbox: The group's mailbox.
        runner: The runner that trains the trials.
        device: The device that the rank trains on.
        node: The address of its machine.
        link: The process group over which the current trial trains.
        failures_at_link: How many failures the mailbox had counted when the link was made.
        pending: A trial that has not begun.
    """

    rank: int
    mailbox: Any
    runner: TrialRunner
    device: torch.device
    node: str = field(default_factory=get_node_ip_address)
    link: dist.ProcessGroup | None = None
    failures_at_link: int = 0
    pending: Command | None = None

    def serve_from(self, number: int) -> None:
        """Execute all commands from this number to the end."""
        while True:
            command: Command = ray.get(self.mailbox.read.remote(self.rank, number))
            kind = command[1]
            if kind == "end":
                return
            if kind == "trial":
                self.runner.release()
                self.pending = command
            else:
                self._train(number, command[2])
            number += 1

    def _train(self, number: int, epoch: int) -> None:
        try:
            self._begin_pending()
            report = self.runner.train_until(epoch)
        except Exception as error:
            if is_fatal_cuda_error(error):
                raise
            self._fail(number, error)
            return
        if self.rank == 0:
            ray.get(self.mailbox.answer.remote(report.with_node(self.node).to_json()))

    def _begin_pending(self) -> None:
        if self.pending is None:
            return
        _, _, spec, failures = self.pending
        self.pending = None
        if self.link is None or failures != self.failures_at_link:
            self._close_link()
            self.link = dist.new_group(timeout=_TIMEOUT)
            self.failures_at_link = failures
        communicator = ProcessGroupCommunicator(self.device, self.link)
        self.runner.setup(TrialSpec.from_json(spec), communicator)

    def _fail(self, number: int, error: Exception) -> None:
        # The report goes first: when this rank closes its end, the others fail too, and would
        # report that instead.
        report = self.runner.failure(error).with_node(self.node).to_json()
        link_broke = _is_link_error(error)
        ray.get(self.mailbox.fail.remote(self.rank, number, report, link_broke=link_broke))
        # The frames of tracebacks hold the trainer.
        error.__traceback__ = error.__context__ = error.__cause__ = None
        self.runner.release()
        self._close_link()

    def _close_link(self) -> None:
        """Close this rank's end of the link, which happens once nothing refers to it any more."""
        if self.link is not None:
            dist.destroy_process_group(self.link)
            self.link = None
            gc.collect()


def _is_link_error(error: Exception) -> bool:
    """Return whether another rank went away, or did not come."""
    if isinstance(error, dist.DistError):
        return True
    # Gloo has no type of its own for its errors.
    return isinstance(error, RuntimeError) and "/gloo/" in str(error)
