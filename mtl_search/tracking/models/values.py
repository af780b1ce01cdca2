"""What the test split says of a model of one or several networks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl_search.analysis.skills import known_delta_m, mean_skill
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking.mapping import clean_names
from mtl_search.tracking.trial_values import Yardstick


def model_values(
    trials: Sequence[TrialRecord], record: SweepRecord, config: Config, yardstick: Yardstick
) -> dict[str, float]:
    """Return the test metrics of a model by their names in MLflow.

    `test/<task>/<metric>` are those of the network that predicts the task, `test/skill` and
    `test/delta_m` those of all tasks together, as of a finalist.

    Args:
        trials: The trials whose networks the model has.
        record: The sweep, whose scales count.
        config: The sweep's config.
        yardstick: What the model is measured by.

    Returns:
        Nothing where a network was not judged by the test split.
    """
    if not all(trial.test for trial in trials):
        return {}
    test = {key: value for trial in trials for key, value in trial.test.items()}
    own = {
        task: names
        for task, names in yardstick.tasks.items()
        if all(metric_key("test", task, name) in test for name in names)
    }
    values = dict(test)
    if own:
        values["test/skill"] = mean_skill(record, config, own, test, "test")
    values["test/delta_m"] = known_delta_m(test, yardstick.final_reference, own, "test")
    known = {name: float(value) for name, value in values.items() if math.isfinite(value)}
    return clean_names(known)
