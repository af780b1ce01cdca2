"""MLflow's `pyfunc` and its server, imported without the warnings about MLflow's own types."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

__all__ = ["pyfunc", "scoring_server"]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pyfunc: Any = importlib.import_module("mlflow.pyfunc")
    scoring_server: Any = importlib.import_module("mlflow.pyfunc.scoring_server")
