"""A model as a folder of MLflow's: `MLmodel`, code, requirements, and the networks."""

from __future__ import annotations

import importlib
import json
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.export.pyfunc.requirements import requirements_of
from mtl_search.export.pyfunc.signature import FOLDER, described, input_example, signature_of

if TYPE_CHECKING:
    from mtl_search.export.model import Model

_CODE = Path(__file__).with_name("model_code.py")


def save_pyfunc(model: Model, folder: Path, **about: str) -> None:
    """Write a model as MLflow's Python function; nothing is pickled.

    Args:
        model: The model.
        folder: The folder, which must not be there yet.
        about: What MLflow knows of it: `model_id`, `run_id` and `artifact_path`.

    Raises:
        SweepError: The model was kept without its preparation.
    """
    from mtl_search.export.pyfunc.mlflow_pyfunc import pyfunc  # first, it keeps MLflow quiet

    card: Any = pyfunc.Model(model_uuid=about.get("model_id"), **about) if about else pyfunc.Model()
    # MLflow calls pandas in ways that its next version will change.
    with (
        tempfile.TemporaryDirectory() as temporary,
        warnings.catch_warnings(),
        _requirements_as_they_are(),
    ):
        warnings.simplefilter("ignore")
        networks = Path(temporary) / FOLDER
        model.save(networks)
        pyfunc.save_model(
            path=str(folder),
            python_model=str(_CODE),
            artifacts={FOLDER: str(networks)},
            signature=signature_of(model),
            input_example=input_example(model),
            pip_requirements=requirements_of(model),
            metadata={"inputs": described(model), "info": json.loads(json.dumps(model.info))},
            mlflow_model=card,
        )


@contextmanager
def _requirements_as_they_are() -> Iterator[None]:
    """Let MLflow not compare the requirements with what is installed, from which they are taken.

    It would read the lists of files of all installed packages, for about a second.
    """
    environment: Any = importlib.import_module("mlflow.utils.environment")
    compare = environment.warn_dependency_requirement_mismatches
    environment.warn_dependency_requirement_mismatches = lambda requirements: None
    try:
        yield
    finally:
        environment.warn_dependency_requirement_mismatches = compare
