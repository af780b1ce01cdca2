"""Section `tracking`: what MLflow gets of a sweep, and where that is."""

from __future__ import annotations

from pydantic import Field

from mtl_search.config.base import ConfigModel


class TrackingConfig(ConfigModel):
    """Where the runs are recorded."""

    enabled: bool = Field(True, description="record the sweep and its trials in MLflow")
    uri: str | None = Field(
        None,
        description="MLflow tracking URI; default: MLFLOW_TRACKING_URI, else SQLite by the sweeps",
    )
    experiment: str | None = Field(
        None,
        description="MLflow experiment; default: MLFLOW_EXPERIMENT_NAME, else the config's name",
    )
    model: bool = Field(
        True, description="log the model that the verdict recommends, with its test metrics"
    )
    registered_model_name: str | None = Field(
        None, description="name in MLflow's registry that the model gets a version of", min_length=1
    )
    system_metrics: bool = Field(
        False,
        description="record processor, memory, disk, network and GPUs of the driver's machine "
        "(needs the extra `system-metrics`)",
    )
