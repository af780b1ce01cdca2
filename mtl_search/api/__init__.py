"""The Python interface: run a sweep, read a sweep, use its best network.

The command line is a thin layer over it.
"""

from mtl_search.api.callback import Callback
from mtl_search.api.refitting import train
from mtl_search.api.result import Best, Result
from mtl_search.api.running import RUNS, choose_folder, plot_model, run
from mtl_search.api.submitting import SweepJob, submit

__all__ = [
    "RUNS",
    "Best",
    "Callback",
    "Result",
    "SweepJob",
    "choose_folder",
    "plot_model",
    "run",
    "submit",
    "train",
]
