"""Which number stands for which class of a target, and which class is the positive one."""

from __future__ import annotations

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import Column, View

_COLUMNS = (
    Column("target", "target", help="The target of the data set."),
    Column("kind", "kind", help="What its labels are."),
    Column("number", "number", "count", "The number by which the network knows the class."),
    Column("class", "class", help="Its name in the data."),
    Column("train", "in train", "count", "Training samples with it, of the last session."),
    Column("positive", "positive", help="Whether precision, recall, F1 and the like are its own."),
)
_NOTE = (
    "The number of a class is its place in predicted probabilities. The second class of a binary "
    "target is the positive one; `positive` of the target in the config says which. Of a target "
    "with more than a hundred classes, these are the first."
)
_MOST_TOLD = 3


def classes(evidence: Evidence) -> View | None:
    """Return the classes of all targets; None in journals of version 0.2."""
    data = evidence.record.data
    rows = []
    for target, pairs in data.get("classes", {}).items():
        kind = data["targets"].get(target, "")
        for number, (name, train) in enumerate(pairs):
            is_positive = kind == "binary" and number == 1
            rows.append(
                {
                    "target": target,
                    "kind": kind,
                    "number": number,
                    "class": name,
                    "train": train,
                    "positive": "yes" if is_positive else "",
                }
            )
    if not rows:
        return None
    told = positive_classes(evidence)
    summary = "; ".join(told[:_MOST_TOLD]) + "." if told else "No target is binary."
    if len(told) > _MOST_TOLD:
        summary += f" The table has the other {len(told) - _MOST_TOLD} binary targets."
    return View("classes", "Which class is which", summary, _COLUMNS, rows, note=_NOTE)


def positive_classes(evidence: Evidence) -> list[str]:
    """Return a sentence without a full stop for each binary target: its positive class."""
    data = evidence.record.data
    told = []
    for target, pairs in data.get("classes", {}).items():
        if data["targets"].get(target) == "binary" and len(pairs) == 2:
            (negative, without), (positive, having) = pairs
            told.append(
                f"Of {target}, {positive} is positive ({having} training samples) and {negative} "
                f"negative ({without})"
            )
    return told
