"""A model of MLflow's by its address → the folder of its networks."""

from __future__ import annotations

import os
from pathlib import Path

from mtl_search.config.secrets import masked
from mtl_search.errors import RequestError, SweepError, cause
from mtl_search.export.folder import CARD
from mtl_search.export.pyfunc.signature import FOLDER

SCHEMES = ("models:/", "runs:/")
# A server that is away is asked seven times by default, for minutes.
_SETTINGS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


def is_address(named: str) -> bool:
    """Return whether a model is named by an address of MLflow.

    Examples:
        >>> is_address("models:/penguins@champion"), is_address("runs/penguins")
        (True, False)
    """
    return named.startswith(SCHEMES)


def download(address: str, folder: Path) -> Path:
    """Fetch the files of a model; the store is that of `MLFLOW_TRACKING_URI`.

    Args:
        address: `models:/<name>/<version>`, `models:/<name>@<alias>` or `models:/<id>`.
        folder: The folder for its files.

    Returns:
        The folder of the networks, which `Model.load` reads.

    Raises:
        SweepError: There is no such model, or it is none of ours.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow.artifacts

    try:
        files = mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=str(folder))
    except Exception as error:  # MLflow, its database and its HTTP client each have their own
        raise SweepError(
            f"MLflow at {masked(mlflow.get_tracking_uri())}, which MLFLOW_TRACKING_URI names, "
            f"gives no model {address}: {masked(cause(error))}"
        ) from error
    networks = Path(files) / "artifacts" / FOLDER
    if not (networks / CARD).exists():
        raise RequestError(f"{address} is a model of another program: it has no {CARD}")
    return networks
