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
    RequestError,
    SweepError,
    TrialError,
)
from mtl_search.source.lazy import lazy_attributes as _lazy_attributes

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
    from mtl_search.data import DataSet, Preparation, Sampling, Target
    from mtl_search.export import Model
    from mtl_search.metrics.own import metric
    from mtl_search.models.augment import Augmentation
    from mtl_search.models.backbones import Backbone
    from mtl_search.models.heads import Head
    from mtl_search.models.losses import ElementwiseLoss
    from mtl_search.models.sharing import SharingPolicy
    from mtl_search.models.stage import Stage
    from mtl_search.search.smoke import smoke
    from mtl_search.training.balancing import Aggregator, Weighting

__version__ = "0.2.0"

__all__ = [
    "Aggregator",
    "Augmentation",
    "Backbone",
    "Callback",
    "ClusterError",
    "Config",
    "ConfigError",
    "DataError",
    "DataSet",
    "DiskFullError",
    "ElementwiseLoss",
    "Head",
    "Model",
    "MtlSearchError",
    "OutOfMemoryError",
    "Preparation",
    "RequestError",
    "Result",
    "Sampling",
    "SharingPolicy",
    "Stage",
    "StopSweep",
    "SweepComparison",
    "SweepError",
    "SweepJob",
    "Target",
    "TrialError",
    "Weighting",
    "__version__",
    "compare",
    "load_config",
    "metric",
    "override",
    "plot_model",
    "run",
    "smoke",
    "submit",
    "train",
]

_LAZY = {
    "Aggregator": "mtl_search.training.balancing",
    "Augmentation": "mtl_search.models.augment",
    "Backbone": "mtl_search.models.backbones",
    "Callback": "mtl_search.api",
    "StopSweep": "mtl_search.api",
    "DataSet": "mtl_search.data",
    "ElementwiseLoss": "mtl_search.models.losses",
    "Head": "mtl_search.models.heads",
    "Model": "mtl_search.export",
    "Preparation": "mtl_search.data",
    "Result": "mtl_search.api",
    "Sampling": "mtl_search.data",
    "SharingPolicy": "mtl_search.models.sharing",
    "Stage": "mtl_search.models.stage",
    "SweepComparison": "mtl_search.api",
    "SweepJob": "mtl_search.api",
    "Target": "mtl_search.data",
    "Weighting": "mtl_search.training.balancing",
    "compare": "mtl_search.api",
    "metric": "mtl_search.metrics.own",
    "plot_model": "mtl_search.api",
    "run": "mtl_search.api",
    "smoke": "mtl_search.search.smoke",
    "submit": "mtl_search.api",
    "train": "mtl_search.api",
}

__getattr__ = _lazy_attributes(__name__, _LAZY)


def __dir__() -> list[str]:
    return __all__
