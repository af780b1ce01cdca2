"""What a sweep shows of itself in a notebook: verdict, health, the top of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats.markup import marked, table
from mtl_search.analysis.health.check import Checks
from mtl_search.analysis.views.leaderboard import leaderboard
from mtl_search.analysis.views.view import Column, View
from mtl_search.report.merged_columns import merged_columns
from mtl_search.report.sweeps.document import SweepsDocument

_ROWS = 5
# Views of a comparison that are shown, and how many rows of each.
_COMPARED = ("verdicts", "settings")
_MOST_COMPARED = 12
# A column with longer texts is left out, such as the weights of many tasks.
_WIDEST = 32
# Columns of the leaderboard that are shown, in order; bands follow their means.
_ALWAYS = ("arm", "recommended", "seeds")
_SETTINGS = ("gain", "depth", "weights", "lr", "parameters", "origin")


def result_html(evidence: Evidence, checks: Checks, name: str) -> str:
    """Return what a sweep shows of itself in a notebook.

    Args:
        evidence: What is known of the sweep.
        checks: The answers of its health checks.
        name: Its name, such as its folder.

    Examples:
        >>> from pathlib import Path
        >>> from mtl_search.config import load_config
        >>> from mtl_search.storage.journal import read_record
        >>> folder = Path("tests/fixtures/sweeps/v0_1_finished")
        >>> record = read_record(folder / "journal.jsonl")
        >>> evidence = Evidence.of(record, load_config(folder / "config.yaml"), folder)
        >>> "<b>old</b>" in result_html(evidence, Checks(), "old")
        True
    """
    record = evidence.record
    state = "complete" if record.complete else "not complete"
    head = f"<div><b>{escape(name)}</b> · {len(record.trials):,} trials · {state}</div>"
    view = leaderboard(evidence)
    parts = [head, evidence.verdict._repr_html_(), checks._repr_html_()]
    if view is not None:
        parts.append(_top(view))
    return "".join(parts)


def settings_html(
    *,
    trial: str,
    arm: str,
    objective: float,
    weights: Mapping[str, float],
    depth: Any,
    lr: float | None,
    parameters: int,
) -> str:
    """Return the settings of a configuration for a notebook.

    Args:
        trial: Id of its trial.
        arm: The trial's arm.
        objective: The trial's objective.
        weights: Task → loss weight.
        depth: Sharing depth.
        lr: Learning rate.
        parameters: Number of parameters.
    """
    values = {
        "trial": trial,
        "arm": arm,
        "objective": formats.number(objective),
        "depth": formats.depth(depth),
        "learning rate": formats.rate(lr),
        "parameters": formats.count(parameters),
    }
    settings = table(list(values), [list(values.values())])
    names, shares = list(weights), [f"{weight:.2f}" for weight in weights.values()]
    title = "<div>Loss weights</div>" if weights else ""
    return settings + title + (table(names, [shares]) if weights else "")


def comparison_html(document: SweepsDocument) -> str:
    """Return what a comparison of sweeps shows of itself in a notebook.

    Args:
        document: The comparison.
    """
    networks = document.view("networks")
    assert networks is not None
    warnings = [
        marked(caution.name, f"{caution.seen}. So {caution.so}.", "warning")
        for caution in document.cautions
    ]
    tables = [_whole(view) for view in document.views if view.name in _COMPARED and view.rows]
    return "".join([marked("", networks.summary, "neutral"), *warnings, *tables])


def _whole(view: View) -> str:
    columns = merged_columns(view)
    rows = list(zip(*(column.cells for column in columns), strict=True))
    hidden = len(rows) - _MOST_COMPARED
    more = f"<div>and {hidden:,} more</div>" if hidden > 0 else ""
    title = f"<div><b>{escape(view.title)}</b></div>"
    body = table([column.title for column in columns], rows[:_MOST_COMPARED])
    return f"{title}{body}{more}"


def _top(view: View) -> str:
    shown = view.rows[:_ROWS]
    columns = [c for c in _columns(view) if max(len(_cell(c, row)) for row in shown) <= _WIDEST]
    rows = [[_cell(column, row) for column in columns] for row in shown]
    hidden = len(view.rows) - _ROWS
    more = f"<div>and {hidden:,} more</div>" if hidden > 0 else ""
    title = f"<div><b>{escape(view.title)}</b></div>"
    return f"{title}{table([column.title for column in columns], rows)}{more}"


def _columns(view: View) -> list[Column]:
    """Return the columns that are shown: of the test split where it is known."""
    by_name = {column.name: column for column in view.columns}
    split = "test" if any(name.startswith("test_") for name in by_name) else "val"
    measures = [f"{split}_{name}" for name in ("skill", "delta_m", "objective")]
    return [by_name[name] for name in (*_ALWAYS, *measures, *_SETTINGS) if name in by_name]


def _cell(column: Column, row: Mapping[str, Any]) -> str:
    """Return a cell; a mean is followed by the least and the most, a gain by its interval."""
    name = column.name
    text = formats.of_kind(column.kind, row.get(name))
    ends = [formats.of_kind(column.kind, row.get(f"{name}{end}")) for end in ("_low", "_high")]
    return f"{text} ({ends[0]} to {ends[1]})" if all(ends) else text
