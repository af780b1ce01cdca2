"""Versions of a name in MLflow's registry."""

from __future__ import annotations

import json
from typing import Any

from mtl_search.tracking.address import is_database
from mtl_search.tracking.client import TrackingClient

_VERSIONS = "mlflow.modelVersions"


def register_version(
    client: TrackingClient, model: Any, name: str, aliases: tuple[str, ...] = ()
) -> str:
    """Make a logged model a version of a registered one, unless it is one already.

    Args:
        client: The store.
        model: The logged model.
        name: The name; it is made where there is none.
        aliases: Aliases that shall lead to this version, such as `champion`.

    Returns:
        The number of the version.
    """
    version = _version(client, model, name) or _new_version(client, model, name)
    for alias in aliases:
        client.change("set_registered_model_alias", name, alias, version)
    return version


def _version(client: TrackingClient, model: Any, name: str) -> str | None:
    quote = '"' if "'" in name else "'"  # MLflow's filters know no escapes
    versions = client.ask("search_model_versions", f"name = {quote}{name}{quote}")
    sources = (model.artifact_location, f"models:/{model.model_id}")
    own = [version for version in versions if version.source in sources]
    return str(own[0].version) if own else None


def _new_version(client: TrackingClient, model: Any, name: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.change("create_registered_model", name)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"):
            raise
    # Where MLflow writes to the database itself, it would look for `models:/<id>` in the store of
    # its global setting, which may be another one.
    source = model.artifact_location if is_database(client.uri) else f"models:/{model.model_id}"
    tags = {"verdict": str(model.tags.get("verdict", ""))}
    # By position: name, source, run_id, tags, run_link, description, seconds to wait, model_id.
    rest = (model.source_run_id, tags, None, None, 60, model.model_id)
    made = client.change("create_model_version", name, source, *rest)
    # What MLflow's own `register_model` writes, so that the page of the model lists the version.
    versions = json.loads(model.tags.get(_VERSIONS) or "[]")
    versions.append({"name": name, "version": str(made.version)})
    client.change("set_logged_model_tags", model.model_id, {_VERSIONS: json.dumps(versions)})
    return str(made.version)
