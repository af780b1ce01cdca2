"""Multi-task hyperparameter search on Ray: loss weights × sharing depth × learning rate.

    import mtl_search

    config = mtl_search.load_config("configs/quickstart.yaml", {"search.trials": 20})
    result = mtl_search.run(config)
    print(result.verdict.sentence())
    result.best, result.trials, result.load_model()

Importing the package loads none of Ray, torch, Optuna, MLflow and pandas; they come when they are
needed.
"""

# ruff: noqa: E402  # the module path comes before all imports

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.source.module_path import put_job_package_last as _put_job_package_last

_put_job_package_last()

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
from mtl_search.registry import lazy_attributes as _lazy_attributes

if TYPE_CHECKING:
    from mtl_search.api import (
        Callback,
        Result,
        StopSweep,
        SweepComparison,
        SweepJob,
        compare,
        plot_model,
        run,
        submit,
        train,
    )
    from mtl_search.data import DataSet, Target
    from mtl_search.export import Model
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
    "Model",
    "MtlSearchError",
    "OutOfMemoryError",
    "Result",
    "StopSweep",
    "SweepComparison",
    "SweepError",
    "SweepJob",
    "Target",
    "TrialError",
    "__version__",
    "compare",
    "load_config",
    "override",
    "plot_model",
    "run",
    "smoke",
    "submit",
    "train",
]

_LAZY = {
    "Callback": "mtl_search.api",
    "StopSweep": "mtl_search.api",
    "DataSet": "mtl_search.data",
    "Model": "mtl_search.export",
    "Result": "mtl_search.api",
    "SweepComparison": "mtl_search.api",
    "SweepJob": "mtl_search.api",
    "Target": "mtl_search.data",
    "compare": "mtl_search.api",
    "plot_model": "mtl_search.api",
    "run": "mtl_search.api",
    "smoke": "mtl_search.search.smoke",
    "submit": "mtl_search.api",
    "train": "mtl_search.api",
}

__getattr__ = _lazy_attributes(__name__, _LAZY)


def __dir__() -> list[str]:
    return __all__
