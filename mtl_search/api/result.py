"""A sweep that has been run: its trials, its verdict, its best network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.config import Config, load_config, paths
from mtl_search.errors import SweepError, nearest
from mtl_search.storage import sweep_directory
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord, TrialRecord

if TYPE_CHECKING:  # these load pandas and torch, which a look at a journal does not need
    import pandas as pd

    from mtl_search.analysis.verdict import Verdict
    from mtl_search.training.predictor import Predictor


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
        if not (self.directory / sweep_directory.JOURNAL).exists():
            raise SweepError(
                f"{self.directory} holds no sweep (there is no {sweep_directory.JOURNAL} in it)"
            )
        self.config: Config = load_config(self.directory / sweep_directory.CONFIG)
        self.record: SweepRecord = read_record(self.directory / sweep_directory.JOURNAL)

    @property
    def complete(self) -> bool:
        """Whether every arm has spent its budget."""
        return self.record.complete

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, best first within each arm; the columns are those of `report.leaderboard`."""
        from mtl_search.analysis.leaderboard import leaderboard

        return leaderboard(self.record, self.config)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether sharing helps, with its interval."""
        from mtl_search.analysis.judge import judge

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
            trial.id, trial.arm, trial.best.best_objective, trial.best.metrics, trial.overrides,
            info["weights"], info["depth"], info["lr"], info["parameters"],
        )  # fmt: skip

    def best_config(self) -> Config:
        """The config of the best trial, ready to train or to search around."""
        tree = load_config(self.directory / sweep_directory.CONFIG).model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
        for path, value in self.best.overrides.items():
            paths.put(tree, path, value)
        return load_config(tree)

    def mean_weights(
        self, trial: str | None = None, *, last: int | None = None
    ) -> dict[str, float]:
        """Static loss weights that do on average what a trial did: task → weight, adding up to the number of tasks.

        Of a trial with a weighting or an aggregator the arithmetic mean over epochs of the weights that it logged
        (`train/weight/<task>`): gradients add up, so this is what a task's were multiplied by on average; a mean of
        logarithms has no answer where a method gives a task a weight of 0 or less. Of a trial with static weights its
        loss weights. None is below 0.01, as in the search.

        Args:
            trial: Its id; default: the best adaptive one, or the best where none is.
            last: Only so many epochs, the last ones; default: all.

        Raises:
            ConfigError: `last` is no whole number above 0.
            SweepError: There is no such trial, or it has no weights to export.
        """
        from mtl_search.analysis import loss_weights

        return loss_weights.mean_weights(self.weights_trial(trial), last)

    def weights_trial(self, name: str | None = None) -> TrialRecord:
        """The trial that `mean_weights` takes: the named one, else the best adaptive one, or the best where none is.

        Raises:
            SweepError: There is no such trial.
        """
        from mtl_search.analysis import loss_weights

        adaptive = None if name else loss_weights.best_adaptive(self.record)
        return adaptive or self.trial(name)

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

        try:
            return load_predictor(self._model_folder(self.trial(trial).id))
        except SweepError as error:
            kept = sorted(
                card.parts[-3] for card in self.directory.glob("trials/*/best/model.json")
            )
            raise SweepError(f"{error}\n  kept: {', '.join(kept) or 'none'}") from None

    def plot_model(self, path: str | Path, trial: str | None = None) -> None:
        """Draw the network of a trial; default: the best.

        Args:
            path: File to write: `.png`, `.svg` or `.pdf`.
            trial: Its id.

        Raises:
            ConfigError: Another ending, or the file cannot be written.
            SweepError: The network of that trial was not kept.
        """
        from mtl_search.models.graph_tracing import trace_graph
        from mtl_search.report.network_plot.draw import draw

        name = trial or self._best_trial().id
        model = self.load_model(name)
        draw(trace_graph(model.network, model.data_spec), model.config, Path(path), name)

    def models(self) -> dict[str, Path]:
        """`model/<arm>` → folder of the trained network of the arm's best trial; seed arms give weights alone."""
        found = {}
        for arm in dict.fromkeys(
            trial.arm for trial in self.record if not (trial.is_finalist or trial.is_warmup)
        ):
            kept = [
                t
                for t in self.record.arm(arm)
                if (self._model_folder(t.id) / "model.json").exists()
            ]
            if kept:
                best = max(kept, key=lambda t: t.best_objective)
                found[f"model/{arm}"] = self._model_folder(best.id)
        return found

    def _model_folder(self, trial: str) -> Path:
        return self.directory / "trials" / trial / "best"

    def _best_trial(self) -> TrialRecord:
        others = tuple({t.arm for t in self.record if not (t.is_finalist or t.is_warmup)})
        for arms in (("search", "equal"), others):
            found = [t for t in self.record if t.arm in arms and t.is_result]
            if found:
                return max(found, key=lambda t: t.best_objective)
        raise SweepError(f"no trial in {self.directory} has got to the end of an epoch yet")
