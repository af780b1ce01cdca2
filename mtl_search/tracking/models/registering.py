"""Register the model of a sweep whose runs are in MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtl_search.config import Config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.tracking.address import public, public_reason
from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.links import open_client
from mtl_search.tracking.models.logged import LoggedModels
from mtl_search.tracking.models.registry import register_version
from mtl_search.tracking.pages.page import SweepPage


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


def register_logged(
    config: Config, sweep_dir: Path, page: SweepPage, name: str, alias: str | None
) -> str:
    """Make the logged model of a sweep a version of a registered one; return its number.

    Args:
        config: The sweep's config.
        sweep_dir: The sweep's folder.
        page: What is shown of the sweep, with its model.
        name: The name in MLflow's registry.
        alias: An alias that shall lead to the version; None: none.

    Raises:
        ConfigError: The tracking URI is wrong.
        SweepError: The store cannot be reached, or refuses.
    """
    from mlflow.exceptions import MlflowException

    client: TrackingClient = open_client(config, sweep_dir)
    assert page.model is not None
    try:
        model = LoggedModels(client, config).find(page.record.id, page.model.mark)
        if model is None or str(model.status) != "READY":
            raise SweepError(
                f"MLflow at {public(client.uri)} has not taken the model: "
                "a server of version 3 or later is needed"
            )
        return register_version(client, model, name, () if alias is None else (alias,))
    except MlflowException as error:
        raise SweepError(
            f"MLflow at {public(client.uri)} did not register the model: {public_reason(error)}"
        ) from error
