"""Runs that have ended, many in one transaction, into an SQLite file of MLflow's.

By MLflow's own client a run costs three requests, each of which opens several sessions of the
database and waits for the disk: 13 ms of the processor, and far more of the clock. A sweep of short
trials makes thousands of runs. Here the rows that these requests would write go into MLflow's own
tables at once. Where MLflow has other columns than are known here, or the database is not SQLite,
there is no writer, and each run goes by the client.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.tracking.store.ended_run import EndedRun

_VALUE = {"key", "run_uuid", "value"}
_POINT = {*_VALUE, "timestamp", "step", "is_nan"}
# Table → its columns, in the order in which rows refer to each other.
_COLUMNS = {
    "runs": {
        "run_uuid",
        "name",
        "source_type",
        "source_name",
        "entry_point_name",
        "user_id",
        "status",
        "start_time",
        "end_time",
        "deleted_time",
        "source_version",
        "lifecycle_stage",
        "artifact_uri",
        "experiment_id",
    },
    "tags": _VALUE,
    "params": _VALUE,
    "metrics": _POINT,
    "latest_metrics": _POINT,
}

Row = dict[str, Any]


class SqliteWriter:
    """Write runs that have ended into MLflow's tables.

    Args:
        store: MLflow's store.
        tables: MLflow's tables by name.
    """

    def __init__(self, store: Any, tables: Mapping[str, Any]) -> None:
        self._store = store
        self._tables = tables

    @classmethod
    def of(cls, client: Any) -> SqliteWriter | None:
        """Return a writer for the store of a client; None where only the client can write.

        Args:
            client: MLflow's client.
        """
        from mlflow.store.db.base_sql_model import Base

        store = getattr(getattr(client, "_tracking_client", None), "store", None)
        if type(store).__name__ != "SqlAlchemyStore" or getattr(store, "db_type", "") != "sqlite":
            return None
        tables = {name: Base.metadata.tables.get(name) for name in _COLUMNS}
        for name, columns in _COLUMNS.items():
            table = tables[name]
            if table is None or {column.name for column in table.columns} != columns:
                return None
        return cls(store, tables)

    def write(self, experiment_id: str, runs: Sequence[EndedRun]) -> list[str]:
        """Write runs, all or none; return their ids.

        Args:
            experiment_id: The experiment.
            runs: The runs.

        Raises:
            Exception: The experiment was deleted, or the database refuses or does not answer.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy import text

        experiment = self._store.get_experiment(experiment_id)
        if experiment.lifecycle_stage != "active":
            raise MlflowException(f"the experiment {experiment_id} is not active")
        ids = [uuid.uuid4().hex for _ in runs]
        rows: dict[str, list[Row]] = {name: [] for name in self._tables}
        for run_id, run in zip(ids, runs, strict=True):
            rows["runs"].append(self._run_row(run_id, run, experiment))
            tags = {**run.tags, "mlflow.runName": run.name}
            rows["tags"] += _value_rows(run_id, tags)
            rows["params"] += _value_rows(run_id, run.params)
            points = self._point_rows(run_id, run)
            rows["metrics"] += points
            rows["latest_metrics"] += _latest(points)
        with self._store.engine.begin() as connection:
            connection.execute(text("PRAGMA busy_timeout = 20000"))
            for name, some in rows.items():
                if some:
                    connection.execute(self._tables[name].insert(), some)
        return ids

    def _run_row(self, run_id: str, run: EndedRun, experiment: Any) -> Row:
        from mlflow.utils.uri import append_to_uri_path

        return {
            "run_uuid": run_id,
            "name": run.name,
            "source_type": "UNKNOWN",
            "source_name": "",
            "entry_point_name": "",
            "user_id": run.tags.get("mlflow.user", "unknown"),
            "status": run.status,
            "start_time": run.started,
            "end_time": run.ended,
            "deleted_time": None,
            "source_version": "",
            "lifecycle_stage": "active",
            "artifact_uri": append_to_uri_path(experiment.artifact_location, run_id, "artifacts"),
            "experiment_id": int(experiment.experiment_id),
        }

    def _point_rows(self, run_id: str, run: EndedRun) -> list[Row]:
        rows: dict[tuple[Any, ...], Row] = {}  # MLflow has a point once
        for point in run.points:
            is_nan, value = self._store.sanitize_metric_value(point.value)
            key = (point.name, point.time, point.step, value, is_nan)
            rows[key] = {
                "key": point.name,
                "run_uuid": run_id,
                "value": value,
                "timestamp": point.time,
                "step": point.step,
                "is_nan": is_nan,
            }
        return list(rows.values())


def _value_rows(run_id: str, values: Mapping[str, str]) -> list[Row]:
    return [{"run_uuid": run_id, "key": key, "value": value} for key, value in values.items()]


def _latest(points: Sequence[Row]) -> list[Row]:
    """Return the point of each metric that MLflow shows as its value."""
    latest: dict[str, Row] = {}
    for point in points:
        known = latest.setdefault(point["key"], point)
        if _age(point) > _age(known):
            latest[point["key"]] = point
    return list(latest.values())


def _age(point: Row) -> tuple[int, int, float]:
    return (point["step"], point["timestamp"], point["value"])
