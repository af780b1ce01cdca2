"""The Python interface: run a sweep, read a sweep, use its best network.

The command line is a thin layer over it.
"""

from mtl_search.api.best import Best
from mtl_search.api.callback import Callback, StopSweep
from mtl_search.api.comparing import SweepComparison, compare
from mtl_search.api.refitting import train
from mtl_search.api.result import Result
from mtl_search.api.running import RUNS, plot_model, run, sweep_folder
from mtl_search.api.submitting import SweepJob, submit

__all__ = [
    "RUNS",
    "Best",
    "Callback",
    "Result",
    "StopSweep",
    "SweepComparison",
    "SweepJob",
    "compare",
    "plot_model",
    "run",
    "submit",
    "sweep_folder",
    "train",
]
