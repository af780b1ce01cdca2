"""One sweep: all arms in one Tune run on warm slots, from the first single-task trial to the last finalist."""

from __future__ import annotations

import logging
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.stopper import CombinedStopper

from mtl_search.cluster import capacity, connection, shared_storage
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.datasets.build import load_data, subsample
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.search import checkpoint_retention, objectives, preflight
from mtl_search.search.arms import Arm, plan_arms, trial_budget
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.recorder import TrialRecorder
from mtl_search.search.resume import prepare
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.space.arm_space import ArmSpace
from mtl_search.search.space.space import SpaceFunction
from mtl_search.search.stoppers import StopWithoutCapacity
from mtl_search.search.study import set_log_level
from mtl_search.storage import disk, sweep_directory
from mtl_search.storage.journal import Journal, Observer, read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.remote import check_storage
from mtl_search.training.workers import placement_groups
from mtl_search.training.workers.slot import SlotTrainable

logger = logging.getLogger(__name__)


def run_sweep(
    config: Config,
    directory: Path,
    *,
    resume: bool = False,
    space: SpaceFunction | None = None,
    objective: ObjectiveFunction | None = None,
    data: DataSet | None = None,
    observers: Iterable[Observer] = (),
    on_accepted: Callable[[], None] | None = None,
    address: str | None = None,
) -> SweepRecord:
    """Run a sweep to its end, or until it is interrupted.

    Args:
        config: What to run.
        directory: Folder of the sweep.
        resume: Go on with the sweep in that folder; finished trials stay as they are.
        space: An Optuna define-by-run function in place of `search.space`; it suggests by dotted path.
        objective: A function of the metrics (`val/<task>/<metric>` → value) in place of `search.objective`, higher is
            better. Single-task arms are judged by their own metric all the same, as the reference that they are.
        data: Takes the place of the data set that the config names.
        observers: Called with every event of the journal, in the driver.
        on_accepted: Called once this process holds the folder and the config fits it, before the first event. What it
            raises ends the sweep.
        address: Of a Ray cluster that stands already (see `cluster.find`).

    Returns:
        What the journal tells; its `complete` is False after an interruption.

    Raises:
        ConfigError: Something in the config is wrong; nothing has been written.
        SweepError: The sweep cannot start, or cannot go on; a `DiskFullError` where there is no room for its files.
    """
    set_log_level()
    directory = directory.absolute()  # the processes of trials may work in another folder
    capacity.check_capacity(config)
    check_storage(config)
    place = connection.resolve_address(address)
    data = load_data(config) if data is None else subsample(data, config)
    started = resume and read_record(directory / sweep_directory.JOURNAL).initial_points is not None
    network = preflight.check_sweep(config, data, needs_space=space is None, started=started)
    _check_function(config, space)
    objective = objective or objectives.objective_function(config)
    with disk.writes_to(directory), sweep_directory.locked(directory):
        prepare(directory, config, resume=resume)
        if on_accepted is not None:
            on_accepted()
        keeper = checkpoint_retention.CheckpointRetention(directory, config)
        journal = Journal(directory / sweep_directory.JOURNAL, [*observers, keeper])
        keeper.clean_up_finished(journal.record)
        arms = plan_arms(config)
        referee = ArmObjectives(
            journal.record,
            objectives.task_metrics(config, network),
            kind=config.search.objective,
            has_singles="single" in config.search.arms,
            deviations=objectives.deviations(config, data),
            function=objective,
        )
        try:
            with connection.ray_session(config, place):
                _run(_Sweep(config, directory, data, space, objective), journal, arms, referee)
        finally:
            journal.close()
    return journal.record


def _check_function(config: Config, space: SpaceFunction | None) -> None:
    """Points to begin with need loss weights in the space, also where it is a function of the user's."""
    if space is not None and config.search.initial_points:
        (arm,) = (arm for arm in plan_arms(config) if arm.name == "search")
        ArmSpace(config, arm, space).check_start()


@dataclass(frozen=True)
class _Sweep:
    """What the parts of one session have in common."""

    config: Config
    directory: Path
    data: DataSet
    space: SpaceFunction | None
    objective: ObjectiveFunction | None


def _run(sweep: _Sweep, journal: Journal, arms: list[Arm], referee: ArmObjectives) -> None:
    config, slots = sweep.config, connection.slots(sweep.config)
    shared_storage.check_shared_storage(sweep.directory, config.resources.storage)
    journal.write(
        "sweep",
        id=journal.record.id or uuid.uuid4().hex[:12],
        name=config.name,
        slots=slots,
        budget=trial_budget(config, arms),
        custom_objective=sweep.objective is not None,
    )
    census = CapacityMonitor(config.resources, slots)
    searcher = ArmSearcher(
        config, arms, journal, referee, directory=sweep.directory, census=census, space=sweep.space
    )
    scheduler = ArmScheduler(config, slots)
    scheduler.restore(journal.record, referee.best_so_far_by_epoch)
    scratch = Path(tempfile.mkdtemp(prefix="mtl_search-"))
    try:
        with disk.writes_to(scratch):
            _tune(sweep, searcher, scheduler, StopWithoutCapacity(census, searcher.abort), scratch)
    except Exception:
        if searcher.halt.error is None:  # on a full disk Tune may have its own trouble
            raise
    finally:
        if config.resources.workers > 1:
            placement_groups.wait_for_slots()
        shutil.rmtree(scratch, ignore_errors=True)
    error = searcher.halt.error or searcher.error
    if error is not None:
        raise error
    if searcher.finished:
        journal.write("done")


def _tune(
    sweep: _Sweep,
    searcher: ArmSearcher,
    scheduler: ArmScheduler,
    patience: StopWithoutCapacity,
    scratch: Path,
) -> None:
    callbacks: list[tune.Callback] = [TrialRecorder(searcher)]
    if sweep.config.resources.workers > 1:
        callbacks.append(placement_groups.PlacementGroupCleaner())
    tuner = tune.Tuner(
        _slot(sweep),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=scheduler,
            num_samples=1_000_000_000,  # the searcher says when it has finished
            reuse_actors=True,
            trial_name_creator=lambda trial: trial.config["id"],
            trial_dirname_creator=lambda trial: trial.config["id"],
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(scratch),
            callbacks=callbacks,
            stop=CombinedStopper(searcher.halt, patience),
            failure_config=tune.FailureConfig(max_failures=0),  # the searcher begins it again
            # Trials have checkpoints of their own; Tune's would want a folder that all nodes share.
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            verbose=0,
        ),
    )
    with connection.handlers_kept(signal.SIGINT, signal.SIGUSR1):
        tuner.fit()


def _slot(sweep: _Sweep) -> Any:
    """What Tune makes an actor of: a slot that trains in its own process, or one that leads a worker group."""
    wanted = sweep.config.resources
    if wanted.workers == 1:
        threads = max(1, int(wanted.cpus_per_worker))
        slot = tune.with_parameters(
            SlotTrainable, data=sweep.data, threads=threads, objective=sweep.objective
        )
        return tune.with_resources(
            slot, {"CPU": wanted.cpus_per_worker, "GPU": wanted.gpus_per_worker}
        )
    from mtl_search.training.workers.worker_group import (
        WorkerGroupTrainable,
    )  # Ray Train is slow to import

    parcel = [ray.put((sweep.data, sweep.objective))]
    retries = sweep.config.search.retries
    grows = bool(connection.autoscaler_nodes())
    leader = tune.with_parameters(
        WorkerGroupTrainable, parcel=parcel, resources=wanted, retries=retries, grows=grows
    )
    return tune.with_resources(leader, {"memory": 1})  # a byte: Tune wants it to ask for something
