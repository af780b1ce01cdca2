"""The recommended model as MLflow's logged model, with the test metrics that belong to it.

Nothing here uses a run that is active in the process: MLflow's own `log_model` needs one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtl_search.config import Config
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking import mapping
from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.models.page import ModelPage
from mtl_search.tracking.models.registry import register_version
from mtl_search.tracking.models.values import model_values
from mtl_search.tracking.pages.dataset import data_of, dataset_key
from mtl_search.tracking.pages.page import SweepPage
from mtl_search.tracking.run_state import RunState
from mtl_search.tracking.trial_values import Yardstick, varied_params

MARK = f"{mapping.TAG}model"
# Characters that MLflow refuses in the names of models.
_REFUSED = re.compile(r"""[/:.%"'\s]+""")
# How servers before MLflow 3 answer, which have no logged models.
_UNKNOWN = {"ENDPOINT_NOT_FOUND", "NOT_FOUND"}


class LoggedModels:
    """The models of one sweep.

    Args:
        client: The store.
        config: The sweep's config.
    """

    def __init__(self, client: TrackingClient, config: Config) -> None:
        self.client = client
        self.config = config

    def publish(
        self, page: SweepPage, model: ModelPage, parent: RunState, run_ids: Mapping[str, str]
    ) -> Any:
        """Log the model unless MLflow has it, and register it where that is asked for.

        Args:
            page: What is shown of the sweep.
            model: The model.
            parent: The sweep's own run.
            run_ids: Trial → id of its run.

        Returns:
            The logged model; None where the store is too old to have any.

        Raises:
            MtlSearchError: The networks cannot be loaded.
        """
        from mlflow.exceptions import MlflowException

        try:
            found = self.find(page.record.id, model.mark)
        except MlflowException as error:
            if error.error_code in _UNKNOWN:
                return None
            raise
        if found is None or str(found.status) != "READY":
            found = self._log(page, model, parent, run_ids, found)
        if model.register:
            register_version(self.client, found, model.register)
        return found

    def find(self, sweep: str, mark: str) -> Any:
        """Return the logged model of a sweep that has these networks; None where there is none.

        Args:
            sweep: The sweep's id.
            mark: The digest of the networks.
        """
        query = f"tags.`{mapping.SWEEP}` = '{sweep}' AND tags.`{MARK}` = '{mark}'"
        models = self.client.ask("search_logged_models", [self.client.experiment_id], query)
        ready = [model for model in models if str(model.status) == "READY"]
        return next(iter(ready or models), None)

    def _log(
        self,
        page: SweepPage,
        model: ModelPage,
        parent: RunState,
        run_ids: Mapping[str, str],
        begun: Any,
    ) -> Any:
        """Log the model, or end what an outage has interrupted.

        Args:
            page: What is shown of the sweep.
            model: The model.
            parent: The sweep's own run.
            run_ids: Trial → id of its run.
            begun: The logged model that lacks its files; None: there is none.
        """
        save = model.load()  # first, so that nothing is made of a model that cannot be loaded
        trials = [page.record.trials[trial] for trial in model.trials]
        logged = begun or self._create(page, model, parent, trials)
        ids = {
            "model_id": logged.model_id,
            "run_id": parent.id,
            "artifact_path": logged.artifact_location,
        }
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            save(folder, **ids)
            self.client.log_model_files(logged.model_id, folder)
        self._bind(page, logged.model_id, trials, parent, run_ids)
        logged = self.client.change("finalize_logged_model", logged.model_id, "READY")
        self._supersede(page.record.id, logged.model_id)
        return logged

    def _create(
        self, page: SweepPage, model: ModelPage, parent: RunState, trials: list[TrialRecord]
    ) -> Any:
        tags = {
            **model.tags,
            mapping.SWEEP: page.record.id,
            MARK: model.mark,
            "verdict": page.verdict,
            "recommended": "true",
        }
        params = {"arm": ", ".join(dict.fromkeys(str(trial.arm.base) for trial in trials))}
        params["trials"] = ", ".join(trial.id for trial in trials)
        if len(trials) == 1:
            params |= mapping.trial_params(trials[0], varied_params(self.config))
        return self.client.change(
            "create_logged_model",
            self.client.experiment_id,
            _REFUSED.sub("_", self.config.name),
            parent.id,
            tags,
            params,
            "multi-task network",
        )

    def _bind(
        self,
        page: SweepPage,
        model_id: str,
        trials: list[TrialRecord],
        parent: RunState,
        run_ids: Mapping[str, str],
    ) -> None:
        """Bind the test metrics to the model; of one network they are those of its finalist's run.

        Args:
            page: What is shown of the sweep.
            model_id: The id of the logged model.
            trials: The trials whose networks it has.
            parent: The sweep's own run.
            run_ids: Trial → id of its run.
        """
        from mlflow.entities import LoggedModelOutput, Metric

        record = page.record
        yardstick = Yardstick.of(record, self.config, page.final_reference)
        values = model_values(trials, record, self.config, yardstick)
        own = run_ids.get(trials[0].id) if len(trials) == 1 else None
        run = own or parent.id
        for producer in dict.fromkeys([parent.id, run]):
            self.client.change("log_outputs", producer, [LoggedModelOutput(model_id, 0)])
        data = data_of(record)
        dataset_name, dataset_digest = (None, None) if data is None else dataset_key(data)
        now = mapping.milliseconds(page.time)
        times = self._times(run, values) if own else {}
        points = [
            Metric(
                name,
                value,
                times.get(name, now),
                0,
                model_id=model_id,
                dataset_name=dataset_name,
                dataset_digest=dataset_digest,
                run_id=run,
            )
            for name, value in values.items()
        ]
        if points:
            self.client.change("log_batch", run, points)

    def _times(self, run: str, values: Mapping[str, float]) -> dict[str, int]:
        """Return when the run got values that it has already: a second point would double them."""
        times = {}
        for name, value in values.items():
            history = self.client.ask("get_metric_history", run, name)
            same = [point for point in history if point.value == value and point.step == 0]
            if same:
                times[name] = same[-1].timestamp
        return times

    def _supersede(self, sweep: str, model_id: str) -> None:
        """Mark the models that the sweep recommended before it was extended."""
        query = f"tags.`{mapping.SWEEP}` = '{sweep}' AND tags.recommended = 'true'"
        for model in self.client.ask("search_logged_models", [self.client.experiment_id], query):
            if model.model_id != model_id:
                self.client.change(
                    "set_logged_model_tags", model.model_id, {"recommended": "false"}
                )
