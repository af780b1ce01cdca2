"""The wait for MLflow at the end of a command: for as long as the store makes progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# Called with the number of events that have been sent since the wait began, and of all that were to
# be sent then.
OnProgress = Callable[[int, int], None]

_LOOK_S = 0.1
# A wait that is shorter than this needs no word.
_SILENT_S = 1.0


@dataclass(frozen=True)
class LastWait:
    """Wait for the thread that writes to a store.

    Args:
        thread: The thread, which ends when all has been sent.
        unsent: Returns the number of events that have not arrived.
        answers: Returns the number of requests that the store has answered.
        patience: Returns the seconds without any progress after which the wait is given up.
        limit: Seconds after which it is given up in any case; None: never.

    Examples:
        >>> thread = threading.Thread(target=lambda: None)
        >>> thread.start()
        >>> LastWait(thread, lambda: 0, lambda: 0, lambda: 30.0).run()
        ''
    """

    thread: threading.Thread
    unsent: Callable[[], int]
    answers: Callable[[], int]
    patience: Callable[[], float]
    limit: float | None = None

    def run(self, on_progress: OnProgress | None = None) -> str:
        """Wait, and return why the wait was given up; empty where all has been sent.

        Args:
            on_progress: Called several times a second, unless the wait is over in a moment.
        """
        try:
            return self._run(on_progress)
        except KeyboardInterrupt:
            return "the wait was interrupted"

    def _run(self, on_progress: OnProgress | None) -> str:
        began = moved = time.monotonic()
        sent, total = 0, self.unsent()
        standing = (total, self.answers())
        while True:
            self.thread.join(_LOOK_S)
            now, before = time.monotonic(), standing
            standing = (self.unsent(), self.answers())
            total = max(total, standing[0])  # what the end of the sweep adds comes late
            # An event that the thread has in hand is counted nowhere for a moment.
            sent = max(sent, total - standing[0]) if standing[0] else total
            if on_progress is not None and now - began >= _SILENT_S:
                on_progress(sent, total)
            if not self.thread.is_alive():
                return ""
            if standing != before:
                moved = now
            if now - moved >= self.patience():
                return f"the store made no progress for {now - moved:.0f} s"
            if self.limit is not None and now - began >= self.limit:
                return f"a sweep that is stopped waits no longer than {self.limit:g} s"
