"""The named view of a sweep: MLflow's run list, grouped by arm, as table and as charts.

MLflow keeps views that are shared by a link in tags of the experiment. Their form is documented
nowhere; a test compares it with the pages of the installed version.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.tracking.mapping import SWEEP

TAG_PREFIX = "mlflow.sharedViewState."
_PREFIX = "deflate;"
# Columns of tasks' metrics in the table; more would hide the others.
_MOST_TASKS = 4


def view_key(sweep: str) -> str:
    """Return the key of a sweep's view.

    Args:
        sweep: The sweep's id.
    """
    return f"mtl_search-{sweep}"


def view_state(
    sweep: str,
    measure: str,
    metrics: Sequence[str],
    params: Sequence[str],
    *,
    has_finalists: bool,
) -> dict[str, Any]:
    """Return the state of MLflow's run list that shows a sweep.

    The finalists are grouped by arm and sorted by the measure on the test split. A sweep without
    finalists shows its trials, by their best value on the validation split.

    Args:
        sweep: The sweep's id.
        measure: `skill`, `delta_m` or `objective`.
        metrics: `<task>/<metric>` of the main tasks, the most important first.
        params: Names of params that get a column.
        has_finalists: Whether there are finalists.
    """
    prefix = "test" if has_finalists else "best/val"
    kind = "final" if has_finalists else "search"
    shown = [f"{prefix}/{name}" for name in (measure, *metrics[:_MOST_TASKS])]
    columns = [
        "attributes.`Duration`",
        *(f"metrics.`{name}`" for name in shown),
        *(f"tags.`{name}`" for name in ("arm", "kind", "depth", "seed")),
        *(f"params.`{name}`" for name in params),
    ]
    return {
        "searchFilter": f"tags.kind = '{kind}' AND tags.`{SWEEP}` = '{sweep}'",
        "orderByKey": f"metrics.`{shown[0]}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "groupBy": {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": "arm"}],
        },
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "SHOW_ALL",
        "hideEmptyCharts": True,
        **{name: {} for name in ("groupsExpanded", "runsExpanded", "runsVisibilityMap")},
        **{name: [] for name in ("runsPinned", "runsHidden", "columnOrder")},
        "columnWidths": {},
    }


def encoded(state: Mapping[str, Any]) -> str:
    """Return a view's state as the value of its tag.

    Examples:
        >>> decoded(encoded({"orderByAsc": False}))
        {'orderByAsc': False}
    """
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode())
    return _PREFIX + base64.b64encode(packed).decode()


def decoded(value: str) -> dict[str, Any]:
    """Return the state that a tag holds."""
    packed = base64.b64decode(value.removeprefix(_PREFIX))
    state: dict[str, Any] = json.loads(zlib.decompress(packed))
    return state
