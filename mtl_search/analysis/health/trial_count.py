"""Are there enough trials for the number of values that are searched?

Ten trials a searched value is the usual advice for experiments on computers (Loeppky, Sacks, Welch:
"Choosing the Sample Size of a Computer Experiment: A Practical Guide", Technometrics 2009). The
trials of the arm `equal` count for `search`, too, whose study begins with them. Single-task arms
need half as many: the settings that the shared arms found are tried by each of them on top.
"""

from __future__ import annotations

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats import counted
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from mtl_search.storage.trial_record import TrialRecord

NAME = "number of trials"
TRIALS_PER_VALUE = 10
TRIALS_PER_VALUE_OF_SINGLES = 5


def check_trial_count(evidence: Evidence) -> Check:
    """Warn of arms with few trials for what they search."""
    findings = []
    checked = False
    missing = 1.0
    for arm in evidence.arms:
        trials = evidence.record.arm(arm)
        if any(trial.is_member for trial in trials):
            continue  # the values of a population change while it trains
        searched = len({path for trial in trials for path in trial.distributions})
        if not searched:
            continue
        checked = True
        known = _known(evidence, arm, trials)
        per_value = TRIALS_PER_VALUE_OF_SINGLES if arm.is_single else TRIALS_PER_VALUE
        if known < per_value * searched:
            missing = max(missing, per_value * searched / max(known, 1))
            values, number = counted(searched, "value"), counted(known, "trial")
            findings.append(f"{arm} searches {values} by {number}")
    if findings:
        wanted = round(missing * evidence.config.search.trials)
        advice = f"search.trials={wanted} would suffice, or take values out of search.space"
        return Check(NAME, ok=False, text=sentence(findings, advice))
    if not checked:
        return Check(NAME, ok=None, text="nothing is searched, or by populations")
    text = f"{TRIALS_PER_VALUE} or more a searched value, {TRIALS_PER_VALUE_OF_SINGLES} for singles"
    return Check(NAME, ok=True, text=text)


def _known(evidence: Evidence, arm: ArmName, trials: list[TrialRecord]) -> int:
    """Return how many trials an arm can judge values by."""
    others = evidence.record.arm(EQUAL) if arm == SEARCH else []
    return sum(trial.is_result for trial in [*trials, *others])
