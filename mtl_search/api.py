"""The Python door: run a sweep, read a sweep, use its best network. The command line is a thin layer over this."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.config import Config, load_config, override, paths
from mtl_search.errors import SweepError, nearest
from mtl_search.search import folder
from mtl_search.search.journal import read_record
from mtl_search.search.records import Event, SweepRecord, TrialRecord

if TYPE_CHECKING:  # these load pandas and torch, which a look at a journal does not need
    import pandas as pd

    from mtl_search.data import DataSet
    from mtl_search.search.space import SpaceFunction
    from mtl_search.search.verdict import Verdict
    from mtl_search.training.objective import ObjectiveFunction
    from mtl_search.training.predictor import Predictor

logger = logging.getLogger(__name__)

RUNS = Path("runs")


class Callback:
    """Told what happens in a sweep; override what you need. An exception in a callback is logged, the sweep goes on."""

    def on_sweep_start(self, record: SweepRecord) -> None:
        """A session begins: the first, or a resume."""

    def on_trial_start(self, trial: TrialRecord) -> None:
        """A trial begins."""

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """An epoch ended; it is `trial.epochs[-1]`."""

    def on_trial_end(self, trial: TrialRecord) -> None:
        """A trial ended: `trial.state` says how, `trial.reason` why it failed."""

    def on_sweep_end(self, record: SweepRecord) -> None:
        """Every arm has spent its budget."""


@dataclass(frozen=True)
class Best:
    """The best configuration of a sweep, by its validation objective.

    Attributes:
        trial: Its id.
        arm: `search`, `equal`, or `single/<task>` where there is nothing else.
        objective: Δm on the validation split, or the sweep's own objective.
        metrics: `val/<task>/<metric>` and losses at its best epoch.
        overrides: What to put into the config to get it: dotted path → value.
        weights: Task → loss weight.
        depth: Sharing depth.
        lr: Learning rate.
        parameters: Number of parameters of the network.
    """

    trial: str
    arm: str
    objective: float
    metrics: Mapping[str, float]
    overrides: Mapping[str, Any]
    weights: Mapping[str, float]
    depth: Any
    lr: float | None
    parameters: int


class Result:
    """A sweep, read from its folder; finished or not.

    Args:
        directory: Folder of the sweep.

    Raises:
        SweepError: There is no sweep in it.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        if not (self.directory / folder.JOURNAL).exists():
            raise SweepError(f"{self.directory} holds no sweep (there is no {folder.JOURNAL} in it)")
        self.config: Config = load_config(self.directory / folder.CONFIG)
        self.record: SweepRecord = read_record(self.directory / folder.JOURNAL)

    @property
    def complete(self) -> bool:
        """Whether every arm has spent its budget."""
        return self.record.complete

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, best first within each arm; the columns are those of `report.leaderboard`."""
        from mtl_search.report import leaderboard

        return leaderboard(self.record, self.config)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether sharing helps, with its interval."""
        from mtl_search.search.verdict import judge

        return judge(self.record, self.config)

    @property
    def best(self) -> Best:
        """The best configuration, by its validation objective.

        Raises:
            SweepError: No trial has got to the end of an epoch.
        """
        trial = self._best_trial()
        assert trial.best is not None
        info = trial.info
        return Best(
            trial.id, trial.arm, trial.best.objective, trial.best.metrics, trial.overrides,
            info["weights"], info["depth"], info["lr"], info["parameters"],
        )  # fmt: skip

    def best_config(self) -> Config:
        """The config of the best trial, ready to train or to search around."""
        tree = load_config(self.directory / folder.CONFIG).model_dump(mode="json", by_alias=True, exclude_none=True)
        for path, value in self.best.overrides.items():
            paths.put(tree, path, value)
        return load_config(tree)

    def mean_weights(self, trial: str | None = None, *, last: int | None = None) -> dict[str, float]:
        """Static loss weights that do on average what a trial did: task → weight, adding up to the number of tasks.

        Of a trial with a weighting or an aggregator the arithmetic mean over epochs of the weights that it logged
        (`train/weight/<task>`): gradients add up, so this is what a task's were multiplied by on average; a mean of
        logarithms has no answer where a method gives a task a weight of 0 or less. Of a trial with static weights its
        loss weights. None is below 0.01, as in the search.

        Args:
            trial: Its id; default: the best.
            last: Only so many epochs, the last ones; default: all.

        Raises:
            ConfigError: `last` is no whole number above 0.
            SweepError: There is no such trial, or it has no weights to export.
        """
        from mtl_search.search import weights

        return weights.mean_weights(self.trial(trial), last)

    def trial(self, name: str | None = None) -> TrialRecord:
        """What the journal tells of a trial; default: the best.

        Raises:
            SweepError: There is no such trial.
        """
        if name is None:
            return self._best_trial()
        if name not in self.record.trials:
            near = nearest(name, self.record.trials)
            hint = f"; did you mean {near!r}?" if near else ""
            raise SweepError(f"there is no trial {name!r} in {self.directory}{hint}")
        return self.record.trials[name]

    def load_model(self, trial: str | None = None) -> Predictor:
        """The trained network of a trial; default: the best.

        Raises:
            SweepError: The network of that trial was not kept.
        """
        from mtl_search.training.predictor import load_predictor

        return load_predictor(self._model_folder(self.trial(trial).id))

    def plot_model(self, path: str | Path, trial: str | None = None) -> None:
        """Draw the network of a trial; default: the best.

        Args:
            path: File to write: `.png`, `.svg` or `.pdf`.
            trial: Its id.

        Raises:
            ConfigError: Another ending, or the file cannot be written.
            SweepError: The network of that trial was not kept.
        """
        from mtl_search.models.graph import describe
        from mtl_search.report.graph import draw

        name = trial or self._best_trial().id
        model = self.load_model(name)
        draw(describe(model.network, model.layout), model.config, Path(path), name)

    def models(self) -> dict[str, Path]:
        """`model/<arm>` → folder of the trained network of the arm's best trial; seed arms give weights alone."""
        found = {}
        for arm in dict.fromkeys(trial.arm for trial in self.record if not (trial.is_finalist or trial.is_seed)):
            kept = [t for t in self.record.arm(arm) if (self._model_folder(t.id) / "model.json").exists()]
            if kept:
                best = max(kept, key=lambda t: t.worth)
                found[f"model/{arm}"] = self._model_folder(best.id)
        return found

    def _model_folder(self, trial: str) -> Path:
        return self.directory / "trials" / trial / "best"

    def _best_trial(self) -> TrialRecord:
        others = tuple({t.arm for t in self.record if not (t.is_finalist or t.is_seed)})
        for arms in (("search", "equal"), others):
            found = [t for t in self.record if t.arm in arms and t.is_result]
            if found:
                return max(found, key=lambda t: t.worth)
        raise SweepError(f"no trial in {self.directory} has got to the end of an epoch yet")


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
    from mtl_search.search.sweep import run_sweep
    from mtl_search.tracking import Tracker

    parsed = _parsed(config, overrides)
    directory = choose_folder(parsed.name, output, resume=resume)
    tracker = Tracker(parsed, directory) if parsed.tracking.enabled else None
    observers = [_notifier(callback) for callback in callbacks]
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
    import torch

    from mtl_search.data import data_of
    from mtl_search.models.graph import describe
    from mtl_search.models.network import build_network
    from mtl_search.report.graph import draw, picture_ending

    parsed = _parsed(config, overrides)
    picture_ending(Path(path))  # before the data are read, which may take a while
    data = data_of(parsed) if data is None else data
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
    return folder.latest_folder(RUNS, name) if resume else folder.new_folder(RUNS, name)


def _parsed(config: Config | str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | Iterable[str]) -> Config:
    return override(config, overrides) if isinstance(config, Config) else load_config(config, overrides)


def _picture(result: Result) -> dict[str, Path]:
    """`graph` → picture of the best network; nothing where there is none yet. A sweep does not fail for want of it."""
    file = result.directory / folder.PICTURE
    try:
        if not result.models():
            return {}
        result.plot_model(file)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong in drawing
        logger.warning("the best network could not be drawn: %s", " ".join(str(error).split()))
        return {}
    return {"graph": file}


def _notifier(callback: Callback) -> Any:
    """A journal observer that calls the methods of a callback."""

    def notify(event: Event, record: SweepRecord) -> None:
        try:
            match event["event"]:
                case "sweep":
                    callback.on_sweep_start(record)
                case "trial":
                    callback.on_trial_start(record.trials[event["id"]])
                case "epoch":
                    callback.on_epoch_end(record.trials[event["id"]])
                case "end":
                    callback.on_trial_end(record.trials[event["id"]])
                case "done":
                    callback.on_sweep_end(record)
        except Exception:
            logger.exception("the callback %s failed; the sweep goes on", type(callback).__name__)

    return notify
