"""Where a sweep's runs are, and how to look at them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mtl_search.config import Config
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.tracking.client import SQLITE, TrackingClient, public, sqlite_path
from mtl_search.tracking.mapping import TRIAL

# MLflow's comparison page becomes slow with more.
MOST_RUNS = 30
LOCAL_UI = "http://127.0.0.1:5000"


def tracking_uri(config: Config, sweep_dir: Path) -> str:
    """The config's URI, or SQLite in the folder that holds the sweeps. Relative SQLite paths are made absolute."""
    uri = config.tracking.uri
    if uri is None:
        return f"{SQLITE}{sweep_dir.resolve().parent / 'mlflow.db'}"
    if uri.startswith(SQLITE):
        query = uri.partition("?")[2]
        return f"{SQLITE}{sqlite_path(uri).resolve()}" + (f"?{query}" if query else "")
    return uri


def artifact_folder(uri: str, sweep_dir: Path) -> Path:
    """Where a store on this machine keeps its artifacts: beside the database."""
    beside = sqlite_path(uri) if uri.startswith(SQLITE) else sweep_dir.resolve()
    return beside.parent / "mlartifacts"


def open_store(config: Config, sweep_dir: Path) -> TrackingClient:
    """The store of a sweep; raises as `Store` does."""
    uri = tracking_uri(config, sweep_dir)
    return TrackingClient(
        uri, config.tracking.experiment or config.name, artifact_folder(uri, sweep_dir)
    )


def ui_command(
    config: Config, sweep_dir: Path, port: int = 5000, host: str = "127.0.0.1"
) -> list[str] | None:
    """Command that serves MLflow's pages on the sweep's store; None where the URI is a server, which has its own."""
    uri = tracking_uri(config, sweep_dir)
    if uri.startswith(("http://", "https://")):
        return None
    artifacts = artifact_folder(uri, sweep_dir).as_uri()
    store = ["--backend-store-uri", uri, "--default-artifact-root", artifacts]
    return [sys.executable, "-m", "mlflow", "server", *store, "--host", host, "--port", str(port)]


def compare_url(experiment_id: str, run_ids: Sequence[str], ui: str = LOCAL_UI) -> str:
    """Address of the page that compares runs, at most the first 30; of the experiment when there is no run."""
    base = f"{public(ui).rstrip('/')}/#"
    if not run_ids:
        return f"{base}/experiments/{experiment_id}"
    runs, experiments = quote(_json(run_ids[:MOST_RUNS])), quote(_json([experiment_id]))
    return f"{base}/compare-runs?runs={runs}&experiments={experiments}"


def _json(items: Sequence[str]) -> str:
    return json.dumps(list(items), separators=(",", ":"))


def find_compare_url(
    config: Config, sweep_dir: Path, ui: str | None = None, top: int = MOST_RUNS
) -> str:
    """Address of the page that compares the best trials of a sweep, found by its journal.

    Args:
        config: Of the sweep.
        sweep_dir: Its folder.
        ui: Address of MLflow's pages; default: the tracking server, or 127.0.0.1:5000.
        top: Number of trials of the arms `search` and `equal`, best objective first.

    Raises:
        ConfigError: The URI is wrong.
        SweepError: The store cannot be reached.
    """
    record = read_record(sweep_dir / "journal.jsonl")
    store = open_store(config, sweep_dir)
    runs = (
        {run.data.tags.get(TRIAL): str(run.info.run_id) for run in store.find_runs(record.id)}
        if record.id
        else {}
    )
    found = [runs[trial] for trial in best_trials(record, top) if trial in runs]
    return compare_url(store.experiment_id, found, ui or ui_address(store.uri))


def ui_address(uri: str) -> str:
    """Address of MLflow's pages for a tracking URI."""
    return uri if uri.startswith(("http://", "https://")) else LOCAL_UI


def best_trials(record: SweepRecord, top: int) -> list[str]:
    """Ids of the best trials that share; where there are none, of any."""
    ended = [t for t in record if t.objective is not None and not (t.is_finalist or t.is_warmup)]
    shared = [t for t in ended if t.arm in ("search", "equal")] or ended
    return [t.id for t in sorted(shared, key=lambda t: -t.best_objective)][:top]
