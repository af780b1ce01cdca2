"""What a sweep answers on data whose truth is known, and how often it is right.

    .venv/bin/python -m tests.benchmarks.planted --sets 40 --jobs 2 --out planted.md
    .venv/bin/python -m tests.benchmarks.planted --sets 20 --rows null8,related
    .venv/bin/python -m tests.benchmarks.planted --seeds 3,10-19 --rows few --set search.trials=40

Each sweep is the product's own: its arms, studies, journal, finalists and verdict, with its default
settings. Only Ray is left out, and trials are trained by a small engine in NumPy, whose losses a
test compares with the product's `Trainer`; a sweep takes seconds. Then the networks that the
verdict is about are trained on further seeds and judged on samples that no sweep has seen. So for
each set we know what is true, and count how often the answer is.

Finished sweeps are in the file of results, a line of JSON each. The same command goes on where an
interruption ended it; results of other code, of other settings or of other seeds stay in the file
and are left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.command_line import add_changes, append_line, finished_jobs, names_of
from tests.benchmarks.planted_sets.outcome import (
    Job,
    Outcome,
    code_digest,
    read_outcomes,
    run_job,
)
from tests.benchmarks.planted_sets.rows import ROWS
from tests.benchmarks.planted_sets.table import render


def main() -> None:
    """Run the sweeps that are missing, and print the table."""
    arguments = _arguments()
    jobs = planned_jobs(arguments)
    known = {outcome.job: outcome for outcome in read_outcomes(arguments.results)}
    missing = [job for job in jobs if job not in known]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} sweeps are in {arguments.results}")
    known |= run_all(missing, arguments.jobs, arguments.results)
    text = render([known[job] for job in jobs if job in known])
    print(f"\n{text}")
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    failed = sum(job not in known for job in jobs)
    if failed:
        sys.exit(f"{failed} sweeps failed and are not in the table")


def planned_jobs(arguments: argparse.Namespace) -> list[Job]:
    """Return the sweeps that the command asks for: the first set of each row comes first."""
    seeds = arguments.seeds if arguments.seeds is not None else list(range(arguments.sets))
    code = code_digest()
    return [
        Job(row, seed, arguments.further, tuple(arguments.set), code)
        for seed in seeds
        for row in arguments.rows
    ]


def run_all(jobs: Sequence[Job], processes: int, results: Path) -> dict[Job, Outcome]:
    """Run sweeps in processes of their own, and print and append each as it ends.

    One that fails is printed with its error, and the others go on.

    Args:
        jobs: The sweeps.
        processes: How many run at a time.
        results: The file that outcomes are appended to.
    """
    outcomes: dict[Job, Outcome] = {}
    if not jobs:
        return outcomes
    began = time.perf_counter()
    for number, (job, future) in enumerate(finished_jobs(run_job, jobs, processes), start=1):
        error = future.exception()
        if error is None:
            outcomes[job] = future.result()
            append_line(results, outcomes[job].to_json())
            line = _line(outcomes[job])
        else:
            line = f"FAILED, {type(error).__name__}: {error}"
        left = (time.perf_counter() - began) / number * (len(jobs) - number) / 60
        progress = f"{number} of {len(jobs)}, {left:.0f} min left"
        print(f"{progress}: {job.row} {job.seed}: {line}", flush=True)
    return outcomes


def _line(outcome: Outcome) -> str:
    gain = outcome.gains["single"].mean
    return (
        f"{outcome.sharing}; true gain {100 * gain:+.1f} points; "
        f"{outcome.trials} trials, {outcome.seconds:.1f} s"
    )


def _seeds(text: str) -> list[int]:
    """Read `3,10-19` as 3, 10, 11, ..., 19."""
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    rows = "\n".join(f"  {row.name:<10} {row.title}; {row.truth}" for row in ROWS.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.planted",
        description=f"{__doc__}\nRows:\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sets", type=int, default=40, help="data sets a row (default: 40)")
    parser.add_argument(
        "--seeds", type=_seeds, help="seeds of the data sets, such as 3,10-19, in place of --sets"
    )
    parser.add_argument(
        "--rows",
        type=names_of(ROWS, "row"),
        default=list(ROWS),
        help="rows, such as null8,related (default: all)",
    )
    parser.add_argument("--jobs", type=int, default=1, help="sweeps at a time (default: 1)")
    parser.add_argument(
        "--further", type=int, default=20, help="further seeds for the truth (default: 20)"
    )
    add_changes(parser)
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("runs/planted.jsonl"),
        help="file of finished sweeps (default: runs/planted.jsonl)",
    )
    parser.add_argument("--out", type=Path, help="file for the table, as Markdown")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
