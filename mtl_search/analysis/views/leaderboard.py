"""The best configurations on fresh seeds: mean, least and most of skill and Δm."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.views.parts.finalist_runs import FinalistRuns, finalist_runs
from mtl_search.analysis.views.parts.trials import worth_of
from mtl_search.analysis.views.view import Column, View

_TEXTS = {
    "skill": "Mean skill of the main tasks",
    "delta_m": "Δm against the single-task networks",
    "objective": "Objective",
}
_NOTE = (
    "The recommended network, then what speaks for each arm, then what lost the race on its first "
    "seeds: chosen by the validation split, and the test split has no say. Least and most are over "
    "seeds: they show what the luck of initial weights changes, and nothing of other samples."
)
_BEFORE = (
    "No configuration has been trained on fresh seeds yet. These are the best trials of the arms "
    "on the validation split, each the luckiest of many, so nothing is claimed of them. "
    "Single-task arms are measured by their own task."
)


def leaderboard(evidence: Evidence) -> View | None:
    """Return the configurations that were trained on fresh seeds, the recommended one first.

    Then come those that speak for their arms, then those that lost the race, each by validation.
    Where there are none, the best trial of each arm stands in. None before the first epoch.
    """
    name = worth_of(evidence).name
    rows = [_row(evidence, run) for run in finalist_runs(evidence)]
    has_finalists = bool(rows)
    if not rows:
        rows = list(_best_trials(evidence))
    if not rows:
        return None
    key = f"val_{name}"
    rows.sort(key=lambda row: _order(row, key))
    known = [column for column in _columns(evidence) if _is_known(column.name, rows)]
    title = "Best configurations on fresh seeds" if has_finalists else "Best trial of each arm"
    summary = _summary(rows, name) if has_finalists else _before(rows, name)
    note = _NOTE if has_finalists else _BEFORE
    return View("leaderboard", title, summary, known, rows, note, {"measure": name})


def _order(row: Mapping[str, Any], key: str) -> tuple[bool, bool, bool, float]:
    """Sort the recommended network first, then what speaks for an arm, each by validation."""
    value = row[key]
    # Single-task trials are judged by their own task, so that they do not stand among the others.
    is_alone = row["arm"].startswith("single/")
    by_value = math.inf if value is None else -value
    return not row.get("recommended"), not row.get("chosen", True), is_alone, by_value


def _columns(evidence: Evidence) -> Iterator[Column]:
    yield Column("arm", "arm", help="The arm; single: the tuned networks of all tasks together.")
    yield Column("recommended", "recommended", "flag", "Whether it is the recommended network.")
    yield Column("chosen", "speaks for its arm", "flag", "Whether it won the race of its arm.")
    yield Column("seeds", "seeds", "count", "Number of fresh seeds that have finished.")
    for split, words in (("test", "test split"), ("val", "validation split")):
        for name, text in _TEXTS.items():
            kind = worth_kind(name)
            title = {"delta_m": "Δm %"}.get(name, name)
            helps = f"{text} on the {words}"
            yield Column(f"{split}_{name}", f"{title}, {split}", kind, f"{helps}, mean over seeds.")
            yield Column(f"{split}_{name}_low", "least", kind, f"{helps}, least of the seeds.")
            yield Column(f"{split}_{name}_high", "most", kind, f"{helps}, most of the seeds.")
    unit = unit_of(evidence.verdict.measure)
    gain = f"Gain over the tuned single-task networks in the verdict's measure, in {unit}."
    yield Column("gain", f"gain over single ({unit})", "points", gain)
    yield Column("gain_low", "from", "points", "Lower end of the gain's interval.")
    yield Column("gain_high", "to", "points", "Upper end of the gain's interval.")
    yield Column("depth", "depth", help="Sharing depth.")
    yield Column("weights", "loss weights", help="Loss weights, in the order of the tasks.")
    yield Column("lr", "learning rate", "rate", "Learning rate.")
    yield Column("parameters", "parameters", "count", "Number of parameters.")
    yield Column("origin", "trial", help="The trial that had the configuration first.")


def worth_kind(name: str) -> formats.Kind:
    """Return how values of `skill`, `delta_m` or `objective` are written."""
    kinds: Mapping[str, formats.Kind] = {"skill": "skill", "delta_m": "percent"}
    return kinds.get(name, "number")


def _is_known(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.get(name) not in (None, "") for row in rows)


def _row(evidence: Evidence, run: FinalistRuns) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": run.arm,
        "recommended": run.is_recommended,
        "chosen": run.is_winner,
        "seeds": run.seeds,
        **_band("test_skill", run.test_skill),
        **_band("test_delta_m", run.test_delta_m),
        **_band("val_skill", run.val_skill),
        **_band("val_delta_m", run.val_delta_m),
        **_band("val_objective", run.val_objective),
    }
    verdict = evidence.verdict
    comparison = {"equal": verdict.equal, "search": verdict.search}.get(run.arm)
    if comparison is not None and run.is_winner:
        row["gain"] = comparison.gain.mean
        row["gain_low"], row["gain_high"] = comparison.interval or (None, None)
    return {**row, **run.settings}


def _band(name: str, values: Sequence[float]) -> dict[str, float | None]:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: statistics.fmean(known), f"{name}_low": min(known), f"{name}_high": max(known)}


def _best_trials(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the best trial of each arm, in the order of the arms."""
    by_id = {row["trial"]: row for row in evidence.rows}
    for trial in evidence.winners():
        row = by_id[trial.id]
        yield {
            "arm": str(trial.arm),
            **{f"val_{name}": _finite(row[name]) for name in _TEXTS},
            "depth": formats.depth(row["depth"]),
            "weights": formats.weights(row[f"weight/{task}"] for task in evidence.config.tasks),
            "lr": _finite(row["lr"]),
            "parameters": row["parameters"],
            "origin": trial.id,
        }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _summary(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """Tell the best by validation, and the recommended network if it is another one."""
    best = next((row for row in rows if row["recommended"]), rows[0])
    split = "test" if best.get(f"test_{name}") is not None else "val"
    words = {"test": "test split", "val": "validation split"}[split]
    name = name if best.get(f"{split}_{name}") is not None else "objective"
    value, low, high = (
        formats.of_kind(worth_kind(name), best.get(f"{split}_{name}{end}"))
        for end in ("", "_low", "_high")
    )
    unit = " %" if name == "delta_m" else ""
    word = "Δm" if name == "delta_m" else name
    role = "recommended network" if best["recommended"] else "best by validation"
    seeds = formats.counted(best["seeds"], "fresh seed")
    text = f"The {role} ({best['arm']} arm) has a {word} of {value}{unit} on the {words}"
    others = [row for row in rows if row["arm"] == "single" and row.get(f"{split}_{name}")]
    text += f", the mean of {seeds} from {low} to {high}"
    if others and best["arm"] != "single":
        single = formats.of_kind(worth_kind(name), others[0][f"{split}_{name}"])
        text += f"; the tuned single-task networks together have {single}{unit}"
    return f"{text}."


def _before(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    best = rows[0]
    value = formats.of_kind(worth_kind(name), best.get(f"val_{name}"))
    unit = " %" if name == "delta_m" else ""
    word = "Δm" if name == "delta_m" else name
    return (
        f"No fresh seeds yet: the best trial so far is {best['origin']} ({best['arm']} arm) with a "
        f"{word} of {value}{unit} on the validation split."
    )
