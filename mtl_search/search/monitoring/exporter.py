"""An observer of the journal that sets the metrics of Ray."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from mtl_search.config import Config
from mtl_search.errors import first_line
from mtl_search.search.monitoring import metrics
from mtl_search.search.monitoring.figures import Sample, SweepFigures
from mtl_search.search.monitoring.metrics import SweepMetric
from mtl_search.storage.events import Event
from mtl_search.storage.records import SweepRecord

logger = logging.getLogger(__name__)

_UNSENT_EVERY_S = 1.0

# Sets one sample of the sweep of this name.
Setter = Callable[[Sample, str], None]


class MetricsExporter:
    """Sets the metrics of a sweep; whatever goes wrong, the sweep goes on.

    Args:
        config: The sweep's config.
        sweep: Name of the sweep's folder, which tells sweeps of one config apart.
        unsent: Returns the number of events that have not reached MLflow; None: it is not used.
    """

    def __init__(self, config: Config, sweep: str, unsent: Callable[[], int] | None = None) -> None:
        self._figures = SweepFigures(config)
        self._sweep = sweep
        self._unsent = unsent
        self._unsent_at = float("-inf")
        self._set: Setter | None = None
        self._is_off = False

    def observe(self, event: Event, record: SweepRecord) -> None:
        """Take one event; it costs some microseconds."""
        if self._is_off:
            return
        try:
            self._export(event, record)
        except Exception as error:  # noqa: BLE001  # no metric is worth a sweep
            self._is_off = True
            logger.warning("no metrics of this sweep from now on: %s", first_line(error))

    def _export(self, event: Event, record: SweepRecord) -> None:
        if self._set is None:
            self._set = ray_setter()
            self._is_off = self._set is None
        if self._set is None:
            return
        for sample in self._figures.update(event, record):
            self._set(sample, self._sweep)
        now = time.monotonic()
        if self._unsent is not None and now - self._unsent_at >= _UNSENT_EVERY_S:
            self._unsent_at = now
            self._set(Sample(metrics.UNSENT, self._unsent()), self._sweep)


def ray_setter() -> Setter | None:
    """Return what sets a sample in Ray's metrics; None where this Ray collects none."""
    import ray
    from ray.util.metrics import Gauge

    if not ray.is_initialized():
        return None
    here = ray.get_runtime_context().get_node_id()
    if not any(n["NodeID"] == here and n.get("MetricsExportPort") for n in ray.nodes()):
        return None
    gauges: dict[SweepMetric, Gauge] = {}

    def set_sample(sample: Sample, sweep: str) -> None:
        metric = sample.metric
        if metric not in gauges:
            gauges[metric] = Gauge(metric.name, metric.description, metric.tags)
        gauges[metric].set(float(sample.value), sample.tags(sweep))

    return set_sample
