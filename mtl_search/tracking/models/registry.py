"""Versions of a name in MLflow's registry."""

from __future__ import annotations

from typing import Any

from mtl_search.tracking.client import TrackingClient


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
    version = _version(client, model.model_id, name) or _new_version(client, model, name)
    for alias in aliases:
        client.change("set_registered_model_alias", name, alias, version)
    return version


def _version(client: TrackingClient, model_id: str, name: str) -> str | None:
    quoted = name.replace("'", "''")
    versions = client.ask("search_model_versions", f"name = '{quoted}'")
    own = [v for v in versions if v.model_id == model_id or v.source == f"models:/{model_id}"]
    return str(own[0].version) if own else None


def _new_version(client: TrackingClient, model: Any, name: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.change("create_registered_model", name)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"):
            raise
    # The arguments of `create_model_version` by position: name, source, run_id, tags, run_link,
    # description, seconds to wait, model_id.
    source, tags = f"models:/{model.model_id}", {"verdict": str(model.tags.get("verdict", ""))}
    made = client.change(
        "create_model_version",
        name,
        source,
        model.source_run_id,
        tags,
        None,
        None,
        60,
        model.model_id,
    )
    return str(made.version)
