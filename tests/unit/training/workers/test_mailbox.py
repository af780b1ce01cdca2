"""The mailbox between a slot and its ranks, with tasks of one event loop in place of processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import ray

from mtl_search.training.workers.mailbox import DIED, Mailbox

Story = Callable[[], Coroutine[Any, Any, None]]


def _told(story: Story) -> None:
    asyncio.run(asyncio.wait_for(story(), timeout=10))


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ranks that were killed, by the names that they registered with."""
    names: list[str] = []
    monkeypatch.setattr(ray, "kill", names.append)
    return names


async def _group(box: Mailbox, ranks: int = 2) -> int:
    number = await box.join()
    for rank in range(ranks):
        await box.register(rank, f"rank {rank}")
    return number


async def _kinds(box: Mailbox, number: int, count: int, rank: int = 0) -> list[tuple[str, Any]]:
    commands = [await box.read(rank, number + i) for i in range(count)]
    return [(kind, value) for _, kind, value, _ in commands]


def _later(work: Awaitable[Any]) -> asyncio.Task[Any]:
    return asyncio.ensure_future(work)


async def _asked(box: Mailbox, epoch: int, spec: str | None) -> asyncio.Task[str]:
    """The call, once it has begun."""
    asked = asyncio.ensure_future(box.request_epoch(epoch, spec))
    await asyncio.sleep(0)
    return asked


async def _pending(*tasks: asyncio.Task[Any]) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


def test_all_ranks_read_the_same_and_the_first_answers() -> None:
    async def story() -> None:
        box = Mailbox(retries=0)
        asked = await _asked(box, 1, "spec")
        start = await _group(box)
        for rank in (0, 1):
            assert await _kinds(box, start, 2, rank) == [("trial", "spec"), ("epoch", 1)]
        waiting = [_later(box.read(rank, start + 2)) for rank in (0, 1)]
        await _pending(asked, *waiting)
        await box.answer("report 1")
        assert await asked == "report 1"
        asked = await _asked(box, 2, None)
        assert [(await read)[1:3] for read in waiting] == [("epoch", 2)] * 2
        await box.answer("report 2")
        assert await asked == "report 2"
        await box.end()
        assert await _kinds(box, start + 3, 1) == [("end", None)]

    _told(story)


def test_a_group_that_starts_again_does_what_is_not_done() -> None:
    async def story() -> None:
        box = Mailbox(retries=1)
        asked = await _asked(box, 1, "spec")
        await _group(box)
        await box.answer("report 1")
        await asked
        asked = await _asked(box, 2, None)
        await _pending(asked)
        start = await _group(box)
        assert await _kinds(box, start, 2) == [("trial", "spec"), ("epoch", 2)]
        await box.answer("report 2")
        assert await asked == "report 2"
        # A death between two epochs is not the trial's.
        start = await _group(box)
        asked = await _asked(box, 3, None)
        assert await _kinds(box, start, 2) == [("trial", "spec"), ("epoch", 3)]
        await box.answer("report 3")
        assert await asked == "report 3"

    _told(story)


def test_a_trial_that_loses_too_many_groups_has_failed() -> None:
    async def story() -> None:
        box = Mailbox(retries=1)
        asked = await _asked(box, 1, "spec")
        await _group(box)
        await _pending(asked)
        await box.report_failure_cause("worker 0: killed")
        await _group(box)
        await _pending(asked)
        start = await _group(box)
        assert await asked == f"{DIED}its workers died 2 times: worker 0: killed"
        # The next trial is none the worse for it.
        asked = await _asked(box, 1, "next")
        assert await _kinds(box, start, 2) == [("trial", "next"), ("epoch", 1)]
        await _group(box)
        await _pending(asked)
        await box.answer("report")
        assert await asked == "report"

    _told(story)


def test_a_failure_ends_the_trial_and_calls_for_a_new_link(killed: list[str]) -> None:
    async def story() -> None:
        box = Mailbox(retries=0, grace=0.05)
        asked = await _asked(box, 1, "spec")
        start = await _group(box)
        for rank in (0, 1):
            await box.read(rank, start + 1)
        await box.fail(1, start + 1, "why", link_broke=False)
        await box.fail(0, start + 1, "lost rank 1", link_broke=True)
        await box.answer("too late")
        assert await asked == "why"
        assert await box.request_epoch(2, None) == "why"
        asked = await _asked(box, 1, "next")
        await box.fail(
            0, start + 1, "lost rank 1", link_broke=True
        )  # a consequence that is told late
        reading = [_later(box.read(rank, start + 2)) for rank in (0, 1)]
        before, after = await box.read(0, start), await reading[0]
        assert after[3] == before[3] + 1
        await box.answer("report")
        assert await asked == "report"
        await asyncio.sleep(0.1)
        assert not killed

    _told(story)


def test_a_rank_that_hangs_in_a_failed_trial_is_killed(killed: list[str]) -> None:
    async def story() -> None:
        box = Mailbox(retries=0, grace=0.01)
        asked = await _asked(box, 1, "spec")
        start = await _group(box)
        for rank in (0, 1):
            await box.read(rank, start + 1)
        await box.fail(1, start + 1, "why", link_broke=False)
        reading = _later(box.read(1, start + 2))
        await asyncio.sleep(0.1)
        assert killed == ["rank 0"]
        reading.cancel()
        # The trial that was asked for in the meantime does not pay for it.
        asked = await _asked(box, 1, "next")
        await _pending(asked)
        start = await _group(box)
        assert await _kinds(box, start, 2) == [("trial", "next"), ("epoch", 1)]
        await box.answer("report")
        assert await asked == "report"

    _told(story)


@pytest.mark.parametrize("dead", [True, False])
def test_a_rank_that_lost_another_waits_to_hear_whether_it_died(*, dead: bool) -> None:
    async def story() -> None:
        box = Mailbox(retries=1, suspicion=0.05)
        asked = await _asked(box, 1, "spec")
        start = await _group(box)
        await box.fail(0, start + 1, "connection closed", link_broke=True)
        await _pending(asked)
        if dead:
            await box.report_failure_cause("worker 1: killed")
        await asyncio.sleep(0.1)
        if not dead:
            assert await asked == "connection closed"
            return
        start = await _group(box)
        assert await _kinds(box, start, 2) == [("trial", "spec"), ("epoch", 1)]
        await box.answer("report")
        assert await asked == "report"

    _told(story)


def test_a_rank_that_fails_after_the_others_went_on_is_killed(killed: list[str]) -> None:
    async def story() -> None:
        box = Mailbox(retries=0)
        asked = await _asked(box, 1, "spec")
        start = await _group(box)
        await box.answer("report")
        await asked
        asked = await _asked(box, 1, "next")
        await _pending(asked)
        await box.fail(1, start + 1, "late", link_broke=False)
        assert killed == ["rank 1"]
        start = await _group(box)
        assert await _kinds(box, start, 2) == [("trial", "next"), ("epoch", 1)]
        await _pending(asked)
        await box.answer("report")
        assert await asked == "report"

    _told(story)


def test_an_end_is_heard_by_a_group_that_starts_late() -> None:
    async def story() -> None:
        box = Mailbox(retries=0)
        await _group(box)
        await box.end()
        assert await _kinds(box, await _group(box), 1) == [("end", None)]

    _told(story)
