"""The result of a sweep: its trials, its verdict, its best network."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.api.best import Best
from mtl_search.api.consent import TrustCode
from mtl_search.api.result_views import ResultViews
from mtl_search.config import Config, override
from mtl_search.errors import RequestError, SweepError, nearest
from mtl_search.storage import sweep_directory
from mtl_search.storage.binding.reading import read_sweep
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

if TYPE_CHECKING:  # these load pandas and torch, which a look at a journal does not need
    import pandas as pd

    from mtl_search.export import Model


class Result(ResultViews):
    """A sweep, read from its folder; finished or not.

    Args:
        directory: The folder of the sweep.
        trust_code: Whether `load_model` and `plot_model` may run code (`module:attribute`) that the
            config of a sweep names whose folder is not yours, because it lies outside of the
            working directory or belongs to another user: all code, or that of these modules.
            Everything else runs no code.

    Attributes:
        directory: The folder of the sweep.
        config: The sweep's config.
        record: All that the sweep's journal says.

    Raises:
        SweepError: There is no sweep in the folder.

    Examples:
        >>> import mtl_search
        >>> result = mtl_search.Result("tests/fixtures/sweeps/v0_1_finished")
        >>> result.complete
        True
        >>> result.best.arm, sorted(result.best.weights)
        ('search', ['left', 'right', 'same'])
        >>> result.trials[["trial", "arm", "skill", "delta_m"]].shape[1]
        4
        >>> [check.name for check in result.health if check.ok]
        ['search range']
    """

    def __init__(self, directory: str | Path, *, trust_code: TrustCode = False) -> None:
        self.directory = Path(directory).expanduser()
        self._trust_code = trust_code if isinstance(trust_code, bool) else tuple(trust_code)
        if not (self.directory / sweep_directory.JOURNAL).exists():
            raise RequestError(sweep_directory.no_sweep_at(self.directory))
        self.config: Config
        self.record: SweepRecord
        self.config, self.record = read_sweep(self.directory)

    def __repr__(self) -> str:
        state = "complete" if self.complete else "not complete"
        return f"<Result {self.directory}: {len(self.record.trials):,} trials, {state}>"

    @property
    def complete(self) -> bool:
        """Whether every arm has spent its budget."""
        return self.record.complete

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial, best first within each arm.

        Beside state, objective, validation metrics, weights and depth there is a column for each
        setting that differs between trials, by its dotted path, and `test/<task>/<metric>` of
        finalists.
        """
        from mtl_search.analysis.tables.trials import trials_table

        return trials_table(self.record, self.config)

    @property
    def best(self) -> Best:
        """The best configuration.

        Raises:
            SweepError: No trial has got to the end of an epoch.
        """
        trial = self._best_trial()
        assert trial.best is not None
        info = trial.info
        return Best(
            trial=trial.id,
            arm=trial.arm,
            objective=trial.best.best_objective,
            metrics=trial.best.metrics,
            overrides=trial.overrides,
            weights=info["weights"],
            depth=info["depth"],
            lr=info["lr"],
            parameters=info["parameters"],
        )

    def best_config(self) -> Config:
        """Return the config of the best trial, ready to train or to search around."""
        return override(self.config, self.best.overrides)

    def mean_weights(
        self, trial: str | None = None, *, last: int | None = None
    ) -> dict[str, float]:
        """Return static loss weights that do on average what a trial did.

        Of a trial with a weighting or an aggregator these are the arithmetic means over epochs of
        the weights that it logged (`train/weight/<task>`). Gradients add up, so that these are the
        factors on a task's gradients on average; a mean of logarithms has no answer where a method
        gives a task a weight of 0 or less. Of a trial with static weights they are its loss
        weights.

        Args:
            trial: The trial's id. Default: the best adaptive one, or the best where none is.
            last: The number of last epochs that count; default: all.

        Returns:
            Task → weight. They add up to the number of tasks, and none is below 0.01, as in the
            search.

        Raises:
            ConfigError: `last` is no whole number above 0.
            SweepError: There is no such trial, or it has no weights to export.
        """
        from mtl_search.analysis import loss_weights

        return loss_weights.mean_weights(self.weights_trial(trial), last)

    def weights_trial(self, name: str | None = None) -> TrialRecord:
        """Return the trial whose weights `mean_weights` takes.

        Args:
            name: The trial's id. Default: the best adaptive one, or the best where none is.

        Raises:
            SweepError: There is no such trial.
        """
        from mtl_search.analysis import loss_weights

        adaptive = None if name else loss_weights.best_adaptive(self.record)
        return adaptive or self.trial(name)

    def trial(self, name: str | None = None) -> TrialRecord:
        """Return the journal's record of a trial.

        Args:
            name: The trial's id; default: the best.

        Raises:
            SweepError: There is no such trial.
        """
        if name is None:
            return self._best_trial()
        if name not in self.record.trials:
            near = nearest(name, self.record.trials)
            hint = f"; did you mean {near!r}?" if near else ""
            raise RequestError(f"there is no trial {name!r} in {self.directory}{hint}")
        return self.record.trials[name]

    def load_model(
        self,
        trial: str | None = None,
        *,
        arm: str | None = None,
        task: str | None = None,
        ensemble: bool = False,
    ) -> Model:
        """Load the model that the verdict recommends, or that of a trial, an arm or a task.

        The recommended model is the best shared network by the validation of fresh seeds; where
        sharing hurts, the separate networks of all tasks as one model. Of the networks on fresh
        seeds it is the one with the best validation.

        Args:
            trial: The id of a trial.
            arm: An arm, such as `equal`, `twin/separate` or `single/left`; `single` means the
                separate networks of all tasks.
            task: A task, whose network was trained on it alone.
            ensemble: Whether the networks of all seeds predict together: their mean, and how far
                they spread.

        Raises:
            ConfigError: The folder is not yours, and names code that is not trusted; or more than
                one of trial, arm and task is given.
            SweepError: The networks were not kept.
        """
        from mtl_search.api.model_loading import load_model

        return load_model(self, self._trust_code, trial, arm, task, ensemble=ensemble)

    def register(self, name: str, alias: str | None = None) -> str:
        """Make the recommended model a version of a name in MLflow's registry.

        Runs that MLflow lacks are sent first. A model that is a version already stays it.

        Args:
            name: The name in the registry; it is made where there is none.
            alias: An alias that shall lead to the version, such as `champion`.

        Returns:
            The number of the version: MLflow loads it as `models:/<name>/<version>`.

        Raises:
            ConfigError: MLflow refuses the name, or the tracking URI is wrong.
            SweepError: The store cannot be reached, or the sweep has kept no model.
        """
        from mtl_search.api.logged_model import register_model

        return register_model(self, name, alias)

    def report(self, path: str | Path) -> None:
        """Write the report of the sweep, finished or not: verdict, checks, views with plots.

        An HTML page is one file that asks no server for anything. Its picture of the network is
        left out where that network was not kept, or needs code that is not trusted.

        Args:
            path: The file to write; its ending, `.html`, `.md` or `.json`, says the format.

        Raises:
            ConfigError: The file has another ending, or it cannot be written.
        """
        from mtl_search.api.reporting import write_report

        write_report(self, path)

    def plot_model(self, path: str | Path, trial: str | None = None) -> None:
        """Draw the network of a trial.

        Args:
            path: The file to write, a `.png`, `.svg` or `.pdf`.
            trial: The trial's id; default: as of `load_model`.

        Raises:
            ConfigError: The file has another ending, or it cannot be written.
            SweepError: The network of that trial was not kept.
        """
        from mtl_search.models.graph_tracing import trace_graph
        from mtl_search.report.network_plot.draw import draw

        name = self._network(trial).id
        model = self.load_model(name)
        draw(
            trace_graph(model.network, model.data_spec), model.config, Path(path).expanduser(), name
        )

    def models(self) -> dict[str, Path]:
        """Find the trained networks that were kept, one an arm.

        Returns:
            `model/<arm>` → the folder of the network of the arm's best trial. Warm-up arms, which
            give only weights, and finalists have none.
        """
        best: dict[str, TrialRecord | None] = {}  # in the order in which the arms began
        for trial in self.record:
            if trial.is_finalist or trial.is_warmup:
                continue
            leader = best.setdefault(trial.arm)
            is_kept = (self._model_folder(trial.id) / "model.json").exists()
            is_better = leader is None or trial.best_objective > leader.best_objective
            if is_kept and is_better:
                best[trial.arm] = trial
        return {f"model/{arm}": self._model_folder(t.id) for arm, t in best.items() if t}

    def _model_folder(self, trial: str) -> Path:
        return sweep_directory.network_folder(self.directory, trial)

    def _network(self, name: str | None) -> TrialRecord:
        """Return the trial whose network is meant by a trial's id, or by none."""
        from mtl_search.analysis.finalists import finalists_of, recommended

        best = None if name else recommended(self.record)
        if best is None:
            return self.trial(name)
        finalists = finalists_of(self.record, best.arm, best.origin).values()
        kept = [t for t in finalists if (self._model_folder(t.id) / "model.json").exists()]
        return max(kept, key=lambda t: t.best_objective, default=self._best_trial())

    def _best_trial(self) -> TrialRecord:
        from mtl_search.analysis.finalists import recommended

        best = recommended(self.record)
        if best is not None:
            return self.record.trials[best.origin]
        results = [t for t in self.record if t.is_result and not (t.is_finalist or t.is_warmup)]
        shared = [trial for trial in results if trial.arm in ("search", "equal")]
        if results:
            return max(shared or results, key=lambda trial: trial.best_objective)
        raise SweepError(f"no trial in {self.directory} has got to the end of an epoch yet")
