"""Run `mtl-search` and write down when parts of it begin and end; a script, not imported.

    python marks.py FILE run CONFIG ...

It imports nothing of the product itself, so that any version of it can be run: functions are
wrapped when the module that has them is imported. FILE gets a list of `[name, begin, end]`, in
seconds since 1970, as JSON; parts of several threads lie side by side.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

# Modules whose import is a part, with all that it imports itself.
IMPORTS = ("torch", "ray", "ray.tune", "sklearn", "mlflow", "matplotlib", "plotly")
# Module → function or method → name of the part.
FUNCTIONS = {
    "mtl_search.search.request": {"check_request": "check of data, networks and space"},
    "mtl_search.data.datasets.build": {"load_data": "of that, reading the data"},
    "ray._private.worker": {"init": "start of Ray", "shutdown": "end of Ray"},
    "mtl_search.tracking.client": {"connect": "MLflow: import, database"},
    "mtl_search.tracking.connector": {"Connector.wait": "wait for MLflow at the start"},
    "mtl_search.search.sweep": {"SweepSession.run": "Tune: plan, slots, trials"},
    "mtl_search.api.tracked_page": {"sweep_page": "picture and reports for MLflow"},
    "mtl_search.tracking.tracker": {"Tracker.close": "wait for MLflow at the end"},
    "mtl_search.cli.running": {"_show": "report on the terminal"},
}

_found: list[tuple[str, float, float]] = []


def _timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def run(*arguments: Any, **options: Any) -> Any:
        began = time.time()
        try:
            return call(*arguments, **options)
        finally:
            _found.append((name, began, time.time()))

    return run


def _watch_imports() -> None:
    loader_class: Any = importlib.import_module("importlib._bootstrap_external")._LoaderBasics
    execute = loader_class.exec_module

    def watched(loader: Any, module: ModuleType) -> None:
        began = time.time()
        execute(loader, module)
        if module.__name__ in IMPORTS:
            _found.append((f"import of {module.__name__}", began, time.time()))
        for path, name in FUNCTIONS.get(module.__name__, {}).items():
            *owners, attribute = path.split(".")
            owner = functools.reduce(getattr, owners, module)
            setattr(owner, attribute, _timed(name, getattr(owner, attribute)))

    loader_class.exec_module = watched


def _write(file: Path) -> None:
    ending = ("end of the interpreter", time.time(), 0.0)
    file.write_text(json.dumps([*_found, ending]))


def main() -> None:
    """Run the command."""
    file = Path(sys.argv.pop(1))
    sys.argv[0] = "mtl-search"
    sys.path.pop(0)  # the folder of this file
    atexit.register(_write, file)  # first, so it comes last
    _watch_imports()
    from mtl_search.cli import main as command

    command()


if __name__ == "__main__":
    main()
