"""The thread behind `prefetch` keeps order and bound, hands errors on, and always ends."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mtl_search.data.loading.prefetch import prefetch


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def _wait(condition: Callable[[], bool]) -> None:
    """Wait until something happens that another thread does; fail after a while."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    assert not _threads()
    yield
    assert not _threads()


def test_gives_what_map_gives_in_order() -> None:
    assert list(prefetch(lambda k: k * k, range(100), 3)) == [k * k for k in range(100)]


def test_none_and_exceptions_are_values_like_others() -> None:
    error = ValueError("a value, not raised")
    assert list(prefetch(lambda k: [None, error][k], range(2), 1)) == [None, error]


def _noting(fetched: list[int]) -> Callable[[int], int]:
    """A fetch that gives the key back and notes it."""

    def fetch(key: int) -> int:
        fetched.append(key)
        return key

    return fetch


def test_no_keys() -> None:
    assert list(prefetch(lambda k: k, [], 2)) == []


def test_works_ahead_but_only_so_far() -> None:
    fetched: list[int] = []
    items = prefetch(_noting(fetched), range(100), 3)
    assert next(items) == 0
    _wait(lambda: len(fetched) >= 5)
    time.sleep(0.05)
    assert fetched == [0, 1, 2, 3, 4], "one taken, three in the queue, one waiting for room"
    items.close()  # type: ignore[attr-defined]


def test_runs_in_another_thread() -> None:
    assert (
        next(prefetch(lambda _: threading.current_thread(), [0], 1))
        is not threading.current_thread()
    )


def test_no_thread_before_the_first_item_is_asked_for() -> None:
    items = prefetch(lambda k: k, range(3), 1)
    assert not _threads()
    del items


def test_an_error_comes_out_in_its_turn() -> None:
    def fetch(key: int) -> int:
        if key == 2:
            raise OSError("the disk is gone")
        return key

    items = prefetch(fetch, range(5), 4)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(OSError, match="the disk is gone") as caught:
        next(items)
    assert "fetch" in [entry.name for entry in caught.traceback], (
        "the traceback leads to where it happened"
    )


@pytest.mark.parametrize("taken", [1, 5])
def test_dropping_the_iterator_ends_the_thread(taken: int) -> None:
    fetched: list[int] = []
    items = prefetch(_noting(fetched), range(10_000), 2)
    for _ in range(taken):
        next(items)
    assert len(_threads()) == 1
    del items
    gc.collect()
    assert not _threads()
    assert len(fetched) <= taken + 4


def test_leaving_a_loop_by_an_error_ends_the_thread() -> None:
    def loop() -> None:
        for item in prefetch(lambda k: k, range(10_000), 2):
            if item == 3:
                raise KeyError("the training failed")

    with pytest.raises(KeyError):
        loop()
    gc.collect()
