"""When to stop a trial early: Ray Tune's schedulers, one for each arm.

Arms are judged by different numbers (a single-task arm by its own task, the others by all), so
they must not share rungs or medians. Finalists are never stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtl_search.config import Config
from mtl_search.registry import Registry
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.search.schedulers.settings import ASHA, FIFO, PBT, Median

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

SCHEDULERS: Registry[Any] = Registry(
    "scheduler",
    {"fifo": FIFO, "asha": ASHA, "median": Median, "pbt": PBT},
    given=("epochs",),
    base="ray.tune.schedulers:TrialScheduler",
)


def build_scheduler(config: Config) -> TrialScheduler:
    """Build the scheduler of one arm.

    Raises:
        ConfigError: An unknown name or argument, or a value that Ray refuses.
    """
    scheduler: TrialScheduler = SCHEDULERS.build(*_call(config))
    return scheduler


def prepare_scheduler(config: Config) -> Any:
    """Check the scheduler, without importing Ray for one of ours.

    Returns:
        The settings of one of ours, or a scheduler of the user's.

    Raises:
        ConfigError: As of `build_scheduler`.
    """
    return SCHEDULERS.prepare(*_call(config))


def pbt_config(config: Config) -> PBTConfig | None:
    """Return the rules of a scheduler that makes the trials of an arm a population; else None."""
    prepared = prepare_scheduler(config)
    rules = prepared.rules if isinstance(prepared, PBT) else getattr(prepared, "rules", None)
    return rules if isinstance(rules, PBTConfig) else None


def stop_epochs(config: Config) -> tuple[int, ...] | None:
    """Return the epochs after which a trial may be stopped; None: that is not known of any.

    A trial that goes on from a checkpoint may be stopped at its first report, too.

    Raises:
        ConfigError: As of `build_scheduler`.
    """
    prepared = prepare_scheduler(config)
    # Not their subclasses: a user's own may stop trials by another rule.
    return prepared.stop_epochs if type(prepared) in (FIFO, ASHA, PBT) else None


def _call(config: Config) -> tuple[str, dict[str, Any], str, int]:
    member = config.search.scheduler
    return member.name, member.arguments, "search.scheduler", config.training.epochs
