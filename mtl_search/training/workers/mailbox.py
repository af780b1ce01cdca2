"""The messages between a slot and the ranks of its worker group: numbered commands, one answer.

    slot  → ranks   trial (a new trial), epoch (train until this epoch), end
    ranks → slot    the report of the epoch, from rank 0; or why the trial failed, from the first
                    rank that knows

Every rank reads the same commands in the same order, by number. All waiting happens inside the
mailbox, so no process polls.

The actor's process need not import torch: the slot sends this module's classes by value (see
`worker_group`). For that the module imports nothing of the project, and commands are tuples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import ray
from ray.train import UserCallback

# The name of a group's mailbox is this prefix and the number of bytes that mark the group's
# placement group: below a megabyte, which is less than any user asks for.
MAILBOX = "mtl_search.group."
MOST_BYTES = 2**20

# Number, kind, value (the trial's spec, or the epoch to reach), and a count of failures. Ranks that
# read a new count make a new process group, because the old one may be in any state.
Command = tuple[int, str, Any, int]

# The beginning of an answer that no rank gave; what follows is why its processes died.
DIED = "died: "


class Mailbox:
    """Hold the messages between one slot and its worker group.

    Args:
        retries: How often a trial is begun again after a rank died.
        grace: Seconds in which ranks have to return from a trial that failed; a rank that hangs
            longer is killed.
        suspicion: Seconds in which Ray Train surely finds a dead rank. When a whole node is gone,
            Ray takes 15 seconds to notice, and a minute when it may only be out of reach.
    """

    def __init__(self, retries: int, grace: float = 30.0, suspicion: float = 90.0) -> None:
        self._retries = retries
        self._grace = grace
        self._suspicion = suspicion
        self._changed = asyncio.Condition()
        self._commands: dict[int, Command] = {}
        self._next_number = 0
        self._failures = 0
        # Commands before this one belong to a trial whose failure was reported, or to an older one.
        self._failed_before = 0
        self._trial_number = -1  # of the command that began the trial
        self._spec: str | None = None
        self._requested_epoch: int | None = None
        self._answer: str | None = None
        self._failed = False
        self._deaths = 0
        self._attempts = 0
        self._failure_cause = "its worker group broke"
        self._ranks: dict[int, Any] = {}
        # Rank → the command that it waits for; it is done with all commands before.
        self._reading: dict[int, int] = {}
        self._restarting = False  # a rank was found dead, and the next group has not joined yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._killed = False  # by the mailbox itself, which does not count as a death
        self._ended = False

    # ---------------------------------------------------------------- the slot's side

    async def request_epoch(self, epoch: int, spec: str | None) -> str:
        """Let the ranks train until this epoch is done.

        Args:
            epoch: The epoch, from 1.
            spec: A new trial, whose first epoch this is; the ranks release the last one. Trial and
                epoch are one call, because Ray may run the calls of one caller in any order here.

        Returns:
            The report, or why the trial has failed.
        """
        async with self._changed:
            if spec is not None:
                self._begin(spec)
            if not self._failed:
                self._answer = None
                self._requested_epoch = epoch
                self._post("epoch", epoch)
            await self._changed.wait_for(lambda: self._answer is not None)
            assert self._answer is not None
            return self._answer

    async def end(self) -> None:
        """Let the ranks return."""
        async with self._changed:
            self._ended = True
            self._post("end", None)

    # ---------------------------------------------------------------- the ranks' side

    async def join(self) -> int:
        """Return the number of the first command to read, to rank 0 of a group that has started.

        A group that replaces one that died begins its trial again, from the trial's last
        checkpoint. A trial that lost too many groups has failed.
        """
        async with self._changed:
            self._attempts += 1
            self._ranks = {}
            self._reading = {}
            self._restarting = False
            if self._attempts == 1:
                return 0
            first = self._next_number
            self._count_death()
            if self._spec is not None and not self._failed:
                self._post("trial", self._spec)
                if self._is_waiting():
                    self._post("epoch", self._requested_epoch)
            if self._ended:
                self._post("end", None)
            return first

    async def register(self, rank: int, actor: Any) -> None:
        """Remember the actor of a rank that is about to read its first command."""
        self._ranks[rank] = actor

    async def read(self, rank: int, number: int) -> Command:
        """Return the command of this number, as soon as there is one."""
        async with self._changed:
            self._reading[rank] = number
            await self._changed.wait_for(lambda: number in self._commands)
            return self._commands[number]

    async def answer(self, report: str) -> None:
        """Answer the request with the report of its epoch."""
        async with self._changed:
            if not self._failed:
                self._set_answer(report, failed=False)

    async def fail(self, rank: int, number: int, report: str, *, link_broke: bool) -> None:
        """Answer that a command failed; the failures of other ranks that follow are consequences.

        Args:
            rank: The rank that failed.
            number: The number of the command.
            report: Why the trial has failed.
            link_broke: Whether this rank lost another one in the middle of an exchange. If that one
                has died, Ray Train says so (`report_failure_cause`).
        """
        async with self._changed:
            if number < self._failed_before:
                return
            if number < self._trial_number:
                # The others are in the next trial already, and wait for this rank there.
                self._kill(rank)
            elif link_broke:
                self._later(self._fail_unless_restarted(number, report, self._attempts))
            else:
                self._fail_trial(number, report)

    async def report_failure_cause(self, why: str) -> None:
        """Remember why the group is about to be started again."""
        self._failure_cause = why
        self._restarting = True

    # ---------------------------------------------------------------- its parts

    def _begin(self, spec: str) -> None:
        # A rank may be behind, but never by more than the trial before this one.
        for number in [number for number in self._commands if number < self._trial_number]:
            del self._commands[number]
        self._trial_number = self._next_number
        self._spec = spec
        self._failed = False
        self._deaths = 0
        self._post("trial", spec)

    def _post(self, kind: str, value: Any) -> None:
        self._commands[self._next_number] = (self._next_number, kind, value, self._failures)
        self._next_number += 1
        self._changed.notify_all()

    def _set_answer(self, answer: str, *, failed: bool) -> None:
        self._answer = answer
        self._failed = failed
        self._changed.notify_all()

    def _is_waiting(self) -> bool:
        return self._requested_epoch is not None and self._answer is None

    def _count_death(self) -> None:
        killed_here = self._killed
        self._killed = False
        if killed_here or not self._is_waiting():
            return
        self._deaths += 1
        if self._deaths > self._retries:
            times = f"{self._deaths} time{'s' * (self._deaths > 1)}"
            self._set_answer(f"{DIED}its workers died {times}: {self._failure_cause}", failed=True)

    def _fail_trial(self, number: int, report: str) -> None:
        if not self._failed:
            self._failures += 1
            self._failed_before = self._next_number
            self._set_answer(report, failed=True)
            self._later(self._kill_hanging(number, self._attempts))

    async def _fail_unless_restarted(self, number: int, report: str, attempt: int) -> None:
        """Fail the trial after a while, unless its group restarts, which begins the trial again."""
        await asyncio.sleep(self._suspicion)
        async with self._changed:
            same_group = attempt == self._attempts and not self._restarting
            if same_group and number >= self._trial_number:
                self._fail_trial(number, report)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # asyncio itself holds no strong reference to a task
        task.add_done_callback(self._tasks.discard)

    async def _kill_hanging(self, number: int, attempt: int) -> None:
        """Kill the ranks that still wait in the failed trial; Ray Train then starts a new group."""
        await asyncio.sleep(self._grace)
        if attempt != self._attempts:
            return
        for rank in list(self._ranks):
            if self._reading.get(rank, -1) <= number:
                self._kill(rank)

    def _kill(self, rank: int) -> None:
        self._killed = True
        ray.kill(self._ranks[rank])


class FailureCallback(UserCallback):
    """Report to the mailbox, from the controller of the Train run, why workers died."""

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Report the first worker's error, before the group is started again."""
        rank, error = min(worker_exceptions.items())
        self._mailbox.report_failure_cause.remote(f"worker {rank}: {error}")
