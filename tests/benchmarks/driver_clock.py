"""Processor seconds of the process that runs a sweep, by part, as the number of trials grows."""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from mtl_search import Callback

PARTS = ("ours", "Optuna", "MLflow", "Tune", "Ray")
_TRACKER = "mtl_search.tracking"  # name of the thread that writes to MLflow


@dataclass(frozen=True)
class Reading:
    """Processor seconds since the process began, by part.

    Attributes:
        trials: Trials that have ended.
        seconds: Part → seconds.
        megabytes: Resident memory of the process.
    """

    trials: int
    seconds: dict[str, float]
    megabytes: float


class DriverClock(Callback):
    """Reads the clocks when so many trials have ended.

    What a part calls belongs to that part alone: the time of Optuna is not in that of ours. `Tune`
    is what is left of the main thread, `Ray` what is left of the process: the threads of its core.

    Args:
        at: Numbers of trials.
        resident_mb: Reads the memory.
    """

    def __init__(self, at: set[int], resident_mb: Callable[[], float]) -> None:
        self.readings: list[Reading] = []
        self._at, self._resident_mb = at, resident_mb
        self._ended = 0
        self._seconds: Counter[str] = Counter()
        self._open: list[list[Any]] = []  # part, and when its share began

    def on_trial_end(self, trial: Any) -> None:
        self._ended += 1
        if self._ended in self._at:
            self.read()

    def read(self) -> None:
        """Take a reading."""
        if self._open:  # called from within a part
            self._enter(self._open[-1][0])
            self._leave()
        main, process, mlflow = time.thread_time(), time.process_time(), _tracker_time()
        named = {part: self._seconds[part] for part in ("ours", "Optuna")}
        tune = main - sum(named.values())
        rest = {"MLflow": mlflow, "Tune": tune, "Ray": process - main - mlflow}
        self.readings.append(Reading(self._ended, {**named, **rest}, self._resident_mb()))

    def _enter(self, part: str) -> None:
        now = time.thread_time()
        if self._open:
            outer, since = self._open[-1]
            self._seconds[outer] += now - since
        self._open.append([part, now])

    def _leave(self) -> None:
        part, since = self._open.pop()
        now = time.thread_time()
        self._seconds[part] += now - since
        if self._open:
            self._open[-1][1] = now

    def _timed(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return method(*arguments, **keywords)
            self._enter(part)
            try:
                return method(*arguments, **keywords)
            finally:
                self._leave()

        return wrapper

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count from here, in the classes through which Tune and Optuna are spoken to."""
        from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
        from mtl_search.search.searcher import ArmSearcher
        from mtl_search.search.stoppers import StopWithoutCapacity
        from mtl_search.search.study import ArmStudy

        ours = {
            ArmSearcher: ("suggest", "record_epoch", "record_crash", "on_trial_complete"),
            ArmScheduler: ("on_trial_add", "on_trial_result", "on_trial_complete"),
            StopWithoutCapacity: ("stop_all",),
        }
        optuna = {ArmStudy: ("ask", "report", "finish", "restore_trial", "enqueue")}
        with ExitStack() as stack:
            for part, classes in (("ours", ours), ("Optuna", optuna)):
                for owner, names in classes.items():
                    for name in names:
                        timed = self._timed(part, getattr(owner, name))
                        stack.enter_context(mock.patch.object(owner, name, timed))
            yield


def _tracker_time() -> float:
    """Processor seconds of the thread that writes to MLflow; 0 where there is none."""
    for thread in threading.enumerate():
        if thread.name == _TRACKER and thread.ident is not None:
            return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return 0.0
