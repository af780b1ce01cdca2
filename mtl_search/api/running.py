"""Run a sweep, or look at the network of its config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.api.callback import Callback, notifier, tracking_notifier
from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, read_config
from mtl_search.api.progress import choose_display
from mtl_search.api.result import Result
from mtl_search.api.tracked_page import sweep_page
from mtl_search.config import Config
from mtl_search.data.datasets.families import with_all_tasks
from mtl_search.source.collection import collection_paused
from mtl_search.storage import sweep_directory
from mtl_search.storage.permissions import private_files

if TYPE_CHECKING:  # these load torch, which a refusal does not need
    from mtl_search.data import DataSet
    from mtl_search.metrics.objective import ObjectiveFunction
    from mtl_search.search.space.space import SpaceFunction
    from mtl_search.storage.journal import Observer
    from mtl_search.tracking import Tracker

RUNS = Path("runs")

# What stops a sweep may kill the process soon after, and a resumed sweep sends the rest.
_STOPPED_WAIT_S = 15.0


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
    progress: bool | None = None,
    address: str | None = None,
    trust_code: TrustCode = False,
) -> Result:
    """Run a sweep to its end, or until it is interrupted.

    Args:
        config: A config, the path of a YAML file, or the content of one as a mapping.
        overrides: Changes to the config: dotted path → value, or `["search.trials=20"]`.
        output: The folder of the sweep. Default: `runs/<name>`, or the first of `runs/<name>-2`,
            `runs/<name>-3`, ... that is free.
        resume: Whether to go on with the sweep in `output` (default: the latest of this name in
            `runs`). Finished trials stay; a larger `search.trials` extends the sweep.
        space: An Optuna define-by-run function in place of `search.space`. It gets a trial,
            suggests by dotted path (`trial.suggest_float("training.optimizer.lr", 1e-4, 1e-2,
            log=True)`), and may return constants.
        objective: A function of the metrics (`val/<task>/<metric>` → value) in place of the mean
            skill; higher is better.
        data: A data set in place of the one that the config names.
        callbacks: Objects whose methods are called when something happens in the sweep.
        progress: Whether the trials done, the best so far and the time left are shown. Default: in
            a notebook and on a terminal, and not where the output goes to a file.
        address: `HOST:PORT` of a running Ray cluster, or `auto` for the one on this machine, which
            must be one of its nodes; `local` starts one of its own. Default: the cluster that this
            process is connected to, else the one that RAY_ADDRESS names, else the one that
            `ray start` has started on this machine, else a local one.
        trust_code: Whether a YAML file that is not yours, because it lies outside of the working
            directory or belongs to another user, may name code (`module:attribute`): all code, or
            that of these modules.

    Returns:
        The result; `result.complete` is False after an interruption.

    Raises:
        ConfigError: Something in the config is wrong; nothing has been written.
        DataError: The data cannot be read.
        SweepError: The sweep cannot start, or cannot go on.

    Examples:
        >>> import mtl_search
        >>> result = mtl_search.run("configs/quickstart.yaml")  # doctest: +SKIP
        >>> print(result.verdict.sentence())  # doctest: +SKIP

        A mistake is found before anything runs:

        >>> mtl_search.run("configs/quickstart.yaml", {"model.backbone": "convnets"})
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: model.backbone.name: there is no backbone of this name ...
    """
    parsed = with_all_tasks(read_config(config, overrides, trust_code), data)
    check_components(parsed, started=resume, has_data=data is not None)
    display = choose_display(progress)  # before Ray and Optuna, which it keeps quiet in a notebook

    with collection_paused():
        from mtl_search.search.request import SweepRequest, handed_over, nothing
        from mtl_search.search.sweep import run_sweep
        from mtl_search.tracking import Tracker, resume_command

    callbacks = [*callbacks, display]
    complete = False
    with (
        private_files(),
        sweep_folder(parsed.name, output, resume=resume) as directory,
        display,
    ):
        tracker = Tracker(parsed, directory) if parsed.tracking.enabled else None
        request = SweepRequest(
            config=parsed,
            directory=directory,
            resume=resume,
            space=space,
            objective=objective,
            data=data,
            observers=_observers(parsed, directory.name, callbacks, tracker),
            on_hold=tracker.begin if tracker else nothing,
            on_start=tracker.start if tracker else nothing,
            address=address,
        )
        request = replace(request, go_on=resume_command(directory, handed_over(request)))
        try:
            run_sweep(request)
            result = Result(directory, trust_code=True)  # its code has just run
            complete = result.complete
            if tracker is not None:
                tracker.finish(sweep_page(result))
        finally:
            if tracker is not None:
                tracker.close(
                    limit=None if complete else _STOPPED_WAIT_S,
                    on_progress=tracking_notifier(callbacks),
                )
    return result


def _observers(
    config: Config, sweep: str, callbacks: Iterable[Callback], tracker: Tracker | None
) -> list[Observer]:
    """Return all that look on: callbacks, MLflow, and the metrics of the cluster."""
    from mtl_search.search.monitoring.exporter import MetricsExporter

    observers = [notifier(callback) for callback in callbacks]
    if tracker is not None:
        observers.append(tracker.observe)
    unsent = None if tracker is None else lambda: tracker.unsent
    observers.append(MetricsExporter(config, sweep, unsent).observe)
    return observers


def plot_model(
    config: Config | str | Path | Mapping[str, Any],
    path: str | Path,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    data: DataSet | None = None,
    trust_code: TrustCode = False,
) -> None:
    """Draw the network of a config.

    The picture has its views, stages and heads, with shapes and parameters, and shows which tasks
    share what.

    Args:
        config: A config, the path of a YAML file, or the content of one as a mapping.
        path: The file to write, a `.png`, `.svg` or `.pdf`.
        overrides: Changes to the config: dotted path → value, or `["model.sharing.depth=0"]`.
        data: A data set in place of the one that the config names.
        trust_code: Whether a config file that is not yours may name code, as in `run`.

    Raises:
        ConfigError: Something in the config is wrong, the file has another ending, or it cannot be
            written.
        DataError: The data cannot be read.

    Examples:
        >>> import mtl_search, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     picture = pathlib.Path(folder, "network.svg")
        ...     mtl_search.plot_model("configs/quickstart.yaml", picture)
        ...     picture.exists()
        True
    """
    parsed = with_all_tasks(read_config(config, overrides, trust_code), data)
    from mtl_search.report.network_plot.draw import draw, picture_ending

    picture_ending(Path(path).expanduser())  # before the data are read, which may take a while

    import torch

    from mtl_search.data import load_data
    from mtl_search.models.build import build_network
    from mtl_search.models.graph_tracing import trace_graph

    data = load_data(parsed) if data is None else data
    with torch.random.fork_rng(devices=[]):
        network = build_network(parsed, data)
    draw(trace_graph(network, data), parsed, Path(path).expanduser())


@contextmanager
def sweep_folder(name: str, output: str | Path | None, *, resume: bool) -> Iterator[Path]:
    """Choose the folder of a sweep: a new one, or the one to go on with.

    A new one is made at once, and deleted at the end if the sweep did not begin.

    Args:
        name: The sweep's name.
        output: The folder that the user names, if any.
        resume: Whether an earlier sweep goes on.

    Raises:
        ConfigError: The folder cannot be made.
        RequestError: The folder holds a sweep already or is a file, or nothing is to be resumed.
    """
    if output is not None:
        folder = Path(output).expanduser()
        sweep_directory.check_folder(folder, resume=resume)
        yield folder
    elif resume:
        yield sweep_directory.latest_folder(RUNS, name)
    else:
        with sweep_directory.new_folder(RUNS, name) as folder:
            yield folder
