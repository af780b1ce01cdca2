"""The wait for MLflow at the end of a command: for as long as the store makes progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Called with the number of events that have been sent since the wait began, and of all that were to
# be sent then.
OnProgress = Callable[[int, int], None]

_LOOK_S = 0.1
# A wait that is shorter than this needs no word.
_SILENT_S = 1.0


class Progress:
    """Counts how far attempts to send get. One that only repeats the last counts for nothing.

    An attempt that fails has had answers, too, such as those to what comes before a file that the
    store does not take. The thread that sends calls `begin` and `end`.

    Args:
        answers: Returns the number of requests that the store has answered.
        unsent: Returns the number of events that have not arrived.

    Examples:
        >>> answers = [0]
        >>> progress = Progress(lambda: answers[0], lambda: 5)
        >>> for _ in range(3):
        ...     progress.begin()
        ...     answers[0] += 2
        ...     progress.end(failed=True)
        >>> progress.count
        2
    """

    def __init__(self, answers: Callable[[], int], unsent: Callable[[], int]) -> None:
        self._answers = answers
        self._unsent = unsent
        self._left: int | None = None  # events that the last failure left
        self._counted = 0
        self._began = 0  # answers at the begin of the attempt
        self._furthest = 0  # answers that attempts have had that left the same events

    @property
    def count(self) -> int:
        """A number that grows with each step forward."""
        return self._counted + max(0, self._answers() - self._began - self._furthest)

    def begin(self) -> None:
        """Note that an attempt begins."""
        self._began = self._answers()

    def end(self, *, failed: bool) -> None:
        """Note that an attempt has ended."""
        gain = self.count - self._counted
        self._began = self._answers()  # first, so that `count` never stands too high meanwhile
        if failed:
            left = self._unsent()
            repeats = self._left is None or left >= self._left
            self._furthest = self._furthest + gain if repeats else 0
            self._left = left
        else:
            self._furthest, self._left = 0, None
        self._counted += gain


@dataclass(frozen=True)
class LastWait:
    """Wait for the thread that writes to a store.

    Args:
        thread: The thread, which ends when all has been sent.
        unsent: Returns the number of events that have not arrived.
        progress: Returns a number that grows when the store has made a step forward.
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
    progress: Callable[[], int]
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
        fewest, furthest = total, self.progress()
        while True:
            self.thread.join(_LOOK_S)
            now, unsent, progress = time.monotonic(), self.unsent(), self.progress()
            total = max(total, unsent)  # what the end of the sweep adds comes late
            # An event that the thread has in hand is counted nowhere for a moment.
            sent = max(sent, total - unsent) if unsent else total
            if on_progress is not None and now - began >= _SILENT_S:
                on_progress(sent, total)
            if not self.thread.is_alive():
                return ""
            if unsent < fewest or progress > furthest:
                moved = now
                fewest, furthest = min(fewest, unsent), max(furthest, progress)
            if now - moved >= self.patience():
                return f"the store made no progress for {now - moved:.0f} s"
            if self.limit is not None and now - began >= self.limit:
                return f"a sweep that is stopped waits no longer than {self.limit:g} s"


def trials_in_words(ids: Sequence[str]) -> str:
    """Name trials, to be put behind a number of events.

    Examples:
        >>> trials_in_words(["search-0001", "search-0001", "search-0004"])
        ', of 2 trials from search-0001 to search-0004'
        >>> trials_in_words(["search-0001"]), trials_in_words([])
        (', of trial search-0001', '')
    """
    trials = list(dict.fromkeys(ids))
    if not trials:
        return ""
    if len(trials) == 1:
        return f", of trial {trials[0]}"
    return f", of {len(trials):,} trials from {trials[0]} to {trials[-1]}"
