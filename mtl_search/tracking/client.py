"""All calls to MLflow.

Any of them may raise; `is_outage` tells a server that does not answer from a refused request.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from mtl_search.errors import ConfigError
from mtl_search.source.collection import collection_paused
from mtl_search.tracking.address import (
    check_store,
    is_database,
    public,
    unknown_address,
    unreachable,
)
from mtl_search.tracking.mapping import SWEEP, TRIAL, MetricPoint
from mtl_search.tracking.store.batches import batches
from mtl_search.tracking.store.ended_run import EndedRun
from mtl_search.tracking.store.sqlite_writer import SqliteWriter

T = TypeVar("T")

# The tracker tries again by itself, later. A request that MLflow repeats could make a run twice:
# the first attempt may have arrived although its answer did not.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # set_terminated() prints otherwise
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# A store that takes a file more slowly than this is given up.
_UPLOAD_BYTES_A_S = 250_000
# Codes with which MLflow says that this one request is wrong; trying again would not help.
_REFUSALS = {
    "INVALID_PARAMETER_VALUE",
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_ALREADY_EXISTS",
    "BAD_REQUEST",
    "INVALID_STATE",
}


class TrackingClient:
    """One experiment of one MLflow store.

    Args:
        uri: The tracking URI.
        experiment: The experiment's name; it is made when there is none.
        artifacts: Folder of artifacts, where MLflow itself stores them on this machine; ignored for
            a server.

    Attributes:
        answers: Number of requests that the store has answered.
        written: Number of those that brought something which it did not have.
        upload_s: Seconds that the file which is being stored may take, above those of any request.

    Raises:
        ConfigError: MLflow knows no such URI, or the experiment has been deleted.
        SweepError: The store cannot be reached or written.
    """

    def __init__(self, uri: str, experiment: str, artifacts: Path) -> None:
        prepare()
        check_store(uri, artifacts)
        self.uri = uri
        self.answers = 0
        self.written = 0
        self.upload_s = 0.0
        self._client = _retry_once(uri, lambda: connect(uri))
        self._writer = SqliteWriter.of(self._client) if is_database(uri) else None
        self.experiment_id = self._experiment(experiment, artifacts if is_database(uri) else None)

    def _experiment(self, name: str, artifacts: Path | None) -> str:
        def find() -> Any:
            return self._client.get_experiment_by_name(name) or self._new_experiment(
                name, artifacts
            )

        experiment = _retry_once(self.uri, find)
        number = experiment.experiment_id
        if experiment.lifecycle_stage == "deleted":
            raise ConfigError(
                "this MLflow experiment has been deleted; choose another name, or restore it: "
                f"MLFLOW_TRACKING_URI={public(self.uri)} mlflow experiments restore -x {number}",
                path="tracking.experiment",
                value=name,
            )
        return str(number)

    def _new_experiment(self, name: str, artifacts: Path | None) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            location = artifacts.resolve().as_uri() if artifacts else None
            return self._client.get_experiment(
                self._client.create_experiment(name, artifact_location=location)
            )
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self._client.get_experiment_by_name(name)  # another process was faster

    def find_runs(self, sweep: str, trial: str | None = None) -> list[Any]:
        """Return the runs of a sweep, or of one trial, that are not deleted, oldest first.

        Args:
            sweep: The sweep's id.
            trial: The trial's id; None: the runs of the sweep and of all its trials.
        """
        query = f"tags.`{SWEEP}` = '{_without_quotes(sweep)}'"
        if trial is not None:
            query += f" AND tags.`{TRIAL}` = '{_without_quotes(trial)}'"
        runs: list[Any] = []
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self.experiment_id],
                query,
                max_results=500,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            self.answers += 1
            runs.extend(page)
            token = page.token
            if not token:
                return runs

    def create_run(self, name: str, tags: Mapping[str, str], started: int) -> str:
        """Make a run; return its id."""
        run = self._client.create_run(
            self.experiment_id, start_time=started, tags=dict(tags), run_name=name
        )
        self._count_written()
        return str(run.info.run_id)

    @property
    def takes_ended_runs(self) -> bool:
        """Whether the store takes runs that have ended at once."""
        return self._writer is not None

    def create_ended_runs(self, runs: Sequence[EndedRun]) -> list[str]:
        """Make runs with all that they have in one transaction; return their ids."""
        assert self._writer is not None
        ids = self._writer.write(self.experiment_id, runs)
        self._count_written()
        return ids

    def send(
        self,
        run: str,
        points: Sequence[MetricPoint] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Send values to a run, in batches that MLflow accepts.

        Metrics are sent in order, so that the last point arrives last.
        """
        for metrics, some_params, some_tags in batches(points, params or {}, tags or {}):
            self._client.log_batch(run, metrics, some_params, some_tags)
            self._count_written()

    def set_status(self, run: str, status: str, ended: int | None = None) -> None:
        """Set a run's status.

        Args:
            run: The run's id.
            status: `RUNNING`, or the status of a run that has ended.
            ended: When it ended, Unix time in milliseconds.
        """
        if status == "RUNNING":
            self._client.update_run(run, status=status)
        else:
            self._client.set_terminated(run, status, ended)
        self._count_written()

    def log_text(self, run: str, text: str, file: str) -> None:
        """Store a text as an artifact."""
        self._client.log_text(run, text, file)
        self._count_written()

    def log_path(self, run: str, path: Path, target: str) -> None:
        """Store a file, or all files of a folder, as artifacts in the folder `target`."""
        with self._uploading(path):
            if path.is_dir():
                self._client.log_artifacts(run, str(path), target)
            else:
                self._client.log_artifact(run, str(path), target or None)
        self._count_written()

    def log_model_files(self, model: str, folder: Path) -> None:
        """Store all files of a folder as those of a logged model."""
        with self._uploading(folder):
            self._client.log_model_artifacts(model, str(folder))
        self._count_written()

    @contextmanager
    def _uploading(self, path: Path) -> Iterator[None]:
        files = path.rglob("*") if path.is_dir() else [path]
        self.upload_s = sum(f.stat().st_size for f in files if f.is_file()) / _UPLOAD_BYTES_A_S
        try:
            yield
        finally:
            self.upload_s = 0.0

    def change(self, method: str, *arguments: Any) -> Any:
        """Call a method of MLflow's own client that changes something; return its answer."""
        answer = getattr(self._client, method)(*arguments)
        self._count_written()
        return answer

    def ask(self, method: str, *arguments: Any) -> Any:
        """Return what a method of MLflow's own client returns that changes nothing."""
        answer = getattr(self._client, method)(*arguments)
        self.answers += 1
        return answer

    def _count_written(self) -> None:
        self.answers += 1
        self.written += 1


def is_outage(error: Exception) -> bool:
    """Return whether the store does not answer at all; else it refused this one request."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        return error.error_code not in _REFUSALS
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError)


def prepare() -> None:
    """Set the environment that MLflow reads; call it before a client is made."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


def connect(uri: str) -> Any:
    """Return a client of MLflow.

    Raises:
        ConfigError: MLflow knows no such URI.
    """
    with collection_paused():  # also while a new database gets its tables
        from mlflow.tracking import MlflowClient
        from mlflow.tracking.registry import UnsupportedModelRegistryStoreURIException

        _quiet()
        try:
            return MlflowClient(tracking_uri=uri)
        except UnsupportedModelRegistryStoreURIException as error:
            raise unknown_address(uri) from error


def _retry_once(uri: str, call: Callable[[], T]) -> T:
    """Return the result of a call; where it fails, make it once more.

    Of several processes that open a new database at once, all but one may fail to make MLflow's
    default experiment.

    Raises:
        SweepError: The call failed twice.
    """
    try:
        return call()
    except ConfigError:
        raise
    except Exception:  # noqa: BLE001  # MLflow wraps what its stores raise, but not all of it
        time.sleep(0.5)
    try:
        return call()
    except Exception as error:
        raise unreachable(uri, error) from error


def _quiet() -> None:
    """Set MLflow's loggers to WARNING unless the user has chosen; its import sets INFO."""
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic", "sqlalchemy"):
            logging.getLogger(name).setLevel(logging.WARNING)


def _without_quotes(text: str) -> str:
    return text.replace("'", "")
