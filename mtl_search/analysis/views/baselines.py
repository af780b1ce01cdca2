"""What simple models reach, beside the networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.skills import task_skill
from mtl_search.analysis.views.view import Column, View

_NETWORKS = {"single": "single-task network", "shared": "recommended network"}
_TITLES = {
    "linear": "linear model",
    "gradient_boosting": "gradient boosting",
    "single": "single",
    "shared": "shared",
}
_NOTE = (
    "On the test split, by the first metric of each task. Constant: the best constant prediction "
    "of the training split. Linear model and gradient boosting: scikit-learn with its defaults. "
    "Skill puts all metrics on one scale, from 0, a constant prediction, to 1, a perfect one."
)


def baselines(evidence: Evidence) -> View | None:
    """Return a row for each main task; None where there is nothing to compare."""
    tasks = task_rows(evidence.record, evidence.tasks, evidence.verdict)
    models = list(dict.fromkeys(name for row in tasks for name in row.references))
    has_networks = any(row.single is not None or row.shared is not None for row in tasks)
    if not models and not has_networks:
        return None
    rows = [_row(evidence, row, models) for row in tasks]
    names = [*models, *_NETWORKS]
    known = [name for name in names if any(row[name] is not None for row in rows)]
    columns = [
        Column("task", "task", help="The main task."),
        Column("metric", "metric", help="Its first metric, which selects."),
        Column("constant", "constant", "number", "What the best constant prediction reaches."),
        *(
            Column(name, _title(name), "number", f"What the {_words(name)} reaches.")
            for name in known
        ),
        *(
            Column(f"skill/{name}", f"{_title(name)}, skill", "skill", "The same as skill.")
            for name in known
            if any(row[f"skill/{name}"] is not None for row in rows)
        ),
    ]
    margin = evidence.config.search.finalists.margin
    about = {"models": models, "shown": known}
    title = "Networks and simple models"
    return View("baselines", title, _summary(rows, models, margin), columns, rows, _NOTE, about)


def _title(name: str) -> str:
    return _TITLES.get(name, name)


def _words(name: str) -> str:
    return _NETWORKS.get(name, _title(name))


def _row(evidence: Evidence, task: TaskRow, models: Sequence[str]) -> dict[str, Any]:
    values: dict[str, float | None] = {
        **{model: task.references.get(model) for model in models},
        "single": task.single,
        "shared": task.shared,
    }
    skills = {f"skill/{name}": _skill(evidence, task, value) for name, value in values.items()}
    return {
        "task": task.task,
        "metric": task.metric,
        "constant": task.trivial,
        **values,
        **skills,
    }


def _skill(evidence: Evidence, task: TaskRow, value: float | None) -> float | None:
    skill = task_skill(evidence.record, task.task, task.metric, value)
    return skill if math.isfinite(skill) else None


def _summary(rows: Sequence[Mapping[str, Any]], models: Sequence[str], margin: float) -> str:
    """Count the tasks in which a simple model is ahead of the better network, as its check does."""
    ahead, compared = [], 0
    for row in rows:
        networks = [v for name in _NETWORKS if (v := row[f"skill/{name}"]) is not None]
        simple = [v for name in models if (v := row[f"skill/{name}"]) is not None]
        if networks and simple:
            compared += 1
            if max(simple) - max(networks) > margin:
                ahead.append(row["task"])
    if not compared:
        worse = [row["task"] for row in rows if (row.get("skill/shared") or 0.0) < 0]
        of_all = formats.counted(len(rows), "task")
        text = f"No model of scikit-learn was scored beside the networks of {of_all}."
        if worse:
            text += f" Worse than a constant prediction: {_list(worse)}."
        return text
    tasks = formats.counted(compared, "task")
    lead = f"{100 * margin:g} points of skill ahead of the networks"
    if not ahead:
        return f"In none of {tasks} a model of scikit-learn is more than {lead}."
    return (
        f"In {len(ahead)} of {tasks} a model of scikit-learn is more than {lead}: {_list(ahead)}."
    )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"
