"""`mtl-search export-weights`: the weights of a trial, for a config or a command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from rich.console import Console

from mtl_search import api
from mtl_search.analysis import loss_weights
from mtl_search.cli.options import check_form
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

Weights = Mapping[str, float]


def export_command(sweep: Path | None, trial: str | None, last: int | None, form: str) -> None:
    """Print the weights to standard output, and a note on them to standard error.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        trial: Id of the trial; None means the best adaptive one.
        last: The number of last epochs whose mean is taken; None means all.
        form: The format, `yaml`, `overrides` or `json`.

    Raises:
        ConfigError: The format is another one, or `last` is no number above 0.
        SweepError: There is no such sweep or trial, or it has no weights.
    """
    check_form(form, _FORMATS)
    if last is not None and last < 1:
        raise ConfigError("a whole number of 1 or more is needed", path="--last", value=last)
    result = api.Result(find_sweep(sweep))
    chosen = result.weights_trial(trial)
    weights = result.mean_weights(chosen.id, last=last)
    print(_FORMATS[form](weights, chosen))  # noqa: T201
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        _note(chosen, last, result.record), markup=False
    )


def _note(trial: TrialRecord, last: int | None, record: SweepRecord) -> str:
    if not loss_weights.is_adaptive(trial):
        other = loss_weights.best_adaptive(record)
        hint = f" The best adaptive trial is {other.id} (--trial)." if other else ""
        even = ", whatever --last says" if last else ""
        return f"{trial.id} has static weights: these are its loss weights{even}.{hint}"
    epochs = len(trial.epochs) if last is None else min(last, len(trial.epochs))
    return (
        f"Mean of {'the last ' if last else ''}{epochs} epoch(s) of {trial.id}, which is adaptive. "
        "To train with them: training.weighting=static training.aggregator=null"
    )


def _yaml(weights: Weights, trial: TrialRecord) -> str:
    tasks = {task: {"loss_weight": _rounded(weight)} for task, weight in weights.items()}
    return yaml.safe_dump({"tasks": tasks}, sort_keys=False, allow_unicode=True).rstrip("\n")


def _overrides(weights: Weights, trial: TrialRecord) -> str:
    return shlex.join(
        f"tasks.{task}.loss_weight={_rounded(weight)}" for task, weight in weights.items()
    )


def _json(weights: Weights, trial: TrialRecord) -> str:
    return json.dumps(
        {"trial": trial.id, "adaptive": loss_weights.is_adaptive(trial), "weights": weights},
        indent=1,
    )


def _rounded(weight: float) -> float:
    return float(f"{weight:.6g}")


_FORMATS: dict[str, Callable[[Weights, TrialRecord], str]] = {
    "yaml": _yaml,
    "overrides": _overrides,
    "json": _json,
}
