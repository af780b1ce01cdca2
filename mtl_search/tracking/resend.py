"""Send a sweep to MLflow from its journal alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtl_search.config import Config, load_config
from mtl_search.errors import ConfigError, RequestError
from mtl_search.storage.sweep_directory import CONFIG, JOURNAL
from mtl_search.tracking.address import public
from mtl_search.tracking.last_wait import OnProgress
from mtl_search.tracking.pages.page import SweepPage
from mtl_search.tracking.tracker import Tracker


@dataclass(frozen=True)
class Sent:
    """What came of sending a sweep.

    Attributes:
        unsent: Number of events that have not arrived.
        written: Number of requests that brought MLflow something which it did not have; 0 where it
            had everything.
        address: Where it was sent, without passwords.
    """

    unsent: int
    written: int
    address: str


def send_missing(
    sweep_dir: Path,
    config: Config | None = None,
    *,
    page: SweepPage | None = None,
    patience: float = 30.0,
    on_progress: OnProgress | None = None,
) -> Sent:
    """Send everything that is in a sweep's journal and not in MLflow.

    The sweep must not be running. The config in its folder has no passwords: without `config` they
    come from where MLflow and the database look for them, such as MLFLOW_TRACKING_PASSWORD.

    Args:
        sweep_dir: The sweep's folder.
        config: The sweep's config; None: the one in that folder.
        page: What is shown of the sweep as a whole; None: what is shown now stays.
        patience: Seconds without any progress after which the store is given up.
        on_progress: Called with the number of events that have been sent, and of all.

    Raises:
        ConfigError: The config or the tracking URI is wrong, or `tracking.enabled` is false.
        SweepError: There is no journal, or the store cannot be reached.
    """
    if not (sweep_dir / JOURNAL).exists():
        raise RequestError(f"{sweep_dir} has no {JOURNAL}, so there is nothing to send")
    config = config or load_config(sweep_dir / CONFIG)
    if not config.tracking.enabled:
        raise ConfigError(
            "the sweep is recorded nowhere; to send it all the same, set it to true in "
            f"{sweep_dir / CONFIG}",
            path="tracking.enabled",
            value=False,
        )
    tracker = Tracker(config, sweep_dir, watch=False)
    tracker.start(must_answer=True)
    if page is not None:
        tracker.finish(page)
    unsent = tracker.close(patience=patience, on_progress=on_progress)
    return Sent(unsent, tracker.written, public(tracker.uri))
