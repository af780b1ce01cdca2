"""Train what a sweep has found again, on all rows but those of the test split."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.finalists import finalists_of
from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, read_config
from mtl_search.api.model_choice import (
    KeptNetworks,
    ModelChoice,
    model_of_trial,
    recommended_model,
)
from mtl_search.api.model_facts import facts_of_model
from mtl_search.api.result import Result
from mtl_search.config import Config, to_stored
from mtl_search.config.checks import check_int
from mtl_search.data.datasets.families import with_all_tasks
from mtl_search.errors import ConfigError, RequestError, SweepError
from mtl_search.storage import sweep_directory
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

if TYPE_CHECKING:
    from mtl_search.data import DataSet
    from mtl_search.export import Model
    from mtl_search.export.members import Member

logger = logging.getLogger(__name__)

MODELS = Path("models")

# Is called after each epoch with the tasks of the network, the epochs done and those to do.
TrainProgress = Callable[[tuple[str, ...], int, int], None]

# Settings of `training` that change nothing about what is learned.
_FREE = frozenset({"checkpoint_every_s", "cache_on_device", "device", "compile", "eval_batch_size"})


@dataclass(frozen=True)
class Plan:
    """One network to train.

    Attributes:
        trial: The trial of the sweep that had its configuration first.
        config: The config of that trial.
        epochs: The number of epochs.
    """

    trial: TrialRecord
    config: Config
    epochs: int


def train(
    config: Config | str | Path | Mapping[str, Any],
    sweep: Result | str | Path,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    *,
    trial: str | None = None,
    output: str | Path | None = None,
    seed: int | None = None,
    data: DataSet | None = None,
    progress: TrainProgress | None = None,
    trust_code: TrustCode = False,
) -> Model:
    """Train what a sweep recommends once more, on its training and validation rows together.

    Each network trains as many epochs as the finalists of its configuration took to their best one,
    on average, with the schedule that they had. Nothing stops earlier and nothing is chosen, since
    no row is left to choose by. The test split is read once, at the end. Training runs in this
    process, without Ray.

    Args:
        config: The sweep's config, as of `run`.
        sweep: The sweep, or its folder.
        overrides: Changes to the config. What decides what is learned must be that of the sweep.
        trial: The id of a trial whose configuration is meant. Default: what the verdict recommends;
            where sharing hurts these are the separate networks of all tasks.
        output: The folder that the model is written to. Default: `models/<name>`, or the first of
            `models/<name>-2`, ... that is free.
        seed: The random seed; default: that of the config.
        data: The data set, where the sweep was handed one.
        progress: Is called after each epoch with the tasks of the network, the epochs that are done
            and those to do.
        trust_code: Whether a YAML file that is not yours may name code, as of `run`.

    Returns:
        The model, which is also in the folder; `model.info` has the epochs and the test metrics.

    Raises:
        ConfigError: Something in the config is wrong, or is not that of the sweep.
        DataError: The data cannot be read.
        SweepError: There is no such trial, or the data are not those of the sweep.

    Examples:
        >>> import mtl_search
        >>> model = mtl_search.train("configs/quickstart.yaml", "runs/quickstart")  # doctest: +SKIP
        >>> model.info["test"]["test/same/auroc"]  # doctest: +SKIP
        0.97
    """
    parsed = with_all_tasks(read_config(config, overrides, trust_code), data)
    result = sweep if isinstance(sweep, Result) else Result(sweep, trust_code=trust_code)
    check_components(parsed, started=False, has_data=data is not None)
    used_seed = parsed.seed if seed is None else check_int(seed, "seed", low=0)
    _check_tasks(parsed, result)
    choice = _choice(result, trial)
    plans = [_plan(parsed, result, chosen) for chosen in choice.trials]
    folder = Path(output).expanduser() if output else model_folder(parsed.name)

    from mtl_search.data import load_data
    from mtl_search.export import Model
    from mtl_search.export.folder import check_folder

    check_folder(folder)
    loaded = load_data(parsed) if data is None else data
    _check_digest(result, loaded)
    test: dict[str, float] = {}
    members = []
    for plan in plans:
        member, metrics = _train(plan, loaded, used_seed, progress)
        members.append(member)
        test |= metrics
    model = Model(members, _info(result, choice, plans, used_seed, test))
    model.save(folder)
    return model


def model_folder(name: str) -> Path:
    """Return the folder that a model of this name is written to by default."""
    return sweep_directory.free_folder(MODELS, name)


def _choice(result: Result, trial: str | None) -> ModelChoice:
    networks = KeptNetworks(result.record, lambda _: True)  # they are trained anew
    if trial is not None:
        choice = model_of_trial(networks, trial)
        if choice.trials[0].is_member:
            raise RequestError(
                f"the values of {trial} changed while it trained, as of all members of a "
                "population: name the trial that trained from scratch with them (role `last`)"
            )
        return choice
    return recommended_model(networks, lambda: result.verdict)


def _plan(config: Config, result: Result, trial: TrialRecord) -> Plan:
    from mtl_search.search.arms import plan_arms

    record = result.record
    origin = record.trials[trial.origin] if trial.arm.is_repeat else trial

    def of_trial(base: Config) -> Config:
        arm = {arm.name: arm for arm in plan_arms(base)}.get(trial.arm.base)
        if arm is None:
            raise ConfigError(
                f"the arm {trial.arm.base!r} of the sweep is none of this config",
                path="search.arms",
                value=list(base.search.arms),
            )
        if arm.name.is_ablation or arm.name.is_twin:
            arm = replace(arm, origin=origin.arm.base)
        return arm.config(base, trial.overrides)

    own = of_trial(config)
    _check_same(own, of_trial(result.config))
    return Plan(origin, own, epochs_of(record, trial))


def epochs_of(record: SweepRecord, trial: TrialRecord) -> int:
    """Return how many epochs a configuration takes to its best one.

    That is the mean over its finalists, rounded; of a trial without finalists its own best epoch.

    Args:
        record: The sweep's record.
        trial: A trial with the configuration.

    Raises:
        SweepError: No trial with the configuration has got to the end of an epoch.
    """
    origin = trial.origin if trial.arm.is_repeat else trial.id
    finalists = list(finalists_of(record, trial.arm.base, origin).values()) or [trial]
    epochs = [finalist.best.epoch for finalist in finalists if finalist.best is not None]
    if not epochs:
        raise SweepError(f"the trial {trial.id} has not got to the end of an epoch")
    return max(1, round(statistics.fmean(epochs)))


def _check_tasks(config: Config, result: Result) -> None:
    """Refuse the config of another sweep, before the values of its trials are put into it."""
    own, theirs = sorted(config.tasks), sorted(result.config.tasks)
    if own != theirs:
        message = f"not the tasks of the sweep {result.directory}: give that sweep's config"
        raise ConfigError(message, path="tasks", value=own, allowed=theirs)


def _check_same(own: Config, of_sweep: Config) -> None:
    """Refuse a config by which a trial would learn something else than in the sweep.

    Raises:
        ConfigError: A key of tasks, model or training differs.
    """
    mine, theirs = to_stored(own), to_stored(of_sweep)
    for section in ("tasks", "model", "training"):
        path = _first_difference(mine.get(section), theirs.get(section), section)
        if path is not None:
            raise ConfigError(
                "is not that of the sweep, whose number of epochs and settings hold for its own "
                "config alone: give the sweep's config, or run a sweep with this one",
                path=path,
            )


def _first_difference(mine: Any, theirs: Any, path: str) -> str | None:
    if not (isinstance(mine, Mapping) and isinstance(theirs, Mapping)):
        return None if mine == theirs else path
    for key in dict.fromkeys([*mine, *theirs]):
        if path == "training" and key in _FREE:
            continue
        found = _first_difference(mine.get(key), theirs.get(key), f"{path}.{key}")
        if found is not None:
            return found
    return None


def _check_digest(result: Result, data: DataSet) -> None:
    """Refuse other data than the sweep's.

    Raises:
        RequestError: The digests differ.
    """
    from mtl_search.data.digest import data_digest

    recorded = result.record.data
    if not recorded.get("digest"):
        logger.warning(
            "the journal of %s has no digest of its data, so nothing tells whether these are the "
            "same",
            result.directory,
        )
        return
    digest = data_digest(data)
    if digest != recorded["digest"]:
        raise RequestError(
            f"the data are not those of the sweep {result.directory}: their digest is {digest}, "
            f"and the sweep's is {recorded['digest']}; run a sweep on these data"
        )


def _train(
    plan: Plan, data: DataSet, seed: int, progress: TrainProgress | None
) -> tuple[Member, dict[str, float]]:
    """Train one network, and return it as a member of a model, with its test metrics."""
    from mtl_search.data.spec import data_spec
    from mtl_search.export.members import Member
    from mtl_search.training.predictor import Predictor
    from mtl_search.training.refit.refit import refit

    tasks = tuple(plan.config.tasks)

    def report(epoch: int) -> None:
        if progress is not None:
            progress(tasks, epoch, plan.epochs)

    refitted = refit(plan.config, data, plan.epochs, seed, report)
    predictor = Predictor(refitted.network, plan.config, data_spec(data))
    arm = str(plan.trial.arm)
    member = Member(predictor, tasks, plan.trial.id, arm, seed=seed, epoch=plan.epochs)
    return member, refitted.test


def _info(
    result: Result,
    choice: ModelChoice,
    plans: list[Plan],
    seed: int,
    test: Mapping[str, float],
) -> dict[str, Any]:
    metrics = {name: {"mean": value, "seeds": 1} for name, value in test.items()}
    return {
        **facts_of_model(result, choice),
        "trials": [plan.trial.id for plan in plans],
        "metrics": {name: m for name, m in metrics.items() if not name.endswith("/loss")},
        "test": dict(test),
        "notes": ["It was trained on the training and the validation split together"],
        "trained": {
            "splits": ["train", "validation"],
            "epochs": {plan.trial.id: plan.epochs for plan in plans},
            "seed": seed,
        },
    }
