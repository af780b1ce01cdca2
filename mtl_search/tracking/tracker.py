"""The tracker: an observer of the journal that writes to MLflow from a thread of its own.

So the sweep never waits for MLflow.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mtl_search.config import Config
from mtl_search.errors import MtlSearchError
from mtl_search.storage.events import (
    Event,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialEvent,
)
from mtl_search.storage.journal import read_events
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL
from mtl_search.tracking import links
from mtl_search.tracking.address import public, public_reason
from mtl_search.tracking.connector import Connector
from mtl_search.tracking.last_wait import LastWait, OnProgress, Progress, trials_in_words
from mtl_search.tracking.pages.page import SweepPage
from mtl_search.tracking.place import Place
from mtl_search.tracking.resume_command import command_to_send
from mtl_search.tracking.run_sync import RunSync
from mtl_search.tracking.system_metrics import SystemMetrics

log = logging.getLogger("mtl_search.tracking")

# After an end or the last event, others are likely to follow at once.
_SOON_S = 0.25
_SENT_SOON = (SweepStarted, TrialEnded, SweepCompleted)
_BACKOFF_S = (1.0, 5.0, 15.0, 30.0)
_LAST_BACKOFF_S = 3.0  # at the end of a command a short outage must not look like a long one


class _Stop:
    """The last message to the thread."""


_Message = Event | SweepPage | _Stop


class Tracker:
    """Writes one sweep to MLflow: one run for the sweep, and below it one for each trial.

    What is in the journal and not in MLflow is sent when the tracker starts, or when MLflow answers
    again. After `start` nothing is raised: a server that is or goes away costs a line in the log.

    Args:
        config: The sweep's config.
        sweep_dir: The sweep's folder, with `journal.jsonl`.
        flush_s: Seconds between two writes while trials train.
        watch: Whether the sweep runs in this process, which is watched where the config asks for it
            (`tracking.system_metrics`).
    """

    def __init__(
        self, config: Config, sweep_dir: Path, *, flush_s: float = 2.0, watch: bool = True
    ) -> None:
        self.config = config
        self.sweep_dir = sweep_dir
        self.uri = links.tracking_uri(config, sweep_dir)
        self._flush_s = flush_s
        self._queue: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._history: Sequence[Event] = ()
        self._run_sync: RunSync | None = None
        self._progress = Progress(lambda: 0, lambda: 0)
        self._connector = Connector(config, sweep_dir)
        self._given_up = threading.Event()
        self._closing = threading.Event()
        self._closed: int | None = None
        self._failures = 0
        self._degraded = ""
        self._is_placed = False
        self._monitor = SystemMetrics() if watch and config.tracking.system_metrics else None
        self._thread = threading.Thread(target=self._run, name="mtl_search.tracking", daemon=True)

    def begin(self) -> None:
        """Read what the journal already has, and begin to connect; `start` waits for it."""
        if self._monitor is not None:
            self._monitor.check()
        while not self._queue.empty():
            self._queue.get()  # what was observed before now is in the journal, too
        self._history = read_events(self.sweep_dir / JOURNAL)
        self._thread.start()

    def start(self, timeout: float = 60.0, *, must_answer: bool = False) -> None:
        """Connect, unless that has begun; a store that does not answer is tried again later.

        Args:
            timeout: Seconds to wait for the store.
            must_answer: Whether a store that does not answer is an error.

        Raises:
            ConfigError: The tracking URI or the experiment is wrong.
            SweepError: The store cannot be written or refuses us, or it did not answer and must.
        """
        if self._thread.ident is None:
            self.begin()
        try:
            self._degraded = self._connector.wait(timeout, must_answer=must_answer)
        except MtlSearchError:
            self._given_up.set()
            raise

    def observe(self, event: Event, record: SweepRecord) -> None:
        """Take one event; returns at once."""
        self._queue.put(event)

    def finish(self, page: SweepPage) -> None:
        """Show what a session has come to, when it has ended.

        Args:
            page: What is shown of the sweep as a whole, with files for its run.
        """
        self._queue.put(page)

    def close(
        self,
        *,
        patience: float = 30.0,
        limit: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> int:
        """Send the rest and end; a sweep that is not complete is marked KILLED until it is resumed.

        It waits for as long as the store makes progress, and no longer than for Ctrl-C. What has
        not arrived then is named in the log.

        Args:
            patience: Seconds without any progress after which the store is given up.
            limit: Seconds after which it is given up in any case; None: never.
            on_progress: Called with the number of events that have been sent since then, and of all
                that were to be sent.

        Returns:
            Number of events that have not arrived; they are in the journal, and `sync` sends them.
        """
        is_over = self._closed is not None or self._given_up.is_set()
        if is_over or not self._thread.is_alive():
            return self.unsent
        self._queue.put(_Stop())
        self._closing.set()
        wait = LastWait(
            self._thread,
            lambda: self.unsent,
            lambda: self._progress.count,
            lambda: patience + (self._run_sync.client.upload_s if self._run_sync else 0.0),
            limit,
        )
        reason = wait.run(on_progress)
        self._given_up.set()
        self._closed = unsent = self.unsent
        if unsent:
            self._warn_of_unsent(unsent, reason or "the store refused them")
        return unsent

    def _warn_of_unsent(self, unsent: int, reason: str) -> None:
        known = self._run_sync.waiting_trials if self._run_sync else ()
        log.warning(
            "%s events did not reach MLflow at %s%s: %s. %s has them; to send them: %s",
            f"{unsent:,}",
            public(self.uri),
            trials_in_words([*known, *self._queued_trials()]),
            reason,
            self.sweep_dir / JOURNAL,
            command_to_send(self.sweep_dir),
        )

    def _queued_trials(self) -> list[str]:
        events: list[Any] = [] if self._run_sync else [*self._history]
        with suppress(queue.Empty):
            while True:
                events.append(self._queue.get_nowait())
        self._queue.put(_Stop())  # it was among them, unless the thread has ended
        return [event.id for event in events if isinstance(event, TrialEvent)]

    @property
    def degraded(self) -> str:
        """Why nothing reaches MLflow at the moment; empty when all is well."""
        return self._degraded

    @property
    def written(self) -> int:
        """Requests that brought MLflow something which it did not have."""
        return self._run_sync.client.written if self._run_sync else 0

    @property
    def unsent(self) -> int:
        """Events that have not arrived yet."""
        if self._closed is not None:
            return self._closed
        if self._run_sync is None:  # nobody has read the queue, at whose end may be a `_Stop`
            return len(self._history) + self._queue.qsize() - self._closing.is_set()
        return self._queue.qsize() + len(self._history) + self._run_sync.waiting

    def _run(self) -> None:
        connector = self._connector
        client = connector.open() or connector.open_later(self._given_up, self._closing)
        if client is None:
            return
        self._degraded = ""
        self._progress = Progress(lambda: client.answers, lambda: self.unsent)
        self._run_sync = RunSync(self.config, client, self.sweep_dir.resolve().name)
        connector.tried.set()
        if not self._given_up.is_set():
            self._loop(self._run_sync)

    def _loop(self, run_sync: RunSync) -> None:
        # The history comes first, so that epochs which are reported again are recognised.
        for event in self._history:
            self._take(run_sync, event)
        self._history = ()
        self._attempt(run_sync)
        self._send_until_stopped(run_sync)
        if self._monitor is not None:
            self._monitor.stop()
        run_sync.stop(time.time())
        self._attempt(run_sync)
        while self._failures and not self._given_up.wait(min(self._pause(), _LAST_BACKOFF_S)):
            self._attempt(run_sync)

    def _send_until_stopped(self, run_sync: RunSync) -> None:
        """Send all that waits now and then, and trials that have ended at once."""
        due, ended_due = time.monotonic() + self._flush_s, math.inf
        while True:
            message = self._next(min(due, ended_due) - time.monotonic())
            if isinstance(message, _Stop):
                return
            if message is not None:
                self._take(run_sync, message)
                # While MLflow does not answer, the next attempt has its own time.
                if isinstance(message, _SENT_SOON) and not self._failures:
                    ended_due = min(ended_due, time.monotonic() + _SOON_S)
            now = time.monotonic()
            if now >= min(due, ended_due):
                # A trial that ends soon is sent once: a few requests in place of twice as many.
                self._attempt(run_sync, only_ended=now < due)
                ended_due = math.inf
                if self._failures or now >= due:
                    due = time.monotonic() + self._pause()

    def _pause(self) -> float:
        """Return the seconds until the next attempt."""
        if not self._failures:
            return self._flush_s
        return _BACKOFF_S[min(self._failures, len(_BACKOFF_S)) - 1]

    def _next(self, timeout: float) -> _Message | None:
        with suppress(queue.Empty):
            return self._queue.get(timeout=max(timeout, 0.0))
        return None

    def _take(self, run_sync: RunSync, message: Event | SweepPage) -> None:
        if isinstance(message, SweepPage):
            run_sync.page = message
            return
        try:
            run_sync.apply(message)
        except Exception as error:  # noqa: BLE001  # a wrong event must not end the thread
            log.warning("tracking passed over an event of the journal: %s", public_reason(error))

    def _attempt(self, run_sync: RunSync, *, only_ended: bool = False) -> None:
        self._progress.begin()
        try:
            run_sync.send(only_ended=only_ended, stop=self._given_up.is_set)
        except Exception as error:  # noqa: BLE001  # nothing that MLflow does may end a sweep
            self._progress.end(failed=True)
            self._failures += 1
            self._degraded = f"MLflow at {public(self.uri)} does not answer: {public_reason(error)}"
            if self._failures == 2:  # a single failure may be a short fault
                log.warning("%s. The sweep goes on; what is missing is sent later", self._degraded)
            return
        self._progress.end(failed=False)
        self._note_place(run_sync)
        if self._failures >= 2:
            log.info("MLflow at %s answers again", public(self.uri))
        self._failures, self._degraded = 0, ""

    def _note_place(self, run_sync: RunSync) -> None:
        """Write down, once, where MLflow has the sweep, and begin to watch this process."""
        run, experiment = run_sync.parent.id, run_sync.client.experiment_id
        if not self._is_placed and run:
            self._is_placed = True
            Place(public(self.uri), experiment, run, run_sync.record.id).write(self.sweep_dir)
            if self._monitor is not None:
                self._monitor.start(self.uri, run)
