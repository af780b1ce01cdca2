"""Processor, memory, disk, network and GPUs of the driver's machine, by MLflow's own monitor."""

from __future__ import annotations

import logging
from typing import Any

from mtl_search.extras import import_extra
from mtl_search.tracking.address import public_reason

log = logging.getLogger("mtl_search.tracking")

_EXTRA = "system-metrics"
_PATH = "tracking.system_metrics"


class SystemMetrics:
    """Record the machine that the driver runs on, in the sweep's run, until `stop`.

    MLflow's monitor takes a sample every 10 seconds (MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL says
    otherwise) in a thread of its own. It writes past the journal, so what it takes while the store
    is away is lost, and it ends at the first answer that does not come.
    """

    def __init__(self) -> None:
        self._monitor: Any = None

    @staticmethod
    def check() -> None:
        """Refuse where a package is missing.

        Raises:
            ConfigError: The extra is not installed.
        """
        import_extra("psutil", _EXTRA, _PATH)

    def start(self, uri: str, run: str) -> None:
        """Begin to record; where the machine does not allow it, the sweep goes on without.

        Args:
            uri: The tracking URI.
            run: The id of the sweep's run.
        """
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        try:
            self._monitor = SystemMetricsMonitor(run, resume_logging=True, tracking_uri=uri)
        except Exception as error:  # noqa: BLE001  # such as a container without network counters
            log.warning("this machine is not recorded: %s", public_reason(error))
        else:
            self._monitor.start()

    def stop(self) -> None:
        """End the recording; what was taken is sent."""
        if self._monitor is not None:
            self._monitor.finish()
            self._monitor = None
