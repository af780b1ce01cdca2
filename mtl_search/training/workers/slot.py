"""A warm slot: one Tune actor that trains trial after trial, in its own process.

Starting a process, importing torch and moving the data to the device take seconds; a trial of a
small network takes less. So the actor stays (`reuse_actors=True`), and `reset_config` sets up the
next trial in it.

A failure that belongs to the trial (a loss that is not finite, an error in a network of the user's,
too little GPU memory) is an answer, not a crash: the slot stays warm. Only a dead process is a
crash, after which Tune starts a new actor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.source.collection import collection_paused

with collection_paused():  # every slot imports these, for most of the time until it trains
    from ray import tune
    from ray.util import get_node_ip_address

    from mtl_search.config.secrets import reveal
    from mtl_search.data import DataSet
    from mtl_search.metrics.objective import ObjectiveFunction
    from mtl_search.storage.permissions import make_private
    from mtl_search.training.out_of_memory import with_smaller_batches
    from mtl_search.training.packs.runner import PackRunner
    from mtl_search.training.runner import TrialRunner, is_fatal_cuda_error
    from mtl_search.training.trial import TrialSpec
    from mtl_search.training.trial_report import TrialReport, to_result
    from mtl_search.training.workers import stops


class SlotTrainable(tune.Trainable):
    """Train the trials that Tune assigns, one after another, in this process."""

    def setup(  # type: ignore[override]  # `tune.with_parameters` gives the rest
        self,
        config: dict[str, Any],
        data: DataSet,
        threads: int = 1,
        objective: ObjectiveFunction | None = None,
        handed_over: bool = False,
        *,
        vault: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the actor and its first trial.

        Args:
            config: The first trial or pack: `specs` has a `TrialSpec` each as JSON, `stops` the
                key under which it is told of members to stop, empty where there are none.
            data: The data set, read in place from Ray's object store.
            threads: The number of CPU threads of torch.
            objective: A function of the user's in place of the trial's own objective.
            handed_over: Whether the data set is an object of the user's.
            vault: The secrets for the placeholders in the specs of trials.
        """
        make_private()
        self._vault = vault or {}
        self._runner = TrialRunner(data, objective, threads=threads, handed_over=handed_over)
        self._node = get_node_ip_address()
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare a further trial, or a pack of trials, in place of `setup`."""
        specs = [TrialSpec.from_json(reveal(text, self._vault)) for text in new_config["specs"]]
        self._pack: PackRunner | None = None
        self._stops = new_config["stops"]
        if len(specs) > 1:
            self._pack = PackRunner(self._runner, specs)
            return True
        self._begin(specs[0])
        self._epoch = 0  # the last one that was reported
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch; a trial that goes on from a checkpoint first reports the one before."""
        if self._pack is None:
            return to_result({self._spec.id: self._step_alone()})
        reports = self._pack.run_epoch(stops.read(self._stops) if self._stops else ())
        placed = {name: report.with_node(self._node) for name, report in reports.items()}
        return to_result(placed, done=self._pack.done)

    def _step_alone(self) -> TrialReport:
        report = self._attempt()
        again = with_smaller_batches(self._spec, report)
        if again is not None:
            self._begin(again)
            report = self._attempt()
        self._epoch = report.epoch
        return report.with_node(self._node)

    def _begin(self, spec: TrialSpec) -> None:
        self._spec = spec
        self._runner.setup(spec)

    def _attempt(self) -> TrialReport:
        try:
            return self._runner.train_until(self._epoch + 1)
        except Exception as error:
            if is_fatal_cuda_error(error):
                raise
            return self._runner.failure(error)

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Do nothing: the trainer writes the checkpoints."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Do nothing: the trainer reads the checkpoints."""
