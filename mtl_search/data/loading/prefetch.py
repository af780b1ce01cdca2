"""A `map` whose results a thread computes ahead."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def prefetch(fetch: Callable[[K], V], keys: Iterable[K], ahead: int) -> Iterator[V]:
    """`map(fetch, keys)`, computed by a thread that stays at most `ahead` items in front.

    The thread starts with the first item asked for, and ends when the keys do, when `fetch` raises (the exception
    comes out here, in its turn), or when the iterator is closed or dropped.
    """
    ready: queue.Queue[tuple[V] | BaseException | None] = queue.Queue(ahead)
    stop = threading.Event()
    thread = threading.Thread(
        target=_produce, args=(fetch, keys, ready, stop), name="prefetch", daemon=True
    )
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room in the queue, once
            with contextlib.suppress(queue.Empty):
                ready.get_nowait()
            thread.join(0.001)


def _produce(
    fetch: Callable[[K], V],
    keys: Iterable[K],
    ready: queue.Queue[tuple[V] | BaseException | None],
    stop: threading.Event,
) -> None:
    """The thread's work. It knows nothing of the iterator, so that dropping the iterator closes it."""
    try:
        for key in keys:
            if stop.is_set():
                return
            ready.put((fetch(key),))
        ready.put(None)
    except BaseException as error:  # noqa: BLE001  whatever it is, the consumer has to see it
        ready.put(error)
