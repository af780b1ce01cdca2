"""Where a slot and the ranks of its worker group leave word for each other: numbered commands, and one answer.

    slot  → ranks   trial (a new trial), epoch (train until this epoch), end
    ranks → slot    the report of the epoch, from rank 0; or why the trial failed, from the first rank that knows

Every rank reads the same commands in the same order, by number. All waiting is inside the mailbox, so nobody polls.

The actor's process need not import torch: the slot sends this module's classes by value (see `ray_group`), for which
the module imports nothing of the project, and commands are tuples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import ray
from ray.train import UserCallback

# Name of a group's mailbox, followed by the number of its bytes; at most a megabyte, less than anyone asks for.
MAILBOX = "mtl_search.group."
MOST_BYTES = 2**20

# Number, kind, spec of the trial or epoch to reach, and a count of failures: ranks that see a new count make a new
# process group, because the old one may be in any state.
Command = tuple[int, str, Any, int]

# How an answer begins that no rank has given; what follows is why its processes died.
DIED = "died: "


class Mailbox:
    """The state between one slot and its worker group.

    Args:
        retries: Times that a trial is begun again after a rank died.
        grace: Seconds in which ranks have to come back from a trial that failed; one that hangs longer is killed.
        suspicion: Seconds in which Ray Train finds a dead rank, by far. When a whole node is gone, Ray takes 15 seconds
            to see it, and a minute when it may only be out of reach.
    """

    def __init__(self, retries: int, grace: float = 30.0, suspicion: float = 90.0) -> None:
        self._retries, self._grace, self._suspicion = retries, grace, suspicion
        self._changed = asyncio.Condition()
        self._commands: dict[int, Command] = {}
        self._next = 0  # number of the next command
        self._failures = 0
        self._known_to_fail = (
            0  # commands before this one are of a trial whose failure is told, or of one before it
        )
        self._trial = -1  # number of its command
        self._spec: str | None = None
        self._wanted: int | None = None  # epoch that the slot waits for
        self._answer: str | None = None
        self._failed = False
        self._deaths = 0
        self._attempts = 0
        self._why = "its worker group broke"
        self._ranks: dict[int, Any] = {}
        self._reading: dict[
            int, int
        ] = {}  # rank → number of the command that it waits for; it is done with all before
        self._breaking = False  # a rank was found dead, and the next group is not there yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._killed = False  # by the mailbox itself, which is nobody's death
        self._ended = False

    # ---------------------------------------------------------------- the slot's side

    async def ask(self, epoch: int, spec: str | None) -> str:
        """Let the ranks train until this epoch is done; returns the report, or why the trial has failed.

        Args:
            epoch: Counted from 1.
            spec: A new trial, whose first epoch this is; the ranks let go of the last one. Trial and epoch are one
                call, because Ray may begin the calls of one caller in any order here.
        """
        async with self._changed:
            if spec is not None:
                self._begin(spec)
            if not self._failed:
                self._answer, self._wanted = None, epoch
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
        """Rank 0 of a group that has started: the number of the first command to read.

        A group that takes the place of one that died begins its trial again, from the trial's last checkpoint. A trial
        that lost too many groups has failed.
        """
        async with self._changed:
            self._attempts += 1
            self._ranks, self._reading, self._breaking = {}, {}, False
            if self._attempts == 1:
                return 0
            start = self._next
            self._count_death()
            if self._spec is not None and not self._failed:
                self._post("trial", self._spec)
                if self._is_waiting():
                    self._post("epoch", self._wanted)
            if self._ended:
                self._post("end", None)
            return start

    async def enter(self, rank: int, actor: Any) -> None:
        """A rank is about to read its first command."""
        self._ranks[rank] = actor

    async def read(self, rank: int, number: int) -> Command:
        """The command of this number, as soon as there is one."""
        async with self._changed:
            self._reading[rank] = number
            await self._changed.wait_for(lambda: number in self._commands)
            return self._commands[number]

    async def answer(self, report: str) -> None:
        """The report of the epoch that was asked for."""
        async with self._changed:
            if not self._failed:
                self._settle(report, failed=False)

    async def fail(self, rank: int, number: int, report: str, *, link_broke: bool) -> None:
        """Obeying this command has failed; what other ranks say of it afterwards are consequences.

        Args:
            rank: Whose word this is.
            number: Of the command.
            report: Why the trial has failed.
            link_broke: This rank lost another one in mid-exchange; if that one has died, Ray Train says so (`note`).
        """
        async with self._changed:
            if number < self._known_to_fail:
                return
            if (
                number < self._trial
            ):  # the others are in the next trial already, and count on this rank
                self._kill(rank)
            elif link_broke:
                self._later(self._suspect(number, report, self._attempts))
            else:
                self._fail_trial(number, report)

    async def note(self, why: str) -> None:
        """Why the group is about to be started again."""
        self._why, self._breaking = why, True

    # ---------------------------------------------------------------- its parts

    def _begin(self, spec: str) -> None:
        # A rank may be behind, but not by a whole trial.
        self._commands = {
            number: c for number, c in self._commands.items() if number >= self._trial
        }
        self._trial, self._spec = self._next, spec
        self._failed, self._deaths = False, 0
        self._post("trial", spec)

    def _post(self, kind: str, value: Any) -> None:
        self._commands[self._next] = (self._next, kind, value, self._failures)
        self._next += 1
        self._changed.notify_all()

    def _settle(self, answer: str, *, failed: bool) -> None:
        self._answer, self._failed = answer, failed
        self._changed.notify_all()

    def _is_waiting(self) -> bool:
        return self._wanted is not None and self._answer is None

    def _count_death(self) -> None:
        killed, self._killed = self._killed, False
        if killed or not self._is_waiting():
            return
        self._deaths += 1
        if self._deaths > self._retries:
            times = f"{self._deaths} time{'s' * (self._deaths > 1)}"
            self._settle(f"{DIED}its workers died {times}: {self._why}", failed=True)

    def _fail_trial(self, number: int, report: str) -> None:
        if not self._failed:
            self._failures, self._known_to_fail = self._failures + 1, self._next
            self._settle(report, failed=True)
            self._later(self._kill_hanging(number, self._attempts))

    async def _suspect(self, number: int, report: str, attempt: int) -> None:
        """Fail the trial after a while, unless a rank was found dead by then: its group begins the trial again."""
        await asyncio.sleep(self._suspicion)
        async with self._changed:
            if attempt == self._attempts and number >= self._trial and not self._breaking:
                self._fail_trial(number, report)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # or it might be collected before it ran
        task.add_done_callback(self._tasks.discard)

    async def _kill_hanging(self, number: int, attempt: int) -> None:
        """Kill the ranks that still wait for others in the trial that failed; Ray Train then starts a new group."""
        await asyncio.sleep(self._grace)
        if attempt == self._attempts:
            for rank in [rank for rank in self._ranks if self._reading.get(rank, -1) <= number]:
                self._kill(rank)

    def _kill(self, rank: int) -> None:
        self._killed = True
        ray.kill(self._ranks[rank])


class FailureCallback(UserCallback):
    """Tells the mailbox, from the controller of the Train run, why workers died."""

    def __init__(self, mailbox: Any) -> None:
        self._mailbox = mailbox

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Called before the group is started again."""
        rank, error = min(worker_exceptions.items())
        self._mailbox.note.remote(f"worker {rank}: {error}")
