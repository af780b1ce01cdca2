"""A `map` whose results are computed ahead by a thread."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def prefetch(fetch: Callable[[K], V], keys: Iterable[K], ahead: int) -> Iterator[V]:
    """Yield what `map(fetch, keys)` does, computed by a thread that runs ahead.

    The thread starts with the first item asked for, and ends when the keys do, when `fetch` raises
    (the exception is raised here, in its turn), or when the iterator is closed or dropped.

    Args:
        fetch: A function that computes an item.
        keys: The arguments of the function.
        ahead: The most items that wait to be taken.

    Examples:
        >>> list(prefetch(abs, [-1, 2, -3], ahead=2))
        [1, 2, 3]
    """
    # An item is wrapped in a tuple, which tells it from an exception and from the end (None).
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
        # The thread may wait for room in the queue, once.
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                ready.get_nowait()
            thread.join(0.001)


def _produce(
    fetch: Callable[[K], V],
    keys: Iterable[K],
    ready: queue.Queue[tuple[V] | BaseException | None],
    stop: threading.Event,
) -> None:
    """Put the items into the queue.

    The thread has no reference to the iterator, so that dropping the iterator closes it.
    """
    try:
        for key in keys:
            if stop.is_set():
                return
            ready.put((fetch(key),))
        ready.put(None)
    except BaseException as error:  # noqa: BLE001  the consumer has to see every one
        ready.put(error)
