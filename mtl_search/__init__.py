"""Multi-task hyperparameter search on Ray: loss weights × sharing depth × learning rate, with an honest verdict.

    import mtl_search

    config = mtl_search.load_config("configs/quickstart.yaml", {"search.trials": 20})
    result = mtl_search.run(config)
    print(result.verdict.sentence())
    result.best, result.trials, result.load_model()

Importing the package loads none of ray, torch, optuna, mlflow and pandas; they come when they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mtl_search.config import Config, load_config, override
from mtl_search.errors import (
    ClusterError,
    ConfigError,
    DataError,
    DiskFullError,
    MtlSearchError,
    OutOfMemoryError,
    SweepError,
    TrialError,
)

if TYPE_CHECKING:
    from mtl_search.api import Callback, Result, plot_model, run
    from mtl_search.data import DataSet, Target
    from mtl_search.search.smoke import smoke

__version__ = "0.2.0"

__all__ = [
    "Callback",
    "ClusterError",
    "Config",
    "ConfigError",
    "DataError",
    "DataSet",
    "DiskFullError",
    "MtlSearchError",
    "OutOfMemoryError",
    "Result",
    "SweepError",
    "Target",
    "TrialError",
    "__version__",
    "load_config",
    "override",
    "plot_model",
    "run",
    "smoke",
]

_LAZY = {
    "Callback": "mtl_search.api",
    "Result": "mtl_search.api",
    "plot_model": "mtl_search.api",
    "run": "mtl_search.api",
    "smoke": "mtl_search.search.smoke",
    "DataSet": "mtl_search.data",
    "Target": "mtl_search.data",
}


def __getattr__(name: str) -> Any:
    """The parts of the public surface that need heavy packages, when they are first asked for."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
