"""Do the seeds of a finalist agree?

A spread of more than 2 points of skill is large for a comparison of a few points. A smaller one
is told where it hides the gain: where the answer is open, and the gain smaller than the spread.

One seed is far off where it stands apart from its neighbour by two thirds of the range of all
(Dixon's Q test; Dean and Dixon, "Simplified Statistics for Small Numbers of Observations", 1951:
for 5 values the critical Q is .64 at 10 %, .71 at 5 %), and by at least 2 points.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.analysis.skills import mean_skill, tasks_of

NAME = "seeds"
LARGE = 0.02
_FAR = 2.0 / 3.0
_FEWEST = 3  # fewer seeds say little of their spread
_FEWEST_FOR_OUTLIERS = 5
_ADVICE = (
    "more seeds decide (search.finalists.seeds); lower learning rates "
    "(search.space.training.optimizer.lr) or training.clip_norm make training steadier"
)


def check_seed_spread(evidence: Evidence) -> Check:
    """Warn of finalists whose seeds differ much, and of single seeds far off."""
    findings = []
    checked = False
    for arm in evidence.arms:
        skills = []
        for trial in evidence.finalists(arm):
            tasks = tasks_of(trial, evidence.tasks)
            skills.append(mean_skill(evidence.record, evidence.config, tasks, trial.test, "test"))
        known = [skill for skill in skills if math.isfinite(skill)]
        if len(known) < _FEWEST:
            continue
        checked = True
        spread = statistics.stdev(known)
        points = f"{100 * spread:.1f} points of skill"
        odd = odd_one_out(known)
        if odd is not None:
            findings.append(
                f"one seed of {arm} is far off (skill {formats.fixed(odd, 3)}; deviation {points})"
            )
        elif spread > LARGE or _hides_the_gain(evidence, spread):
            findings.append(f"the seeds of {arm} have a standard deviation of {points}")
    if findings:
        return Check(NAME, ok=False, text=sentence(findings, _ADVICE))
    if not checked:
        text = f"no finalist has {_FEWEST} seeds with skill"
        return Check(NAME, ok=None, text=text)
    return Check(NAME, ok=True, text="the seeds of each finalist agree")


def odd_one_out(values: Sequence[float]) -> float | None:
    """Return the value that stands far apart from all others; None where none does.

    Args:
        values: Skills of seeds; fewer than 5 say too little.

    Examples:
        >>> odd_one_out([0.71, 0.72, 0.70, 0.71, 0.30])
        0.3
    """
    if len(values) < _FEWEST_FOR_OUTLIERS:
        return None
    ordered = sorted(values)
    gaps = {ordered[0]: ordered[1] - ordered[0], ordered[-1]: ordered[-1] - ordered[-2]}
    odd, gap = max(gaps.items(), key=lambda item: item[1])
    return odd if gap >= LARGE and gap > _FAR * (ordered[-1] - ordered[0]) else None


def _hides_the_gain(evidence: Evidence, spread: float) -> bool:
    sharing, margin = evidence.verdict.sharing, evidence.verdict.margin
    if sharing is None or evidence.verdict.outcome != "don't know":
        return False
    return sharing.measure.name == "skill" and margin < abs(sharing.gain.mean) < spread
