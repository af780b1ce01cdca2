"""The wait at the end: as long as the store makes progress, and not longer."""

from __future__ import annotations

import threading
import time
from _thread import interrupt_main

from mtl_search.tracking.last_wait import LastWait, Progress


class Store:
    """A thread that sends events, one after another, until it hangs.

    Args:
        events: Number of events.
        seconds: Seconds an event.
        hangs_after: Number of events after which nothing more happens.
    """

    def __init__(self, events: int, seconds: float, hangs_after: int = 10_000) -> None:
        self.unsent, self._seconds, self._hangs_after = events, seconds, hangs_after
        self.answers = 0
        self.release = threading.Event()
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self) -> None:
        while self.unsent:
            if self.answers >= self._hangs_after:
                self.release.wait()
                return
            time.sleep(self._seconds)
            self.unsent -= 1
            self.answers += 1

    def wait(self, patience: float, limit: float | None = None) -> LastWait:
        return LastWait(
            self.thread, lambda: self.unsent, lambda: self.answers, lambda: patience, limit
        )


def test_a_slow_store_is_waited_for_far_longer_than_the_patience() -> None:
    store = Store(20, 0.1)
    seen: list[tuple[int, int]] = []
    assert store.wait(patience=0.6).run(lambda sent, total: seen.append((sent, total))) == ""
    assert store.unsent == 0
    assert seen == sorted(seen)
    assert seen[-1] == (20, 20)


def test_a_store_that_hangs_is_given_up() -> None:
    store = Store(5, 0.01, hangs_after=2)
    began = time.monotonic()
    assert store.wait(patience=0.5).run().startswith("the store made no progress for ")
    assert 0.4 < time.monotonic() - began < 5
    assert store.unsent == 3
    store.release.set()


def test_answers_count_although_no_event_is_complete() -> None:
    store = Store(1, 2.0)

    def answer() -> None:
        for _ in range(10):
            time.sleep(0.2)
            store.answers += 1

    threading.Thread(target=answer, daemon=True).start()
    assert store.wait(patience=0.8).run() == ""


def test_attempts_that_only_repeat_each_other_are_no_progress() -> None:
    answers, unsent = [0], [5]
    progress = Progress(lambda: answers[0], lambda: unsent[0])

    def attempt(requests: int, *, failed: bool = True) -> int:
        progress.begin()
        before = progress.count
        answers[0] += requests
        seen = progress.count - before  # while it still goes on
        progress.end(failed=failed)
        assert progress.count == before + seen
        return seen

    assert [attempt(2), attempt(2), attempt(1)] == [2, 0, 0]
    assert attempt(5) == 3  # it came further
    unsent[0] = 4
    assert attempt(5) == 0
    assert [attempt(5), attempt(5)] == [5, 0]  # other requests, since an event has arrived
    assert attempt(7, failed=False) == 2
    assert attempt(4) == 4


def test_answers_of_failed_attempts_do_not_keep_the_wait_alive() -> None:
    store = Store(5, 0.01, hangs_after=2)
    answers = [0]
    progress = Progress(lambda: answers[0], lambda: store.unsent)

    def fail() -> None:
        for _ in range(60):
            progress.begin()
            answers[0] += 1
            time.sleep(0.05)
            progress.end(failed=True)

    threading.Thread(target=fail, daemon=True).start()
    wait = LastWait(store.thread, lambda: store.unsent, lambda: progress.count, lambda: 0.5)
    began = time.monotonic()
    assert wait.run().startswith("the store made no progress for ")
    assert time.monotonic() - began < 2.5
    store.release.set()


def test_a_limit_holds_for_a_store_that_makes_progress() -> None:
    store = Store(100, 0.05)
    assert store.wait(patience=5, limit=0.5).run().startswith("a sweep that is stopped waits no")
    assert store.unsent > 0


def test_an_interrupt_ends_the_wait_alone() -> None:
    store = Store(100, 0.05)
    timer = threading.Timer(0.3, interrupt_main)
    timer.start()
    assert store.wait(patience=5).run() == "the wait was interrupted"
    timer.join()
    assert store.unsent > 0
