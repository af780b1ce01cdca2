"""One case as Markdown: the verdict, the old rule's answer, and the tasks one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_search.analysis.by_task import TaskRow
from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import health_checks
from tests.benchmarks.real_sets.finished import COLUMNS, Finished, value_of

LEGEND = """\
Test metrics are means over the seeds of the finalists. *Shared* is the recommended network,
*separate* the tuned single-task networks, *twin* the recommended network with nothing shared;
linear and gradient boosting are models of scikit-learn on the same splits, one each. Gain: shared
less separate, in points of skill, with its 95 % interval over seeds and test items, not adjusted
for the number of tasks; \\* holds after Holm's adjustment. Δm: the relative gain of the literature.
Shares: how much of the variance of the mean gain is a task's, over seeds and test items, where
gains are measured by Δm and by skill. The old rule, that of version 0.1: Δm of the search arm over
the single-task networks, Student's t over seeds alone, no twin. *With its own budgets*: single-task
networks share the trials of one arm, the best trial of each arm is its finalist, three seeds.
"""


def render(finished: Finished) -> str:
    """Return the section of a case.

    Args:
        finished: The case with its sweep.
    """
    verdict = finished.verdict
    return "\n".join(
        [
            f"## `{finished.case.name}`: {finished.case.title}\n",
            f"**Verdict.** {verdict.sentence()}\n",
            f"**The old rule.** {_old(finished)}\n",
            _comparisons(finished),
            _tasks(finished),
            _health(finished),
            _networks(finished),
            _costs(finished),
        ]
    )


def _old(finished: Finished) -> str:
    sentences = []
    at_old_budget = finished.old_answer_at_old_budget()
    if at_old_budget is not None:
        sentences.append(f"With its own budgets and finalists: {at_old_budget.sentence()}.")
    sentences.append(f"With the finalists of today: {finished.old_answer().sentence()}.")
    return " ".join(sentences)


def _comparisons(finished: Finished) -> str:
    verdict = finished.verdict
    compared = {
        "recommended − separate": verdict.sharing,
        "recommended − twin with nothing shared": verdict.twin,
        "recommended − twin with equal weights": verdict.weights,
        "best of the equal arm − separate": verdict.equal,
        "best of the search arm − separate": verdict.search,
    }
    rows = [["comparison", "gain, points", "interval", "probability of improvement", "Δm"]]
    rows += [[name, *_numbers(c)] for name, c in compared.items() if c is not None]
    return _table(rows)


def _numbers(comparison: Comparison) -> list[str]:
    return [
        f"{100 * comparison.gain.mean:+.1f}",
        _interval(comparison.interval),
        f"{comparison.improvement:.2f}",
        _percent(comparison.delta_m),
    ]


def _tasks(finished: Finished) -> str:
    """Return the table of tasks; its last line has the mean skills."""
    share_delta_m = finished.shares(finished.delta_m)
    share_skill = finished.shares(finished.skill)
    networks = [column.replace("_", " ") for column in COLUMNS]
    heads = [f"test {finished.case.metric}", "constant", *networks]
    rows = [[*heads, "gain, points", "interval", "Δm", "share Δm", "share skill"]]
    for row in finished.rows:
        values = [_number(value_of(row, column)) for column in COLUMNS]
        gain = "–" if row.gain is None else f"{100 * row.gain:+.1f}"
        gain += " \\*" if row.holds else ""
        gained = [gain, _interval(row.interval), _percent(row.delta_m)]
        shares = [_share(share_delta_m, row), _share(share_skill, row)]
        rows.append([row.task, _number(row.trivial), *values, *gained, *shares])
    skills = [_number(finished.mean_skill(column)) for column in COLUMNS]
    sharing = finished.sharing
    gain = f"{100 * sharing.gain.mean:+.1f}"
    mean = ["mean skill", "0.000", *skills, gain, _interval(sharing.interval)]
    rows.append([*mean, _percent(sharing.delta_m), "", ""])
    return _table(rows)


def _health(finished: Finished) -> str:
    """Return the warnings of the product's health checks, and which checks found all well."""
    checks = health_checks(
        Evidence(finished.record, finished.config, finished.verdict, finished.tasks)
    )
    lines = [f"- Warning, {check.name}: {check.text}." for check in checks if check.ok is False]
    well = ", ".join(check.name for check in checks if check.ok)
    return "\n".join([*lines, f"- Checked, and well: {well or 'nothing'}.\n"])


def _networks(finished: Finished) -> str:
    """Return a line on the recommended network and on the learning rates of the separate ones."""
    verdict, record = finished.verdict, finished.record
    best = finished.recommended
    info = record.trials[best.origin].info
    weights = ", ".join(f"{task} {weight:.2g}" for task, weight in info["weights"].items())
    rates = sorted(
        record.trials[winner.origin].info["lr"] or 0.0
        for winner in verdict.winners.values()
        if winner.arm.is_single
    )
    return (
        f"Recommended: {best.arm} arm, depth {best.depth}, learning rate {info['lr']:.2g}; loss "
        f"weights {weights}. Learning rates of the separate networks: {rates[0]:.2g} to "
        f"{rates[-1]:.2g}.\n"
    )


def _costs(finished: Finished) -> str:
    trials = list(finished.record)
    finalists = sum(trial.is_finalist for trial in trials)
    epochs = sum(trial.last_epoch for trial in trials)
    seconds = sum(trial.seconds for trial in trials)
    return (
        f"{len(trials)} trials, of which {finalists} finalists; {epochs:,} epochs, {seconds:.0f} s "
        "of training.\n"
    )


def _share(shares: Mapping[str, float], row: TaskRow) -> str:
    return f"{100 * shares[row.task]:.0f} %" if row.task in shares else "–"


def _interval(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{100 * interval[0]:+.1f} … {100 * interval[1]:+.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
