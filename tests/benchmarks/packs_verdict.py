"""The same sweeps in packs and one after another: the plan of trials, verdicts, test metrics.

    .venv/bin/python -m tests.benchmarks.packs_verdict --sets 20 --jobs 2 --out packs_verdict.md
    .venv/bin/python -m tests.benchmarks.packs_verdict --rows related --set search.trials=20

Each planted set is swept twice by the product's searcher and trainer, without Ray: with
`training.pack: 1` and with packs. The table says in how many sweeps the trials had the same seeds,
values and origins, how often the verdicts agree, and how far test metrics lie apart.

Finished sweeps are in the file of results, a line of JSON each; the same command goes on where an
interruption ended it. Remove the file after a change of the code.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.command_line import (
    add_changes,
    append_line,
    finished_jobs,
    names_of,
    read_lines,
)
from tests.benchmarks.planted_sets.packed import PackedJob, PackedOutcome, run_packed
from tests.benchmarks.planted_sets.rows import ROWS

# The cheapest rows: one where sharing helps, one where it hurts.
_ROWS = ("few", "useless")
# A sweep of some 50 trials: enough that studies draw by results.
_SMALL = (
    "search.trials=12",
    "search.finalists.top=1",
    "search.finalists.seeds=3",
    "search.finalists.max_seeds=3",
)

_COLUMNS = (
    "row",
    "sweeps",
    "trials in packs",
    "same plan",
    "trials alike",
    "largest difference of an objective",
    "same verdict",
    "test R² in packs less alone, points",
    "processor time",
)

Pair = tuple[PackedOutcome, PackedOutcome]


def main() -> None:
    """Run the sweeps that are missing, and print the table."""
    arguments = _arguments()
    changes = (*_SMALL, *arguments.set)
    jobs = [
        PackedJob(row, seed, pack, changes)
        for seed in range(arguments.sets)
        for row in arguments.rows
        for pack in ("1", arguments.pack)
    ]
    known = {o.job: o for o in map(PackedOutcome.from_json, read_lines(arguments.results))}
    missing = [job for job in jobs if job not in known]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} sweeps are in {arguments.results}")
    for job, future in finished_jobs(run_packed, missing, arguments.jobs):
        outcome = known[job] = future.result()
        append_line(arguments.results, outcome.to_json())
        print(f"{job.row} {job.seed}, packs of {job.pack}: {outcome.sharing}", flush=True)
    pairs = [
        (known[job], known[PackedJob(job.row, job.seed, arguments.pack, changes)])
        for job in jobs
        if job.pack == "1"
    ]
    text = render(pairs)
    print(f"\n{text}")
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


def render(pairs: Sequence[Pair]) -> str:
    """Return the tables as Markdown.

    Args:
        pairs: The outcomes of each set, one after another and in packs.
    """
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    rows = dict.fromkeys(alone.job.row for alone, _ in pairs)
    lines += [_line(row, [pair for pair in pairs if pair[0].job.row == row]) for row in rows]
    verdicts = Counter((pair[0].job.row, pair[0].sharing, pair[1].sharing) for pair in pairs)
    lines += ["", "| row | one after another | in packs | sweeps |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(what)} | {number} |" for what, number in sorted(verdicts.items())]
    return "\n".join(lines) + "\n"


def _line(row: str, pairs: Sequence[Pair]) -> str:
    count = len(pairs)
    same_plan = sum(alone.plan == packs.plan for alone, packs in pairs)
    alike = sum(
        packs.plan.get(name) == what for alone, packs in pairs for name, what in alone.plan.items()
    )
    trials = sum(len(alone.plan) for alone, _ in pairs)
    same = sum(alone.sharing == packs.sharing for alone, packs in pairs)
    differences = [100 * (packs.test - alone.test) for alone, packs in pairs]
    error = statistics.stdev(differences) / math.sqrt(count) if count > 1 else math.nan
    spent = [sum(pair[number].seconds for pair in pairs) for number in (0, 1)]
    cells = [
        row,
        count,
        f"{sum(packs.packed for _, packs in pairs) / trials:.0%}",
        f"{same_plan} of {count}",
        f"{alike} of {trials}",
        f"{max(_largest(*pair) for pair in pairs):.1e}",
        f"{same} of {count}",
        f"{statistics.mean(differences):+.4f} ± {error:.4f}",
        f"{spent[1] / spent[0]:.2f} of one after another",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _largest(alone: PackedOutcome, packs: PackedOutcome) -> float:
    """Return the largest difference of the objectives of trials that are the same."""
    return max(
        abs(alone.objectives[name] - packs.objectives[name])
        for name, what in alone.plan.items()
        if packs.plan.get(name) == what
    )


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.packs_verdict",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sets", type=int, default=20, help="data sets a row (default: 20)")
    parser.add_argument(
        "--rows", type=names_of(ROWS, "row"), default=list(_ROWS), help="rows of `planted`"
    )
    parser.add_argument("--pack", default="auto", help="`training.pack` (default: auto)")
    parser.add_argument("--jobs", type=int, default=1, help="sweeps at a time (default: 1)")
    add_changes(parser)
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("runs/packs_verdict.jsonl"),
        help="file of finished sweeps (default: runs/packs_verdict.jsonl)",
    )
    parser.add_argument("--out", type=Path, help="file for the table, as Markdown")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
