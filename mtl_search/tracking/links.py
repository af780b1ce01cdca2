"""Where a sweep's runs are, and how to look at them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mtl_search.config import Config
from mtl_search.config.secrets import masked, usable
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL
from mtl_search.tracking.address import SQLITE, URI_VARIABLE, public, sqlite_path, sqlite_uri
from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.mapping import TRIAL
from mtl_search.tracking.pages.named_view import TAG_PREFIX, view_key

# MLflow's comparison page becomes slow with more.
MAX_RUNS = 30
# Where `mlflow server` looks for --backend-store-uri.
_STORE_VARIABLE = "MLFLOW_BACKEND_STORE_URI"
_EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_NAME"
# MLflow has two workspaces; without this it opens the one for language models.
_TRAINING = "workflowType=machine_learning"
LOCAL_UI = "http://127.0.0.1:5000"


def tracking_uri(config: Config, sweep_dir: Path) -> str:
    """Return the config's URI, else MLFLOW_TRACKING_URI, else SQLite beside the sweeps.

    Relative paths of SQLite are made absolute.
    """
    uri = usable(config.tracking.uri) if config.tracking.uri else environment_uri(config)
    if uri is None:
        return sqlite_uri(sweep_dir.resolve().parent / "mlflow.db")
    if uri.startswith(SQLITE):
        return sqlite_uri(sqlite_path(uri).expanduser().resolve(), uri.partition("?")[2])
    return uri


def environment_uri(config: Config) -> str | None:
    """Return the environment's MLFLOW_TRACKING_URI where it says where this config is recorded.

    It is None where the config names a URI, records nothing, or the variable is not set.
    """
    if config.tracking.uri is not None or not config.tracking.enabled:
        return None
    return os.environ.get(URI_VARIABLE) or None


def experiment_name(config: Config) -> str:
    """Return the config's experiment, else MLFLOW_EXPERIMENT_NAME, else the config's name."""
    return config.tracking.experiment or os.environ.get(_EXPERIMENT_VARIABLE) or config.name


def about_environment(config: Config) -> str:
    """Say what MLflow's variables change of where a sweep is recorded; empty where they do nothing.

    What the config says holds before them, which is said, too.
    """
    if not config.tracking.enabled:
        return ""
    parts = []
    own, uri = config.tracking.uri, os.environ.get(URI_VARIABLE)
    if uri and own is None:
        parts.append(f"{public(uri)}, from the environment variable {URI_VARIABLE}")
    elif uri and own and usable(own) != uri:
        parts.append(f"{public(own)}, from tracking.uri, before {URI_VARIABLE}")
    own, name = config.tracking.experiment, os.environ.get(_EXPERIMENT_VARIABLE)
    if name and own is None:
        parts.append(f"experiment {name}, from the environment variable {_EXPERIMENT_VARIABLE}")
    elif name and own != name:
        parts.append(f"experiment {own}, from tracking.experiment, before {_EXPERIMENT_VARIABLE}")
    return "; ".join(parts)


def artifact_folder(uri: str, sweep_dir: Path) -> Path:
    """Return where a store on this machine keeps its artifacts: beside the database."""
    neighbour = sqlite_path(uri) if uri.startswith(SQLITE) else sweep_dir.resolve()
    return neighbour.parent / "mlartifacts"


def open_client(config: Config, sweep_dir: Path) -> TrackingClient:
    """Open the store of a sweep; raises as `TrackingClient` does."""
    uri = tracking_uri(config, sweep_dir)
    return TrackingClient(uri, experiment_name(config), artifact_folder(uri, sweep_dir))


def ui_command(
    config: Config, sweep_dir: Path, port: int = 5000, host: str = "127.0.0.1"
) -> list[str] | None:
    """Return the command that serves MLflow's pages on a sweep's store.

    It is None where the URI is a server, which has its own pages. It needs the variables of
    `ui_environment`: a URI with a password is not in the command, which `ps` shows to all users.
    """
    uri = tracking_uri(config, sweep_dir)
    if uri.startswith(("http://", "https://")):
        return None
    store = [] if _has_secret(uri) else ["--backend-store-uri", uri]
    store += ["--default-artifact-root", artifact_folder(uri, sweep_dir).as_uri()]
    place = ["--host", host, "--port", str(port), "--workers", "1"]  # each takes 500 MB
    return [sys.executable, "-m", "mlflow", "server", *store, *place]


def ui_environment(config: Config, sweep_dir: Path) -> dict[str, str]:
    """Return the variables that the command of `ui_command` needs: a URI with a password."""
    uri = tracking_uri(config, sweep_dir)
    return {_STORE_VARIABLE: uri} if _has_secret(uri) else {}


def _has_secret(uri: str) -> bool:
    return masked(uri) != uri


def compare_url(experiment_id: str, run_ids: Sequence[str], ui: str = LOCAL_UI) -> str:
    """Return the address of the page that compares runs.

    Args:
        experiment_id: The id of their experiment.
        run_ids: Ids of the runs, of which the first 30 are compared; where there is none, the
            address is that of the experiment.
        ui: Address of MLflow's pages.

    Examples:
        >>> compare_url("1", [])
        'http://127.0.0.1:5000/#/experiments/1'
    """
    base = f"{public(ui).rstrip('/')}/#"
    if not run_ids:
        return f"{base}/experiments/{experiment_id}"
    runs = quote(_json(run_ids[:MAX_RUNS]))
    experiments = quote(_json([experiment_id]))
    return f"{base}/compare-runs?runs={runs}&experiments={experiments}&{_TRAINING}"


def view_url(experiment_id: str, sweep: str, ui: str = LOCAL_UI, *, charts: bool = True) -> str:
    """Return the address of the named view of a sweep: its finalists, grouped by arm.

    Args:
        experiment_id: The id of the experiment.
        sweep: The sweep's id.
        ui: Address of MLflow's pages; empty: an address within them.
        charts: Whether charts are shown in place of a table.

    Examples:
        >>> view_url("1", "ab12", charts=False).partition("?")[0]
        'http://127.0.0.1:5000/#/experiments/1/runs'
    """
    base = f"{public(ui).rstrip('/')}/" if ui else ""
    query = f"{_TRAINING}&viewStateShareKey={view_key(sweep)}"
    if charts:
        query += "&compareRunsMode=CHART"
    return f"{base}#/experiments/{experiment_id}/runs?{query}"


def short_url(experiment_id: str, sweep: str, ui: str) -> str:
    """Return the address of the named view's table, without what MLflow can do without.

    Args:
        experiment_id: The id of the experiment.
        sweep: The sweep's id.
        ui: Address of MLflow's pages.

    Examples:
        >>> short_url("1", "ab12", "http://127.0.0.1:5000")
        'http://127.0.0.1:5000/#/experiments/1/runs?viewStateShareKey=mtl_search-ab12'
    """
    key = view_key(sweep)
    return f"{public(ui).rstrip('/')}/#/experiments/{experiment_id}/runs?viewStateShareKey={key}"


def run_url(experiment_id: str, run_id: str, ui: str = LOCAL_UI) -> str:
    """Return the address of the page of one run.

    Args:
        experiment_id: The id of its experiment.
        run_id: The id of the run.
        ui: Address of MLflow's pages; empty: an address within them.

    Examples:
        >>> run_url("1", "0a", "http://mlflow:5000")
        'http://mlflow:5000/#/experiments/1/runs/0a?workflowType=machine_learning'
    """
    base = f"{public(ui).rstrip('/')}/" if ui else ""
    return f"{base}#/experiments/{experiment_id}/runs/{run_id}?{_TRAINING}"


def _json(items: Sequence[str]) -> str:
    return json.dumps(list(items), separators=(",", ":"))


@dataclass(frozen=True)
class Addresses:
    """Pages of MLflow that show a sweep.

    Attributes:
        view: Its finalists, grouped by arm, as charts; empty where MLflow has no view of it.
        table: The address of its finalists as a table; empty where MLflow has no view of it.
        compare: The best trials beside each other.
        run: The sweep's own run; empty where MLflow does not have it.
        short: The table by an address that fits a line; empty where MLflow has no view of it.
    """

    view: str
    table: str
    compare: str
    run: str
    short: str = ""


def find_addresses(
    config: Config, sweep_dir: Path, ui: str | None = None, top: int = MAX_RUNS
) -> Addresses:
    """Find the pages that show a sweep.

    Args:
        config: The sweep's config.
        sweep_dir: The sweep's folder.
        ui: Address of MLflow's pages; None: the tracking server, or 127.0.0.1:5000.
        top: Number of trials of the arms `search` and `equal`, best objective first.

    Raises:
        ConfigError: The URI is wrong.
        SweepError: The store cannot be reached.
    """
    record = read_record(sweep_dir / JOURNAL)
    client = open_client(config, sweep_dir)
    runs = client.find_runs(record.id) if record.id else []
    run_ids = {run.data.tags.get(TRIAL, ""): str(run.info.run_id) for run in runs}
    experiment, address = client.experiment_id, ui or ui_address(client.uri)
    best = [run_ids[trial] for trial in best_trials(record, top) if trial in run_ids]
    tags = client.ask("get_experiment", experiment).tags
    has_view = TAG_PREFIX + view_key(record.id) in tags
    return Addresses(
        view=view_url(experiment, record.id, address) if has_view else "",
        table=view_url(experiment, record.id, address, charts=False) if has_view else "",
        compare=compare_url(experiment, best, address),
        run=run_url(experiment, run_ids[""], address) if "" in run_ids else "",
        short=short_url(experiment, record.id, address) if has_view else "",
    )


def ui_address(uri: str) -> str:
    """Return the address of MLflow's pages for a tracking URI."""
    return uri if uri.startswith(("http://", "https://")) else LOCAL_UI


def best_trials(record: SweepRecord, top: int) -> list[str]:
    """Return the ids of the best trials that share; where there are none, of any."""
    trials = [t for t in record if t.objective is not None and not (t.is_finalist or t.is_warmup)]
    candidates = [t for t in trials if t.arm.is_shared] or trials
    ranked = sorted(candidates, key=lambda trial: -trial.best_objective)
    return [trial.id for trial in ranked[:top]]
