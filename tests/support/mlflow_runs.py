"""What MLflow has of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtl_search.config import Config
from mtl_search.tracking import Tracker
from tests.support.recorded_sweeps import Builder, config


class Runs:
    """Runs of the experiment `demo` by trial; the sweep's own run has an empty name."""

    def __init__(self, uri: str, experiment: str = "demo") -> None:
        from mlflow.tracking import MlflowClient

        self.client = MlflowClient(tracking_uri=uri)
        found = self.client.get_experiment_by_name(experiment)
        assert found is not None
        self.experiment = found
        self.all = list(self.client.search_runs([found.experiment_id], max_results=1000))
        self.by_trial = {run.data.tags.get("mtl_search.trial", ""): run for run in self.all}
        assert len(self.by_trial) == len(self.all), "a run is there twice"

    @property
    def parent(self) -> Any:
        return self.by_trial[""]

    def history(self, trial: str, metric: str) -> list[tuple[int, float, int]]:
        points = self.client.get_metric_history(self.by_trial[trial].info.run_id, metric)
        return sorted((point.step, point.value, point.timestamp) for point in points)


def of_server(url: str, name: str) -> Config:
    return config(name=name, **{"tracking.uri": url})


def tracked(sweep_dir: Path, **overrides: Any) -> tuple[Tracker, Builder]:
    """A tracker that runs, and a sweep whose events it observes."""
    tracker = Tracker(config(**overrides), sweep_dir, flush_s=0.1)
    tracker.start()
    return tracker, Builder(sweep_dir / "journal.jsonl", observers=[tracker.observe])


def runs_of(tracker: Tracker) -> Runs:
    """What the tracker's store has now."""
    return Runs(tracker.uri)
