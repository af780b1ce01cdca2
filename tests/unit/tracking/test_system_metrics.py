"""The machine of the driver is recorded on request."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError
from mtl_search.tracking.system_metrics import SystemMetrics
from tests.support.mlflow_runs import runs_of, tracked
from tests.support.recorded_sweeps import wait_until


def test_without_the_package_the_config_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(ConfigError, match=r"tracking.system_metrics.*mtl-search\[system-metrics\]"):
        SystemMetrics.check()


def test_a_machine_that_cannot_be_read_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)  # as where none can be read
    metrics = SystemMetrics()
    metrics.start("sqlite://", "0a")
    metrics.stop()
    assert "this machine is not recorded" in caplog.text


def test_the_sweeps_run_has_them(sweep_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.2")
    tracker, builder = tracked(sweep_dir, **{"tracking.system_metrics": True})
    builder.sweep()
    name = "system/cpu_utilization_percentage"
    wait_until(lambda: tracker.unsent == 0)
    wait_until(lambda: name in runs_of(tracker).parent.data.metrics)
    assert tracker.close() == 0
