"""All trials with all that is known of them, and their epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtl_search.analysis.leaderboard import leaderboard
from mtl_search.config import Config
from mtl_search.storage.records import SweepRecord

if TYPE_CHECKING:
    import pandas as pd


def trials_table(record: SweepRecord, config: Config) -> pd.DataFrame:
    """Return the leaderboard, with the values of each trial and its metrics on the test split.

    Args:
        record: The sweep.
        config: Its config.

    Returns:
        One row a trial. Beside the columns of `leaderboard`: the dotted path of each setting that
        differs between trials, such as `training.optimizer.lr`, and `test/<task>/<metric>`, which
        finalists have. A value that a trial does not have is NaN or None.
    """
    import pandas as pd

    table = leaderboard(record, config)
    trials = [record.trials[name] for name in table["trial"]]
    columns: dict[str, list[Any]] = {}
    for path in dict.fromkeys(path for trial in trials for path in trial.overrides):
        columns[path] = [_cell(trial.overrides.get(path)) for trial in trials]
    for key in dict.fromkeys(key for trial in trials for key in trial.test):
        columns[key] = [trial.test.get(key) for trial in trials]
    further = {
        name: _column(values) for name, values in columns.items() if name not in table.columns
    }
    return pd.concat([table, pd.DataFrame(further, index=table.index)], axis="columns")


def epochs_table(record: SweepRecord) -> pd.DataFrame:
    """Return the learning curves of all trials.

    Args:
        record: The sweep.

    Returns:
        One row an epoch of a trial, with `trial, arm, epoch, objective` (the best so far) and all
        metrics of that epoch, such as `train/<task>/loss`, `val/<task>/<metric>` and `lr`.
    """
    import pandas as pd

    rows = [
        {
            "trial": trial.id,
            "arm": str(trial.arm),
            "epoch": epoch.epoch,
            "objective": epoch.best_objective,
            **epoch.metrics,
        }
        for trial in record
        for epoch in trial.epochs
    ]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=_FIRST)


_FIRST = ["trial", "arm", "epoch", "objective"]


def _cell(value: Any) -> Any:
    """Return a value that a table can group by: a component is its text where it is a mapping."""
    return str(value) if isinstance(value, dict | list) else value


def _column(values: list[Any]) -> pd.Series[Any]:
    """Return a column of numbers as numbers, with NaN for none, and of anything else as it is."""
    import pandas as pd

    given = [value for value in values if value is not None]
    is_numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    if given and is_numeric and len(given) < len(values):
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype=None if given and is_numeric else object)
