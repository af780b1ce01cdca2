"""Register the model of a sweep whose runs are in MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtl_search.config import Config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.tracking.address import public, public_reason
from mtl_search.tracking.links import open_client
from mtl_search.tracking.mapping import TRIAL
from mtl_search.tracking.models.logged import LoggedModels
from mtl_search.tracking.models.registry import register_version
from mtl_search.tracking.pages.page import SweepPage
from mtl_search.tracking.run_state import RunState


def check_names(name: str, alias: str | None = None) -> None:
    """Check the name of a registered model, and an alias, as MLflow will.

    Raises:
        ConfigError: MLflow refuses one of them.
    """
    from mlflow.utils.validation import (
        _validate_model_alias_name,
        _validate_model_alias_name_reserved,
        _validate_model_name,
    )

    _check("name", name, _validate_model_name)
    if alias is not None:
        _check("alias", alias, _validate_model_alias_name)
        _check("alias", alias, _validate_model_alias_name_reserved)


def _check(key: str, value: str, check: Callable[[str], None]) -> None:
    from mlflow.exceptions import MlflowException

    try:
        check(value)
    except MlflowException as error:
        message = f"MLflow refuses this: {public_reason(error)}"
        raise ConfigError(message, path=key, value=value) from None


def log_and_register(
    config: Config, sweep_dir: Path, page: SweepPage, name: str, alias: str | None
) -> str:
    """Log the model of a sweep unless MLflow has it, and make it a version of a registered one.

    Args:
        config: The sweep's config.
        sweep_dir: The sweep's folder.
        page: The sweep's record, its verdict and its model.
        name: The name in MLflow's registry.
        alias: An alias that shall lead to the version; None: none.

    Returns:
        The number of the version.

    Raises:
        ConfigError: The tracking URI is wrong.
        SweepError: The store cannot be reached, or refuses.
    """
    from mlflow.exceptions import MlflowException

    client = open_client(config, sweep_dir)
    assert page.model is not None
    try:
        runs = {run.data.tags.get(TRIAL, ""): run for run in client.find_runs(page.record.id)}
        ids = {trial: str(run.info.run_id) for trial, run in runs.items() if trial}
        models = LoggedModels(client, config)
        model = models.publish(page, page.model, RunState.of(runs[""]), ids)
        if model is None:
            raise SweepError(f"MLflow at {public(client.uri)} is too old: it has no logged models")
        return register_version(client, model, name, () if alias is None else (alias,))
    except MlflowException as error:
        raise SweepError(
            f"MLflow at {public(client.uri)} did not register the model: {public_reason(error)}"
        ) from error
