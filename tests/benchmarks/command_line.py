"""Parts that the command lines of benchmarks share: options, processes, and files of results."""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

# Networks this small are slower with more threads. Read when a process loads NumPy and torch.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def names_of(allowed: Collection[str], kind: str = "") -> Callable[[str], list[str]]:
    """Return a type for an option that takes names with commas between them.

    Args:
        allowed: The names that there are.
        kind: What a name stands for, for the message of an error.
    """

    def read(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in allowed:
                what = f"{kind} {name!r}".strip()
                message = f"no {what}; there are {', '.join(allowed)}"
                raise argparse.ArgumentTypeError(message)
        return names

    return read


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Add the option `--set`, which changes the configs of all sweeps."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change of the sweeps' config, such as search.trials=40; may be repeated",
    )


def finished_jobs(
    run: Callable[[JobT], ResultT], jobs: Iterable[JobT], processes: int
) -> Iterator[tuple[JobT, Future[ResultT]]]:
    """Run jobs in processes of one thread, and yield each as it ends.

    Jobs that have not begun are dropped where the caller stops.

    Args:
        run: Runs one job; a function of a module.
        jobs: The jobs.
        processes: How many run at a time.
    """
    os.environ |= dict.fromkeys(_THREADS, "1")
    spawn = multiprocessing.get_context("spawn")  # a child that loads NumPy with these settings
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        job_of = {pool.submit(run, job): job for job in jobs}
        try:
            for future in as_completed(job_of):
                yield job_of[future], future
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def read_lines(path: Path) -> list[str]:
    """Return the lines of a file of results; none where there is no file."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def append_line(path: Path, line: str) -> None:
    """Append a line to a file of results, which is made where there is none.

    A line that an interruption cut off stays, and the next begins on its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write(line.encode() + b"\n")
