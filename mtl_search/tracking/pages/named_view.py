"""The named view of a sweep: MLflow's run list, grouped by arm, as table and as charts.

MLflow keeps views that are shared by a link in tags of the experiment. Their form is documented
nowhere; a test compares it with the pages of the installed version.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.tracking.mapping import SWEEP

TAG_PREFIX = "mlflow.sharedViewState."
_PREFIX = "deflate;"
# Tag of a finalist: whether the verdict compares it. Others have lost the race of their arm.
COMPARED = "compared"
# Further settings of a chart by epoch, as MLflow has them in a new one.
_LINE = {
    "lineSmoothness": 0,
    "xAxisScaleType": "linear",
    "scaleType": "linear",
    "range": {},
    "xAxisKey": "step",
    "selectedXAxisMetricKey": "",
    "yAxisKey": "metric",
    "yAxisExpressions": [],
    "ignoreOutliers": False,
    "useGlobalXaxisKey": True,
    "useGlobalLineSmoothing": True,
}
# Columns and charts of tasks' metrics; more would hide the others.
_MOST_TASKS = 4


def view_key(sweep: str) -> str:
    """Return the key of a sweep's view.

    Args:
        sweep: The sweep's id.
    """
    return f"mtl_search-{sweep}"


@dataclass(frozen=True)
class ViewOf:
    """What a view shows.

    Attributes:
        sweep: The sweep's id.
        measure: `skill`, `delta_m` or `objective`.
        metrics: `<task>/<metric>` of the main tasks, the most important first.
        params: Names of params that get a column.
        arms: Arms of the runs; they are folded to their means in the table.
        has_finalists: Whether there are finalists.
    """

    sweep: str
    measure: str
    metrics: Sequence[str] = ()
    params: Sequence[str] = ()
    arms: Sequence[str] = ()
    has_finalists: bool = True

    @property
    def results(self) -> list[str]:
        """Names of the metrics that the runs are compared by, the most important first."""
        prefix = "test" if self.has_finalists else "best/val"
        return [f"{prefix}/{name}" for name in (self.measure, *self.metrics[:_MOST_TASKS])]

    @property
    def curves(self) -> list[str]:
        """Names of the metrics that are shown by epoch."""
        return [f"val/{name}" for name in (self.measure, *self.metrics[:_MOST_TASKS])]


def view_state(view: ViewOf) -> dict[str, Any]:
    """Return the state of MLflow's run list that shows a sweep.

    The finalists are grouped by arm and sorted by the measure on the test split. A sweep without
    finalists shows its trials, by their best value on the validation split.
    """
    kind = "tags.kind = 'search'"
    if view.has_finalists:
        kind = f"tags.kind = 'final' AND tags.{COMPARED} = 'true'"
    columns = [
        *(f"metrics.`{name}`" for name in view.results),
        *(f"tags.`{name}`" for name in ("depth", "seed")),
        *(f"params.`{name}`" for name in view.params),
    ]
    return {
        "searchFilter": f"{kind} AND tags.`{SWEEP}` = '{view.sweep}'",
        "orderByKey": f"metrics.`{view.results[0]}`",
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
        "groupsExpanded": {f"tag.arm.{arm}": False for arm in view.arms},
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "SHOW_ALL",
        "hideEmptyCharts": True,
        **_charts(view),
        **{name: {} for name in ("runsExpanded", "runsVisibilityMap", "columnWidths")},
        **{name: [] for name in ("runsPinned", "runsHidden", "columnOrder")},
    }


def _charts(view: ViewOf) -> dict[str, Any]:
    """Return bars of the results, then means and bands by epoch; MLflow adds the others below."""
    results = "on the test split" if view.has_finalists else "best on the validation split"
    sections = {"results": results, "curves": "validation by epoch"}
    return {
        "compareRunSections": [
            {
                "uuid": uuid,
                "name": name,
                "display": True,
                "isReordered": True,
                "deleted": False,
                "isGenerated": False,
            }
            for uuid, name in sections.items()
        ],
        "compareRunCharts": [
            *(_chart("BAR", name, "results") for name in view.results),
            *({**_chart("LINE", name, "curves"), **_LINE} for name in view.curves),
        ],
        "isAccordionReordered": True,  # else MLflow sorts the sections by name
    }


def _chart(kind: str, metric: str, section: str) -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": f"{section}-{metric}",
        "metricSectionId": section,
        "metricKey": metric,
        "displayName": metric,
        "deleted": False,
        "isGenerated": False,
        "runsCountToCompare": 100,
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
