"""One sweep: all arms in one Tune run on warm slots, from the first trial to the last finalist."""

from __future__ import annotations

import logging
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.stopper import CombinedStopper

from mtl_search.cluster import connection, shared_storage
from mtl_search.cluster.first_trial import FirstTrialWatch
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.cluster.watch import RayWatch, end_process
from mtl_search.search.baselines.scoring import write_baselines
from mtl_search.search.checkpoint_retention import CheckpointRetention
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.search.provenance.writing import write_session
from mtl_search.search.recorder import TrialRecorder
from mtl_search.search.request import CheckedSweep, SweepRequest, check_request
from mtl_search.search.resume import prepare
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.stoppers import StopWithoutCapacity
from mtl_search.search.study import set_log_level
from mtl_search.storage import disk, sweep_directory
from mtl_search.storage.events import MetricScales, SweepCompleted
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from mtl_search.training.metric_scales import left_out
from mtl_search.training.workers import placement_groups
from mtl_search.training.workers.slot import SlotTrainable

logger = logging.getLogger(__name__)


def run_sweep(request: SweepRequest) -> SweepRecord:
    """Run a sweep to its end, or until it is interrupted.

    Args:
        request: The sweep to run.

    Returns:
        The record of its trials; its `complete` is False after an interruption.

    Raises:
        ConfigError: Something in the config is wrong; nothing has been written.
        SweepError: The sweep cannot start, or cannot go on; a `DiskFullError` where there is no
            room for its files.
    """
    set_log_level()
    checked = check_request(request)
    with SweepSession.open(checked) as session:
        session.run()
        return session.record


class SweepSession:
    """Run one session of a sweep: from its start, or a resume, to its end or an interruption.

    Args:
        sweep: The sweep, checked.
        journal: Its journal, open.
    """

    def __init__(self, sweep: CheckedSweep, journal: Journal) -> None:
        config = sweep.request.config
        self._sweep = sweep
        self._config = config
        self._scales = sweep.preflight.scales
        objectives = ArmObjectives(
            journal.record,
            sweep.metrics,
            kind=config.search.objective,
            has_singles="single" in config.search.arms,
            scales=self._scales.values,
            directions=self._scales.directions,
            importance={name: task.importance for name, task in config.tasks.items()},
            function=sweep.objective,
        )
        self._context = SweepContext(
            config,
            sweep.request.directory,
            journal,
            objectives,
            arms=sweep.arms,
            space=sweep.request.space,
        )

    @classmethod
    @contextmanager
    def open(cls, sweep: CheckedSweep) -> Iterator[SweepSession]:
        """Hold the sweep's folder, its journal and a connection to Ray for one session.

        Args:
            sweep: The sweep, checked.

        Raises:
            ConfigError: The config does not fit the sweep that is to be resumed.
            SweepError: Another process runs the sweep, or Ray cannot be reached.
        """
        request = sweep.request
        lost = partial(end_process, go_on=request.go_on)
        cluster = connection.ray_session(request.config, sweep.address)
        with cls.open_folder(sweep, cluster) as session, RayWatch(lost):
            yield session

    @classmethod
    @contextmanager
    def open_folder(
        cls, sweep: CheckedSweep, cluster: AbstractContextManager[None] | None = None
    ) -> Iterator[SweepSession]:
        """Hold the sweep's folder and its journal for one session.

        Args:
            sweep: The sweep, checked.
            cluster: The connection to Ray, opened once the folder is held; None: no Ray.

        Raises:
            ConfigError: The config does not fit the sweep that is to be resumed.
            SweepError: Another process runs the sweep.
        """
        request, config, directory = sweep.request, sweep.request.config, sweep.request.directory
        with disk.writes_to(directory), sweep_directory.locked(directory):
            prepare(directory, config, resume=request.resume)
            request.on_hold()
            with cluster or nullcontext():
                request.on_start()
                retention = CheckpointRetention(directory, config)
                path = directory / sweep_directory.JOURNAL
                with closing(Journal(path, [*request.observers, retention])) as journal:
                    retention.clean_up_finished(journal.record)
                    yield cls(sweep, journal)

    @property
    def context(self) -> SweepContext:
        """The objects that the parts of the session share."""
        return self._context

    @property
    def record(self) -> SweepRecord:
        """The record of the sweep's trials."""
        return self._context.record

    def run(self) -> None:
        """Run trials until every arm has spent its budget, or until an interruption.

        Raises:
            SweepError: The sweep cannot go on.
        """
        resources = self._config.resources
        slots = connection.slots(self._config)
        shared_storage.check_shared_storage(self._context.directory, resources.storage)
        self.write_start(slots)
        capacity_monitor = CapacityMonitor(resources, slots, first_trial=FirstTrialWatch(resources))
        searcher = ArmSearcher(self._context, capacity_monitor, self._sweep.data.targets)
        scheduler = ArmScheduler(self._config, slots)
        scheduler.restore_trials(self.record, self._context.objectives.best_so_far_by_epoch)
        stopper = CombinedStopper(
            searcher.disk_stopper, StopWithoutCapacity(capacity_monitor, searcher.abort)
        )
        self._tune_to_the_end(searcher, scheduler, stopper)
        error = searcher.disk_stopper.error or searcher.error
        if error is not None:
            raise error
        if searcher.finished:
            self.write_end()

    def write_start(self, slots: int) -> None:
        """Write that the session begins, with what, and by which scales metrics are compared.

        Args:
            slots: Number of trials at a time.
        """
        budget = trial_budget(self._config, self._sweep.arms)
        write_session(self._context.journal, self._sweep, slots=slots, budget=budget)
        self._write_scales()

    def write_end(self) -> None:
        """Write the references of tables, where there are any, and that the sweep is complete."""
        journal = self._context.journal
        write_baselines(journal, self._config, self._sweep.data, self._sweep.metrics)
        journal.write(SweepCompleted())

    def _write_scales(self) -> None:
        """Write the scales of the metrics down, where the journal has none or other ones."""
        scales = self._scales
        record = self.record
        written = (record.scales, record.excluded_metrics, record.directions)
        if written != (scales.values, scales.excluded, scales.directions):
            self._context.journal.write(
                MetricScales(
                    values=scales.values, excluded=scales.excluded, directions=scales.directions
                )
            )
        metrics = self._sweep.preflight.metrics
        for sentence in left_out(self._config, metrics, scales):
            logger.warning("%s", sentence)

    def _tune_to_the_end(
        self, searcher: ArmSearcher, scheduler: ArmScheduler, stopper: CombinedStopper
    ) -> None:
        """Run Tune with a folder of its own, which nobody needs later."""
        scratch = Path(tempfile.mkdtemp(prefix="mtl_search-"))
        try:
            with disk.writes_to(scratch):
                self._tune(searcher, scheduler, stopper, scratch)
        except Exception:
            if searcher.disk_stopper.error is None:  # on a full disk Tune may have its own trouble
                raise
        finally:
            if self._config.resources.workers > 1:
                placement_groups.wait_for_slots()
            shutil.rmtree(scratch, ignore_errors=True)

    def _tune(
        self,
        searcher: ArmSearcher,
        scheduler: ArmScheduler,
        stopper: CombinedStopper,
        scratch: Path,
    ) -> None:
        callbacks: list[tune.Callback] = [TrialRecorder(searcher, scheduler)]
        if self._config.resources.workers > 1:
            callbacks.append(placement_groups.PlacementGroupCleaner())
        tuner = tune.Tuner(
            self._trainable(),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=scheduler,
                num_samples=1_000_000_000,  # the searcher says when it has finished
                reuse_actors=True,
                trial_name_creator=_trial_id,
                trial_dirname_creator=_trial_id,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=str(scratch),
                callbacks=callbacks,
                stop=stopper,
                failure_config=tune.FailureConfig(max_failures=0),  # the searcher begins it again
                # Trials have checkpoints of their own; Tune's would want a folder that all nodes
                # share.
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                verbose=0,
                # The one for notebooks clears the output of the cell, ours included.
                progress_reporter=tune.CLIReporter(),
            ),
        )
        with connection.handlers_kept(signal.SIGINT, signal.SIGUSR1):
            tuner.fit()

    def _trainable(self) -> Any:
        """Return the class that Tune makes an actor of.

        A slot trains in its own process, or leads a worker group.
        """
        resources = self._config.resources
        data, objective = self._sweep.data, self._sweep.objective
        handed_over = self._sweep.request.data is not None
        if resources.workers == 1:
            threads = max(1, int(resources.cpus_per_worker))
            slot = tune.with_parameters(
                SlotTrainable,
                data=data,
                threads=threads,
                objective=objective,
                handed_over=handed_over,
                vault=self._context.vault,
            )
            return tune.with_resources(
                slot, {"CPU": resources.cpus_per_worker, "GPU": resources.gpus_per_worker}
            )
        # Here, since Ray Train is slow to import.
        from mtl_search.training.workers.worker_group import WorkerGroupTrainable

        leader = tune.with_parameters(
            WorkerGroupTrainable,
            data_ref=[ray.put((data, objective, handed_over))],
            resources=resources,
            retries=self._config.search.retries,
            grows=bool(connection.autoscaler_nodes()),
            vault=self._context.vault,
        )
        # A byte of memory: Tune wants it to ask for something.
        return tune.with_resources(leader, {"memory": 1})


def _trial_id(trial: Any) -> str:
    return str(trial.config["id"])
