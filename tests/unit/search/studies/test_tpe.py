"""TPE that reads each trial once draws what Optuna's own draws."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.samplers import RandomSampler, TPESampler
from optuna.trial import Trial, TrialState, create_trial

from mtl_search.search.space.space import allow_any_choice
from mtl_search.search.studies import tpe
from mtl_search.search.studies.tpe import IncrementalTPESampler, TrialHistory

TRIALS, AT_RANDOM = 300, 270
WIDTHS: Any = [[8], [16, 16], [32]]
Space = Callable[[Trial], float]


def _numbers(trial: Trial) -> float:
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    share = trial.suggest_float("share", -1, 1)
    stepped = trial.suggest_float("stepped", 0, 1, step=0.25)
    depth = trial.suggest_int("depth", 0, 3)
    width = trial.suggest_int("width", 8, 512, log=True)
    return -((math.log10(rate) + 2) ** 2) - share**2 + stepped - abs(depth - 2) + width / 512


def _choices(trial: Trial) -> float:
    with allow_any_choice():
        widths = trial.suggest_categorical("widths", WIDTHS)
    return len(widths) + (trial.suggest_categorical("kind", ["a", "b", None]) == "b")


def _conditional(trial: Trial) -> float:
    """Values of which only some trials have all, in ranges that are not always the same."""
    depth = trial.suggest_int("depth", 0, 3)
    value = float(depth)
    if depth > 1:
        with allow_any_choice():
            value += len(trial.suggest_categorical("widths", WIDTHS))
    if depth % 2:
        value += trial.suggest_float("rate", 0.1, 1 + depth)
    return value + trial.suggest_float("share", 0, 1)


def _rounded(trial: Trial) -> float:
    """Many trials are equally good."""
    return float(round(_numbers(trial)))


SPACES: dict[str, Space] = {
    "numbers": _numbers,
    "choices": _choices,
    "conditional": _conditional,
    "ties": _rounded,
}


def drawn(sampler: Callable[..., TPESampler], space: Space, **arguments: Any) -> list[Any]:
    """Params of trials of which four run at a time and some fail, stop early or are told points.

    The sampler draws for the first and for the last, since every draw of TPE takes milliseconds.
    """
    under, at_random = sampler(seed=3, **arguments), RandomSampler(seed=4)
    study = optuna.create_study(direction="maximize")
    live: list[tuple[Trial, float]] = []
    for number in range(TRIALS):
        study.sampler = at_random if 20 < number < AT_RANDOM else under
        if number in (5, 40):
            study.enqueue_trial({"depth": 1, "share": 0.5})
        trial = study.ask()
        live.append((trial, space(trial)))
        if len(live) == 4:
            _end(study, *live.pop(number % 3))
    return [trial.params for trial in study.trials]


def _end(study: optuna.Study, trial: Trial, value: float) -> None:
    match trial.number % 10:
        case 3:
            study.tell(trial, state=TrialState.FAIL)
        case 4 | 5 | 6 as epochs:
            for epoch in range(epochs - 4):
                trial.report(math.nan if epoch == 1 and trial.number % 20 > 10 else value, epoch)
            study.tell(trial, state=TrialState.PRUNED)
        case _:
            study.tell(trial, value)


@pytest.mark.skipif(not tpe.is_known_optuna(), reason="Optuna's own sampler is used with this one")
@pytest.mark.parametrize(
    ("space", "arguments"),
    [
        *((space, {}) for space in SPACES),
        ("conditional", {"group": True}),
        ("numbers", {"n_startup_trials": 0}),
    ],
)
def test_draws_are_those_of_optuna(space: str, arguments: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of `group`, and of reports that are not a number
        kinds = {"multivariate": True, **arguments}
        incremental = drawn(IncrementalTPESampler, SPACES[space], **kinds)
        assert incremental == drawn(TPESampler, SPACES[space], **kinds)
    assert len({str(params) for params in incremental}) > 5  # they are no constants


def test_a_trial_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study(direction="maximize")
    history = TrialHistory(study)
    for value in (0.1, 0.3, 0.2):
        study.add_trial(create_trial(value=value))
        history.update()
    study.add_trial(create_trial(value=0.0))
    left = [None, None, None, study.trials[3]]
    monkeypatch.setattr(study, "_get_trials", lambda deepcopy: left)
    history.update()
    below, above = history.split(2)
    assert (below.tolist(), above.tolist()) == ([1, 2], [0, 3])


def test_trials_with_constraints_are_left_to_optuna() -> None:
    def constrained(trial: Trial) -> float:
        value = trial.suggest_float("x", 0, 1)
        trial.set_constraint("most", value - 0.5)
        return value

    assert drawn(IncrementalTPESampler, constrained) == drawn(TPESampler, constrained)


@pytest.mark.parametrize(("version", "known"), [("5.0.0", True), ("5.0.3", True), ("5.1.0", False)])
def test_an_unknown_optuna_draws_by_its_own_sampler(
    monkeypatch: pytest.MonkeyPatch, version: str, known: bool
) -> None:
    from mtl_search.search.samplers import TPE

    monkeypatch.setattr(optuna, "__version__", version)
    assert isinstance(TPE(seed=1).create(), IncrementalTPESampler) is known
