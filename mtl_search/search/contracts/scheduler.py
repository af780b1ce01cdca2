"""The contract of a scheduler: for each report of a trial it says whether the trial goes on."""

from __future__ import annotations

from typing import Any

from mtl_search.config import Config
from mtl_search.errors import ConfigError, MtlSearchError, first_line
from mtl_search.search.schedulers import build_scheduler, pbt_config
from mtl_search.training.trial_report import METRIC

_PATH = "search.scheduler"
_TRIALS = 3


def check_own_scheduler(config: Config) -> None:
    """Report a few trials to a scheduler of the user's, as an arm would.

    Args:
        config: The sweep's config; a scheduler of ours is not tried.

    Raises:
        ConfigError: It fails, or decides anything else than to go on or to stop.
    """
    name = config.search.scheduler.name
    if ":" not in name or pbt_config(config) is not None:
        return
    from ray.tune.schedulers import TrialScheduler

    from mtl_search.search.schedulers.stand_in import stand_in

    part, controller = f"the scheduler {name!r}", None
    epochs = config.training.epochs
    allowed = (TrialScheduler.CONTINUE, TrialScheduler.STOP)
    try:
        scheduler: Any = build_scheduler(config)
        running = [stand_in(f"tried-{number}") for number in range(_TRIALS)]
        for trial in running:
            scheduler.on_trial_add(controller, trial)
        for epoch in range(1, epochs + 1):
            for number, trial in enumerate(list(running)):
                result = {"epoch": epoch, METRIC: epoch / epochs - number}
                if epoch == epochs:
                    scheduler.on_trial_complete(controller, trial, result)
                    continue
                decision = scheduler.on_trial_result(controller, trial, result)
                if decision not in allowed:
                    needed = " or ".join(map(repr, allowed))
                    message = f"{part} decides {decision!r}, and needed is {needed}"
                    raise ConfigError(message, path=_PATH)
                if decision == TrialScheduler.STOP:
                    running.remove(trial)
    except MtlSearchError:
        raise
    except Exception as error:  # code of the user's may raise anything
        reason = f"{type(error).__name__}: {first_line(error)[:300]}"
        raise ConfigError(
            f"{part} fails on the reports of trials, which have an `epoch` and {METRIC!r} (higher "
            f"is better) and no controller of Tune: {reason}",
            path=_PATH,
        ) from error
