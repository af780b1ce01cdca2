"""What a sweep answers on real data with many tasks, beside what the old rule made of them.

    .venv/bin/python -m tests.benchmarks.real_cases --data ../shared/data --out real_cases.md
    .venv/bin/python -m tests.benchmarks.real_cases --cases pixels --set seed=1
    .venv/bin/python -m tests.benchmarks.real_cases --cases tox21 --show

Each case is a sweep of the product's own with its default settings: arms, studies, journal,
trainer, finalists and verdict. Only Ray is left out: trials run one after another in this process,
with one thread. A case takes 250 to 400 small trials, 5 to 10 minutes of a processor.

How to read the output. The verdict is what a user is told. The first table has the comparisons that
it is made of. The second has the tasks one by one: is the gain that of many tasks, or does one task
rule the mean? Are the networks ahead of a constant prediction, and of a linear and a boosted model
of scikit-learn? If they are not, whether sharing helps them matters little.

A sweep is in a folder of its own below --output, named after the case and a digest of what --set
changes. The same command goes on where an interruption ended it, and prints a finished one again.
It does not notice changes of the code: name another --output then.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# Networks this small are slower with more threads. Read when NumPy and torch are loaded.
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL, holds_sweep
from tests.benchmarks.command_line import add_changes, names_of
from tests.benchmarks.real_sets.cases import CASES, Case
from tests.benchmarks.real_sets.finished import Finished
from tests.benchmarks.real_sets.sweep import run_sweep
from tests.benchmarks.real_sets.table import LEGEND, render

_EVERY_S = 20.0  # seconds between two lines of progress


def main() -> None:
    """Run the sweeps that have not ended, and print what they say."""
    arguments = _arguments()
    sections = []
    for name in arguments.cases:
        case = CASES[name]
        config = case.config(arguments.data, arguments.set)
        directory = arguments.output / _folder(name, arguments.set)
        if not arguments.show:
            record = run_sweep(config, directory, Progress(case))
        elif holds_sweep(directory):
            record = read_record(directory / JOURNAL)
        else:
            sys.exit(f"there is no sweep in {directory}; run it without --show first")
        section = render(Finished(case, config, record, directory))
        print(f"\n{section}")
        sections.append(section)
    text = "\n".join([LEGEND, *sections])
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


class Progress:
    """Print a line from time to time.

    Args:
        case: The case that runs.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._began = self._last = time.monotonic()

    def __call__(self, record: SweepRecord) -> None:
        """Say how far the sweep is, where the last line is long enough ago."""
        now = time.monotonic()
        if now - self._last < _EVERY_S:
            return
        self._last = now
        trials = list(record)
        seconds = now - self._began
        print(f"{self._case.name}: {len(trials)} trials, now {trials[-1].arm}, {seconds:.0f} s")
        sys.stdout.flush()


def _folder(case: str, changes: Sequence[str]) -> str:
    """Return the name of a sweep's folder: that of the case, and a digest of changes, if any."""
    if not changes:
        return case
    return f"{case}-{hashlib.sha256(' '.join(changes).encode()).hexdigest()[:8]}"


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    cases = "\n".join(f"  {case.name:<10} {case.title}" for case in CASES.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.real_cases",
        description=f"{__doc__}\nCases:\n{cases}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cases",
        type=names_of(CASES, "case"),
        default=list(CASES),
        help="cases, such as pixels,tox21 (default: all)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("MTL_DATA", "../shared/data")),
        help="folder of data sets (default: $MTL_DATA, else ../shared/data)",
    )
    add_changes(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs/real_cases"),
        help="folder of the sweeps (default: runs/real_cases)",
    )
    parser.add_argument(
        "--show", action="store_true", help="train nothing; print what the journals say so far"
    )
    parser.add_argument("--out", type=Path, help="file for the tables, as Markdown")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
