"""The words of the report, for whoever reads one for the first time."""

from __future__ import annotations

from mtl_search.analysis.evidence import Evidence

_SKILL = (
    "Where a metric stands between a constant prediction, 0, and a perfect one, 1; the mean over "
    "tasks. A point is a hundredth of it."
)
_DELTA_M = (
    "The mean over tasks of how much better a metric is than that of the separate networks, in "
    "percent of theirs."
)
_WORDS = (
    ("trial", "One network that was trained, with settings that the search tried."),
    ("arm", "A group of trials that the comparison needs; the next four are arms."),
    ("single", "One network for each task, nothing shared, settings searched for each."),
    ("equal", "One network for all tasks, all loss weights equal; the other settings searched."),
    ("search", "One network for all tasks; loss weights, sharing depth and the rest searched."),
    (
        "twin",
        (
            "The recommended network once more with one thing changed: nothing shared "
            "(twin/separate), or equal loss weights (twin/weights)."
        ),
    ),
    ("depth", "How many stages of the network, from the input on, the tasks share; 0: none."),
    ("loss weight", "What the loss of a task is multiplied by before losses are added up."),
    (
        "fresh seeds",
        (
            "The best settings trained again with other random numbers. Only these networks are "
            "compared on the test data, so that the luck of one training does not decide."
        ),
    ),
    (
        "interval",
        (
            "A range computed so that it holds the true gain in 95 of 100 sweeps with other seeds "
            "and other test items."
        ),
    ),
)


def words_of(evidence: Evidence) -> list[tuple[str, str]]:
    """Return the words that the report of a sweep uses, each with its meaning.

    Args:
        evidence: The sweep.
    """
    by_skill = evidence.verdict.measure == "skill"
    measure = ("skill", _SKILL) if by_skill else ("Δm", _DELTA_M)
    return [*_WORDS, measure]
