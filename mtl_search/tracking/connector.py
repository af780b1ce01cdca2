"""Opens the store of a sweep: now, or when it answers."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from mtl_search.config import Config
from mtl_search.errors import MtlSearchError, SweepError, first_line
from mtl_search.tracking import links
from mtl_search.tracking.address import StoreAwayError, public, public_reason
from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.resume_command import command_to_send

log = logging.getLogger("mtl_search.tracking")

_PAUSES_S = (1.0, 5.0, 15.0, 30.0)
_LAST_PAUSE_S = 3.0
_LOOK_S = 0.2


class Connector:
    """Opens the store of a sweep, in the thread that writes to it.

    Args:
        config: The sweep's config.
        sweep_dir: The sweep's folder.

    """

    def __init__(self, config: Config, sweep_dir: Path) -> None:
        self._config = config
        self._sweep_dir = sweep_dir
        self.tried = threading.Event()
        self._problem: MtlSearchError | None = None

    def open(self) -> TrackingClient | None:
        """Open the store; None where that fails, and `wait` says why."""
        try:
            client = links.open_client(self._config, self._sweep_dir)
        except MtlSearchError as error:
            self._problem = error
        except Exception as error:  # noqa: BLE001  # all must reach the caller of `wait`
            text = f"tracking: {type(error).__name__}: {public_reason(error)}"
            self._problem = SweepError(text)
        else:
            self._problem = None
            return client
        self.tried.set()
        return None

    def wait(self, timeout: float, *, must_answer: bool) -> str:
        """Wait, in another thread, until the store has been opened or has failed to.

        Args:
            timeout: Seconds after which it counts as away.
            must_answer: Whether a store that is away is an error.

        Returns:
            Why it is away, which the log says, too; empty where it answers.

        Raises:
            ConfigError: The tracking URI or the experiment is wrong.
            SweepError: The store cannot be written or refuses us, or is away and must not be.
        """
        uri = public(links.tracking_uri(self._config, self._sweep_dir))
        problem: MtlSearchError | None = StoreAwayError(
            f"tracking: MLflow at {uri} did not answer within {timeout:.0f} s\n"
            "  to run without it: tracking.enabled=false"
        )
        if self.tried.wait(timeout):
            problem = self._problem  # of the last attempt that has ended
        if problem is None:
            return ""
        if must_answer or not isinstance(problem, StoreAwayError):
            raise problem
        reason = first_line(problem).removeprefix("tracking: ")
        log.warning(
            "%s. The sweep begins without it and keeps everything; it is sent when MLflow answers, "
            "or by: %s",
            reason,
            command_to_send(self._sweep_dir),
        )
        return reason

    def open_later(
        self, given_up: threading.Event, closing: threading.Event
    ) -> TrackingClient | None:
        """Try again until the store answers; None where it is given up before.

        Args:
            given_up: Is set when nobody waits for the store any more.
            closing: Is set when the sweep has ended, so that the pauses become short.
        """
        attempts = 0
        tried = time.monotonic()
        while not given_up.wait(_LOOK_S):
            pause = _PAUSES_S[min(attempts, len(_PAUSES_S) - 1)]
            if closing.is_set():
                pause = min(pause, _LAST_PAUSE_S)
            if time.monotonic() - tried < pause:
                continue
            if client := self.open():
                log.info("MLflow answers now, and gets what the sweep has so far")
                return client
            attempts += 1
            tried = time.monotonic()
        return None
