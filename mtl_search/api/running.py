"""Run a sweep, or look at the network of its config."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.api.callback import Callback, notifier
from mtl_search.api.component_check import check_components
from mtl_search.api.result import Result
from mtl_search.config import Config, load_config, override
from mtl_search.storage import sweep_directory

if TYPE_CHECKING:  # these load torch, which a refusal does not need
    from mtl_search.data import DataSet
    from mtl_search.metrics.objective import ObjectiveFunction
    from mtl_search.search.space.space import SpaceFunction

logger = logging.getLogger(__name__)

RUNS = Path("runs")


def run(
    config: Config | str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    output: str | Path | None = None,
    resume: bool = False,
    space: SpaceFunction | None = None,
    objective: ObjectiveFunction | None = None,
    data: DataSet | None = None,
    callbacks: Iterable[Callback] = (),
    address: str | None = None,
) -> Result:
    """Run a sweep to its end, or until it is interrupted.

    Args:
        config: A config, the path of a YAML file, or the same as a mapping.
        overrides: Dotted path → value, or `["search.trials=20"]`.
        output: Folder of the sweep; default: `runs/<name>`, or `runs/<name>-2`, ... where that is taken.
        resume: Go on with the sweep in `output` (default: the latest of this name in `runs`). Finished trials stay; a
            larger `search.trials` extends the sweep.
        space: An Optuna define-by-run function in place of `search.space`: it gets a trial, suggests by dotted path
            (`trial.suggest_float("training.optimizer.lr", 1e-4, 1e-2, log=True)`), and may return constants.
        objective: A function of the metrics (`val/<task>/<metric>` → value), higher is better, in place of Δm.
        data: A data set in place of the one that the config names.
        callbacks: Told what happens.
        address: `HOST:PORT` of a Ray cluster that stands already, or `auto` for the one that runs on this machine; this
            machine must be a node of it. Default: the cluster that this process is connected to, else the one that
            RAY_ADDRESS names, else a local one.

    Returns:
        The result; `result.complete` is False after an interruption.

    Raises:
        ConfigError: Something in the config is wrong; nothing has been written.
        DataError: The data cannot be read.
        SweepError: The sweep cannot start, or cannot go on.
    """
    parsed = _parsed(config, overrides)
    check_components(parsed, started=resume, has_data=data is not None)

    from mtl_search.search.sweep import run_sweep
    from mtl_search.tracking import Tracker

    directory = choose_folder(parsed.name, output, resume=resume)
    tracker = Tracker(parsed, directory) if parsed.tracking.enabled else None
    observers = [notifier(callback) for callback in callbacks]
    if tracker is not None:
        observers.append(tracker.observe)
    try:
        run_sweep(
            parsed, directory, resume=resume, space=space, objective=objective, data=data, observers=observers,
            on_accepted=tracker.start if tracker else None, address=address,
        )  # fmt: skip
        result = Result(directory)
        if tracker is not None:
            tracker.finish({**result.models(), **_picture(result)})
    finally:
        if tracker is not None:
            tracker.close()
    return result


def plot_model(
    config: Config | str | Path | Mapping[str, Any],
    path: str | Path,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    data: DataSet | None = None,
) -> None:
    """Draw the network of a config: its views, stages and heads, with shapes, parameters, and who shares what.

    Args:
        config: A config, the path of a YAML file, or the same as a mapping.
        path: File to write: `.png`, `.svg` or `.pdf`.
        overrides: Dotted path → value, or `["model.sharing.depth=0"]`.
        data: A data set in place of the one that the config names.

    Raises:
        ConfigError: Something in the config is wrong, the file has another ending, or it cannot be written.
        DataError: The data cannot be read.
    """
    parsed = _parsed(config, overrides)
    from mtl_search.report.network_plot.draw import draw, picture_ending

    picture_ending(Path(path))  # before the data are read, which may take a while

    import torch

    from mtl_search.data import load_data
    from mtl_search.models.graph_tracing import describe
    from mtl_search.models.network import build_network

    data = load_data(parsed) if data is None else data
    with torch.random.fork_rng(devices=[]):
        network = build_network(parsed, data)
    draw(describe(network, data), parsed, Path(path))


def choose_folder(name: str, output: str | Path | None, *, resume: bool) -> Path:
    """Where a sweep of this name goes, or the one to go on with.

    Raises:
        SweepError: There is nothing to resume.
    """
    if output is not None:
        return Path(output)
    return (
        sweep_directory.latest_folder(RUNS, name)
        if resume
        else sweep_directory.new_folder(RUNS, name)
    )


def _parsed(
    config: Config | str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | Iterable[str]
) -> Config:
    return (
        override(config, overrides)
        if isinstance(config, Config)
        else load_config(config, overrides)
    )


def _picture(result: Result) -> dict[str, Path]:
    """`graph` → picture of the best network; nothing where there is none yet. A sweep does not fail for want of it."""
    file = result.directory / sweep_directory.PICTURE
    try:
        if not result.models():
            return {}
        result.plot_model(file)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong in drawing
        logger.warning("the best network could not be drawn: %s", " ".join(str(error).split()))
        return {}
    return {"graph": file}
