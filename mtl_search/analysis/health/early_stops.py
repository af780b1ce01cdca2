"""Does an early epoch, at which a scheduler stops trials, foretell the end?"""

from __future__ import annotations

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.analysis.summary import rung_correlations

NAME = "trials stopped early"
LOW = 0.5
_FEWEST = 6  # the rank correlation of fewer trials is mostly chance


def check_early_stops(evidence: Evidence) -> Check:
    """Warn of epochs whose objective ranks trials otherwise than the end does."""
    rungs = [
        rung
        for rung in rung_correlations(evidence.record, evidence.tasks)
        if rung.trials >= _FEWEST and rung.spearman is not None
    ]
    if not rungs:
        text = "the scheduler stopped no trial, or too few went on to tell"
        return Check(NAME, ok=None, text=text)
    low = [rung for rung in rungs if rung.spearman is not None and rung.spearman < LOW]
    if not low:
        return Check(NAME, ok=True, text="where trials are stopped, ranks foretell the end")
    findings = [
        f"ranks of {rung.arm} at epoch {rung.epoch} have a correlation of "
        f"{formats.signed(rung.spearman or 0.0, 2)} with the end"
        for rung in low
    ]
    advice = "stop later (search.scheduler.grace_period), or not at all (search.scheduler=fifo)"
    return Check(NAME, ok=False, text=sentence(findings, advice))
