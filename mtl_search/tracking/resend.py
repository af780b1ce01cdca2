"""Send a sweep to MLflow from its journal alone."""

from __future__ import annotations

from pathlib import Path

from mtl_search.config import Config, load_config
from mtl_search.errors import SweepError
from mtl_search.storage.sweep_directory import CONFIG, JOURNAL
from mtl_search.tracking.last_wait import OnProgress
from mtl_search.tracking.tracker import Tracker


def sync(
    sweep_dir: Path,
    config: Config | None = None,
    *,
    patience: float = 30.0,
    on_progress: OnProgress | None = None,
) -> int:
    """Send everything that is in a sweep's journal and not in MLflow.

    The sweep must not be running. The config in its folder has no passwords: without `config` they
    come from where MLflow and the database look for them, such as MLFLOW_TRACKING_PASSWORD.

    Args:
        sweep_dir: The sweep's folder.
        config: The sweep's config; None: the one in that folder.
        patience: Seconds without any progress after which the store is given up.
        on_progress: Called with the number of events that have been sent, and of all.

    Returns:
        Number of events that have not arrived.

    Raises:
        ConfigError: The config or the tracking URI is wrong.
        SweepError: There is no journal, or the store cannot be reached.
    """
    if not (sweep_dir / JOURNAL).exists():
        raise SweepError(f"{sweep_dir} has no {JOURNAL}, so there is nothing to send")
    tracker = Tracker(config or load_config(sweep_dir / CONFIG), sweep_dir)
    tracker.start()
    return tracker.close(patience=patience, on_progress=on_progress)
