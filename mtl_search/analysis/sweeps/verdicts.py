"""The verdicts of sweeps side by side, and what their recommended networks gain over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.sweeps.network_difference import NetworkDifference, network_differences
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.parts.columns import filled
from mtl_search.analysis.views.view import Column, View

_ENDS = "Ends of its interval, 95 % over all looks at the verdict."
_GAIN = "In points of skill, or percent of Δm, as measure says."
_VERDICT_COLUMNS = (
    Column("sweep", "sweep", help="The sweep."),
    Column("verdict", "verdict", help="Whether sharing helps."),
    Column("measure", "measure", help="What gains are measured in."),
    Column("gain", "gain over single", "points", f"Over tuned separate networks. {_GAIN}"),
    Column("low", "from", "points", _ENDS),
    Column("high", "to", "points", _ENDS),
    Column("twin", "gain over twin", "points", f"Over the same with nothing shared. {_GAIN}"),
    Column("twin_low", "from", "points", _ENDS),
    Column("twin_high", "to", "points", _ENDS),
    Column("weights", "weights", help="Whether the loss weights help."),
    Column("tasks", "main tasks", "count", "Number of main tasks."),
    Column("seeds", "seeds", "count", "Fresh seeds of the recommended network."),
    Column("items", "test items", "count", "Test items that the interval counts; 0: seeds alone."),
    Column("parameters", "parameters", "count", "Of the recommended network."),
    Column("state", "state", help="Whether the sweep has finished."),
)
_DIFFERENCE_COLUMNS = (
    Column("sweep", "sweep", help="The sweep whose recommended network is judged."),
    Column("against", "against", help="The sweep whose recommended network it is compared with."),
    Column("answer", "answer", help="Of the interval and the margin of the verdict."),
    Column("measure", "measure", help="What the gain is measured in."),
    Column("gain", "gain", "points", "Mean over the main tasks that both have."),
    Column("low", "from", "points", "Lower end; all intervals together hold in 95 % of cases."),
    Column("high", "to", "points", "Upper end."),
    Column("tasks", "tasks", "count", "Number of main tasks that both have."),
    Column("basis", "basis", help="What the interval is over, or why there is none."),
)


def verdicts(sweeps: Sequence[Sweep]) -> View:
    """Return one row a sweep: its verdict, with intervals.

    Args:
        sweeps: The sweeps.
    """
    rows = [_verdict_row(sweep) for sweep in sweeps]
    outcomes = [f"{s.label}: {s.evidence.verdict.outcome}" for s in sweeps]
    return View(
        "verdicts",
        "Verdicts side by side",
        f"{'; '.join(outcomes)}.",
        filled(_VERDICT_COLUMNS, rows),
        rows,
        note="Each gain is within its sweep, against that sweep's own separate networks. A larger "
        "one may mean worse separate networks; how good the networks themselves are stands in the "
        "comparison of the recommended ones.",
    )


def networks(sweeps: Sequence[Sweep]) -> View:
    """Return one row for every sweep but the first: its recommended network against the first's.

    Args:
        sweeps: The sweeps.
    """
    differences = network_differences(sweeps)
    rows = [
        {
            "sweep": difference.sweep,
            "against": difference.against,
            "answer": difference.answer or None,
            "measure": difference.measure if difference.gain else None,
            "gain": difference.gain.mean if difference.gain else None,
            **_ends(difference.interval),
            "tasks": len(difference.tasks) if difference.gain else None,
            "basis": difference.basis,
        }
        for difference in differences
    ]
    return View(
        "networks",
        "Recommended networks against each other",
        _summary(differences),
        filled(_DIFFERENCE_COLUMNS, rows),
        rows,
        note="Networks were chosen by validation, and are compared on the test split. Within the "
        "margin of the verdict they are practically equal. With several sweeps the intervals are "
        "widened by Bonferroni's method.",
    )


def _summary(differences: Sequence[NetworkDifference]) -> str:
    """Tell each difference, those that are not compared for one reason together."""
    sentences = [difference.sentence() for difference in differences if difference.gain]
    reasons: dict[str, list[str]] = {}
    for difference in differences:
        if difference.gain is None:
            reasons.setdefault(difference.basis, []).append(difference.sweep)
    for reason, labels in reasons.items():
        named = f"networks of {', '.join(labels)}" if len(labels) > 1 else f"network of {labels[0]}"
        verb = "are" if len(labels) > 1 else "is"
        against = differences[0].against
        sentences.append(f"The {named} {verb} not compared with that of {against}: {reason}.")
    return " ".join(sentences)


def _verdict_row(sweep: Sweep) -> dict[str, Any]:
    verdict = sweep.evidence.verdict
    sharing, twin = verdict.sharing, verdict.twin
    recommended = verdict.recommended
    return {
        "sweep": sweep.label,
        "verdict": verdict.outcome,
        "measure": verdict.measure if verdict.winners else None,
        "gain": sharing.gain.mean if sharing else None,
        **_ends(sharing.interval if sharing else None),
        "twin": twin.gain.mean if twin else None,
        **_twin_ends(twin),
        "weights": verdict.weights_outcome,
        "tasks": len(sweep.metrics),
        "seeds": len(recommended.trials) if recommended else None,
        "items": sharing.items if sharing else None,
        "parameters": verdict.parameters,
        "state": "finished" if sweep.evidence.record.complete else "not finished",
    }


def _ends(interval: tuple[float, float] | None) -> Mapping[str, float | None]:
    low, high = interval or (None, None)
    return {"low": low, "high": high}


def _twin_ends(twin: Comparison | None) -> Mapping[str, float | None]:
    low, high = (twin.interval if twin else None) or (None, None)
    return {"twin_low": low, "twin_high": high}
