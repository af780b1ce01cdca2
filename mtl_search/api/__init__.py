"""The Python interface: run a sweep, read a sweep, use its best network.

The command line is a thin layer over it.
"""

from mtl_search.api.callback import Callback
from mtl_search.api.result import Best, Result
from mtl_search.api.running import RUNS, choose_folder, plot_model, run

__all__ = ["RUNS", "Best", "Callback", "Result", "choose_folder", "plot_model", "run"]
