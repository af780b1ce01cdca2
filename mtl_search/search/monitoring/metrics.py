"""The metrics of a sweep: names, what they say, and their tags."""

from __future__ import annotations

from dataclasses import dataclass

# Ray puts it before every name.
PREFIX = "ray_"


@dataclass(frozen=True)
class SweepMetric:
    """One metric, a gauge.

    Attributes:
        name: Its name, without Ray's prefix.
        description: What it says.
        tags: What tells its values apart; Ray adds tags of its own, such as the node's address.
    """

    name: str
    description: str
    tags: tuple[str, ...] = ("sweep",)

    @property
    def exposed_name(self) -> str:
        """The name by which Prometheus knows it.

        Examples:
            >>> SLOTS.exposed_name
            'ray_mtl_search_slots'
        """
        return PREFIX + self.name


TRIALS = SweepMetric(
    "mtl_search_trials",
    "Trials by arm and state: RUNNING, COMPLETE, PRUNED or FAIL.",
    ("sweep", "arm", "state"),
)
PLANNED = SweepMetric(
    "mtl_search_trials_planned", "Trials that an arm is to have, by the budget.", ("sweep", "arm")
)
EPOCHS = SweepMetric("mtl_search_epochs", "Epochs trained so far.", ("sweep", "arm"))
BEST_OBJECTIVE = SweepMetric(
    "mtl_search_best_objective", "Best objective of an arm on validation data.", ("sweep", "arm")
)
BEST_SKILL = SweepMetric(
    "mtl_search_best_skill",
    "Mean skill of the best trial of an arm on validation data; 1 is a perfect prediction.",
    ("sweep", "arm"),
)
BEST_DELTA_M = SweepMetric(
    "mtl_search_best_delta_m_percent",
    "Gain of the best trial of an arm over the single-task networks, in percent of theirs.",
    ("sweep", "arm"),
)
SLOTS = SweepMetric("mtl_search_slots", "Trials that may run at a time.")
SLOTS_BUSY = SweepMetric("mtl_search_slots_busy", "Trials that run.")
UNSENT = SweepMetric("mtl_search_mlflow_unsent_events", "Events that have not reached MLflow yet.")

METRICS = (
    TRIALS,
    PLANNED,
    EPOCHS,
    BEST_OBJECTIVE,
    BEST_SKILL,
    BEST_DELTA_M,
    SLOTS,
    SLOTS_BUSY,
    UNSENT,
)
