"""Sends what is shown of a sweep as a whole: corrections first, then description, view and files.

Everything is compared with what MLflow has, so a page that is sent again changes nothing.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from mtl_search.analysis.references import main_metrics
from mtl_search.config import Config
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking import links, mapping
from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.models.logged import LoggedModels
from mtl_search.tracking.pages import description, named_view
from mtl_search.tracking.pages.dataset import data_of, dataset_input
from mtl_search.tracking.pages.named_view import COMPARED
from mtl_search.tracking.pages.page import SweepPage, digest
from mtl_search.tracking.run_state import RunState
from mtl_search.tracking.trial_values import (
    Yardstick,
    final_points,
    final_values,
    fingerprint,
    varied_params,
)

# Artifacts that the description leads to, and MLflow's tag that a run has tables.
LEADERBOARD = "leaderboard.json"
REPORT = "report/report.html"
_TABLES = "mlflow.loggedArtifacts"
# Names of what was sent last, with digests of its contents.
SHOWN = f"mlflow.{mapping.TAG}shown"  # MLflow shows no tag that begins so
# How often the experiment is written where other sweeps write it at the same moment.
_MOST_WRITES = 5
_KIND, _TRAINING = "mlflow.experimentKind", "custom_model_development"

# A step of the work: what it is called in the log, and what does it.
Step = tuple[str, Callable[[], None]]


class Publisher:
    """Send the page of one sweep.

    Args:
        config: The sweep's config.
        client: The store.
        name: Name of the sweep's run.
    """

    def __init__(self, config: Config, client: TrackingClient, name: str) -> None:
        self.config = config
        self.client = client
        self.name = name

    def steps(
        self,
        page: SweepPage,
        parent: RunState,
        run_ids: Mapping[str, str],
        sent: dict[str, int],
    ) -> Iterator[Step]:
        """Yield what is to be done, one store request or a few each.

        Args:
            page: What is shown.
            parent: The sweep's own run.
            run_ids: Trial → id of its run.
            sent: Trial → `fingerprint` of the values that were sent; kept up to date.
        """
        for trial, values in self._changed(page, sent):
            if trial.id in run_ids:
                run = run_ids[trial.id]
                yield trial.id, partial(self._correct, page, trial, values, run)
                sent[trial.id] = fingerprint(trial, values)
        for trial, params in self._incomplete(page):
            if trial.id in run_ids:
                yield trial.id, partial(self._complete, params, run_ids[trial.id])
        shown = _shown(parent)
        yield from self._texts(page, parent, shown)
        data = data_of(page.record)
        if data is not None:
            yield from self._data(data, page, parent, run_ids, shown)
        yield "the experiment", partial(self._show_in_experiment, page)
        for target in page.files:
            yield f"artifact {target}", partial(self._store, page, parent, target)
        # Another sweep that ends at this moment may have read the description before it was
        # written, and put its own in place of it.
        yield "the experiment", partial(self._show_in_experiment, page)
        if page.model is not None:
            logged = LoggedModels(self.client, self.config)
            yield "the model", partial(logged.publish, page, page.model, parent, run_ids)

    def _changed(
        self, page: SweepPage, sent: Mapping[str, int]
    ) -> Iterator[tuple[TrialRecord, dict[str, float]]]:
        """Yield the trials whose values have changed since they were sent."""
        yardstick = Yardstick.of(page.record, self.config, page.final_reference)
        for trial in page.record:
            values = final_values(trial, page.record, self.config, yardstick)
            # Whether a finalist is compared is known here alone.
            is_changed = trial.arm.is_final or sent.get(trial.id) != fingerprint(trial, values)
            if values and is_changed:
                yield trial, values

    def _correct(
        self, page: SweepPage, trial: TrialRecord, values: Mapping[str, float], run: str
    ) -> None:
        state = RunState.of(self.client.ask("get_run", run))
        points = final_points(trial, values, page.record, self.config, page.time)
        tags = {COMPARED: str(trial.id in page.compared).lower()} if trial.arm.is_final else {}
        self.client.send(run, state.new_points(points), {}, state.new_tags(tags))

    def _incomplete(self, page: SweepPage) -> Iterator[tuple[TrialRecord, dict[str, str]]]:
        """Yield trials that lack a param which a space of the user's own has given to others."""
        known = varied_params(self.config)
        names = [mapping.trial_params(trial, known) for trial in page.record]
        union = {name for params in names for name in params}
        everything = mapping.sweep_params(self.config)
        for trial, params in zip(page.record, names, strict=True):
            lacking = {name: everything[name] for name in union - params.keys() & everything.keys()}
            if lacking:
                yield trial, lacking

    def _complete(self, params: Mapping[str, str], run: str) -> None:
        state = RunState.of(self.client.ask("get_run", run))
        self.client.send(run, (), state.new_params(params))

    def _texts(self, page: SweepPage, parent: RunState, shown: Mapping[str, str]) -> Iterator[Step]:
        table = _table(page)
        if page.rows and shown.get(LEADERBOARD) != digest(table):
            yield LEADERBOARD, partial(self._store_table, parent, table)
        tags = {
            description.NOTE: self._note(page, parent),
            "verdict": page.verdict,
        }
        if new := parent.new_tags(tags):
            yield "the description", partial(self._tag, parent, new)

    def _note(self, page: SweepPage, parent: RunState) -> str:
        links_below = self._links(page, parent)
        room = description.RUN_LENGTH - len(links_below) - 2
        text = description.cut(f"{page.sentence}\n\n{page.details}", room)
        return f"{text}\n\n{links_below}"

    def _links(self, page: SweepPage, parent: RunState) -> str:
        experiment, sweep = self.client.experiment_id, page.record.id
        run = links.run_url(experiment, parent.id, "")
        pages = {
            "charts by arm": links.view_url(experiment, sweep, ""),
            "table by arm": links.view_url(experiment, sweep, "", charts=False),
            "the sweep's run": run,
        }
        if page.rows:
            pages["leaderboard"] = _artifact_url(run, LEADERBOARD)
        if REPORT in page.files:
            pages["report"] = _artifact_url(run, REPORT)
        return " · ".join(f"[{text}]({address})" for text, address in pages.items())

    def _store_table(self, parent: RunState, table: str) -> None:
        # MLflow's own `log_table` adds rows to a table that is there.
        self.client.log_text(parent.id, table, LEADERBOARD)
        listed = json.dumps([{"path": LEADERBOARD, "type": "table"}])
        self._tag(parent, {_TABLES: listed})
        self._note_shown(parent, LEADERBOARD, digest(table))

    def _store(self, page: SweepPage, parent: RunState, target: str) -> None:
        path = page.files[target]
        mark = digest(path)
        if _shown(parent).get(target) != mark:
            folder = target if path.is_dir() else posixpath.dirname(target)
            self.client.log_path(parent.id, path, folder)
            self._note_shown(parent, target, mark)

    def _data(
        self,
        data: Mapping[str, Any],
        page: SweepPage,
        parent: RunState,
        run_ids: Mapping[str, str],
        shown: Mapping[str, str],
    ) -> Iterator[Step]:
        """Yield the inputs of the sweep's run, and of the finalists that lack theirs."""
        finalists = [
            trial.id for trial in page.record if trial.arm.is_repeat and trial.id in run_ids
        ]
        mark = digest(json.dumps([dict(data), finalists], default=str, sort_keys=True))
        if shown.get("data") == mark:
            return

        def send() -> None:
            inputs = [dataset_input(data, "training")]
            for run in [parent.id, *(run_ids[trial] for trial in finalists)]:
                self.client.change("log_inputs", run, inputs)
            self._note_shown(parent, "data", mark)

        yield "the data set", send

    def _show_in_experiment(self, page: SweepPage) -> None:
        """Write until nothing is missing: MLflow cannot change a tag only if it is as it was."""
        for _ in range(_MOST_WRITES):
            if not self._write_in_experiment(page):
                return

    def _write_in_experiment(self, page: SweepPage) -> bool:
        """Write what the experiment lacks; return whether it lacked anything."""
        number = self.client.experiment_id
        tags = self.client.ask("get_experiment", number).tags
        section = description.Section(
            sweep=page.record.id,
            time=f"{datetime.fromtimestamp(page.time, UTC):%Y-%m-%d %H:%M}",
            name=self.name,
            link=links.view_url(number, page.record.id, ""),
            text=f"{page.sentence}\n\n{page.details}",
        )
        new = {
            description.NOTE: description.with_section(tags.get(description.NOTE, ""), section),
            named_view.TAG_PREFIX + named_view.view_key(page.record.id): self._view(page),
            _KIND: _TRAINING,
        }
        lacking = {name: value for name, value in new.items() if tags.get(name) != value}
        for name, value in lacking.items():
            self.client.change("set_experiment_tag", number, name, value)
        return bool(lacking)

    def _view(self, page: SweepPage) -> str:
        tasks = main_metrics(page.record, self.config)
        shown = [t for t in page.record if t.id in page.compared or not page.has_finalists]
        view = named_view.ViewOf(
            page.record.id,
            page.measure,
            metrics=[f"{task}/{names[0]}" for task, names in tasks.items() if names],
            params=[mapping.clean_name(name) for name in varied_params(self.config)][:8],
            arms=sorted({trial.arm.base for trial in shown}),
            has_finalists=page.has_finalists,
        )
        return named_view.encoded(named_view.view_state(view))

    def _tag(self, parent: RunState, tags: Mapping[str, str]) -> None:
        self.client.send(parent.id, (), None, tags)
        parent.tags.update(tags)

    def _note_shown(self, parent: RunState, name: str, mark: str) -> None:
        shown = json.dumps({**_shown(parent), name: mark}, separators=(",", ":"))
        if len(shown) <= description.RUN_LENGTH:  # else the file is sent again next time
            self._tag(parent, {SHOWN: shown})


def _artifact_url(run: str, name: str) -> str:
    """Return the address that opens an artifact on the page of a run, of which `run` is that."""
    return run.replace("?", f"/artifacts/{name}?", 1)


def _shown(parent: RunState) -> dict[str, str]:
    """Return what the sweep's run had last: name → digest."""
    shown: dict[str, str] = json.loads(parent.tags.get(SHOWN) or "{}")
    return shown


def _table(page: SweepPage) -> str:
    """Return the leaderboard in the form of MLflow's tables, with all digits."""
    rows = [[_cell(row.get(name)) for name in page.columns] for row in page.rows]
    return json.dumps({"columns": list(page.columns), "data": rows})


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return json.dumps(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
