"""A model of MLflow's by its address → the folder of its networks."""

from __future__ import annotations

from pathlib import Path

from mtl_search.errors import RequestError, SweepError, first_line
from mtl_search.export.folder import CARD
from mtl_search.export.pyfunc.signature import FOLDER

SCHEMES = ("models:/", "runs:/")


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
    import mlflow.artifacts

    try:
        files = mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=str(folder))
    except Exception as error:  # MLflow, its database and its HTTP client each have their own
        raise SweepError(
            f"MLflow at {mlflow.get_tracking_uri()}, which MLFLOW_TRACKING_URI names, gives no "
            f"model {address}: {first_line(error)}"
        ) from error
    networks = Path(files) / "artifacts" / FOLDER
    if not (networks / CARD).exists():
        raise RequestError(f"{address} is a model of another program: it has no {CARD}")
    return networks
