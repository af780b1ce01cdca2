"""Multi-MNIST: do equal weights hurt where papers say so, and does our search repair it?

    .venv/bin/python -m tests.benchmarks.multi_mnist data/mnist --jobs 2 --out multi_mnist.md
    .venv/bin/python -m tests.benchmarks.multi_mnist data/mnist --settings reconstruct --seeds 5
    .venv/bin/python -m tests.benchmarks.multi_mnist data/mnist --only uw,famo --set seed=1
    .venv/bin/python -m tests.benchmarks.multi_mnist data/mnist --table

The first argument is the folder of MNIST's four files (train-images-idx3-ubyte.gz, ...). Two digits
overlap in a picture of 36×36, and LeNet is the network that both tasks share (Sabour et al. 2017;
Sener and Koltun 2018). There are two settings: to tell the left and the right digit, where equal
weights are about the best; and to tell the left digit and draw the right one alone, where they hurt
(Gama and Grassi 2025, Table 2).

In each setting one sweep of the product trains separate networks, equal weights and the search, and
judges them. Then other ways of weighing losses get as many trials and the same seeds: uncertainty
weighting and FAMO, and in the second setting the weights that are in print. All are compared with
the separate networks of the sweep.

Only Ray is left out: the product's queue chooses the trials, and its trainer trains them in this
process, with one thread. A trial takes 5 to 15 seconds of a core, all of them about an hour. The
sweeps' folders are those of any sweep; the same command goes on where an interruption ended it.
Another size or --set needs another --runs folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from mtl_search.config import Config
from tests.benchmarks.command_line import add_changes, finished_jobs, names_of
from tests.benchmarks.overlapping_digits.figures import figures_of
from tests.benchmarks.overlapping_digits.settings import SETTINGS, Sizes, config_of
from tests.benchmarks.overlapping_digits.sweep import run_sweep
from tests.benchmarks.overlapping_digits.table import render

_METHODS = list(dict.fromkeys(m.name for s in SETTINGS.values() for m in s.methods))


@dataclass(frozen=True)
class Job:
    """Name one sweep: its config and its folder."""

    config: Config
    directory: Path


def main() -> None:
    """Run the sweeps that are missing, and print the tables."""
    arguments = parse()
    sizes = Sizes(**{field.name: getattr(arguments, field.name) for field in fields(Sizes)})
    if not arguments.table:
        run_all(planned_jobs(arguments, sizes), arguments.jobs)
    found = [figures_of(SETTINGS[name], arguments.runs / name) for name in arguments.settings]
    text = render([figures for figures in found if figures is not None])
    print(f"\n{text}")
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


def planned_jobs(arguments: argparse.Namespace, sizes: Sizes) -> list[Job]:
    """Return the sweeps that the command asks for, the longest ones first."""
    folder = str(arguments.mnist.absolute())
    jobs = [
        (number, Job(config, arguments.runs / setting.name / method.name))
        for setting in map(SETTINGS.__getitem__, arguments.settings)
        for number, method in enumerate(setting.methods)
        if method.name in arguments.only
        for config in [config_of(setting, method, sizes, folder, arguments.set)]
    ]
    return [job for _, job in sorted(jobs, key=lambda pair: pair[0])]


def run_all(jobs: Sequence[Job], processes: int) -> None:
    """Run sweeps in processes of their own.

    Args:
        jobs: The sweeps.
        processes: How many run at a time.
    """
    for _, future in finished_jobs(_run_job, jobs, processes):
        future.result()


def _run_job(job: Job) -> None:
    run_sweep(job.config, job.directory)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    settings = "\n".join(f"  {s.name:<12} {s.title}: {s.expected}" for s in SETTINGS.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.multi_mnist",
        description=f"{__doc__}\nSettings:\n{settings}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("mnist", type=Path, help="folder of MNIST's files")
    parser.add_argument(
        "--settings",
        type=names_of(SETTINGS),
        default=list(SETTINGS),
        help="settings, such as reconstruct (default: both)",
    )
    parser.add_argument(
        "--only",
        type=names_of(_METHODS),
        default=_METHODS,
        help=f"sweeps to run, of {', '.join(_METHODS)} (default: all)",
    )
    _add_sizes(parser)
    add_changes(parser)
    parser.add_argument("--jobs", type=int, default=1, help="sweeps at a time (default: 1)")
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/multi_mnist"),
        help="folder of the sweeps (default: runs/multi_mnist)",
    )
    parser.add_argument("--table", action="store_true", help="only print what has finished")
    parser.add_argument("--out", type=Path, help="file for the tables, as Markdown")
    return parser.parse_args(arguments)


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    helps = {
        "train": "pictures to train on, at most 50000",
        "validation": "pictures to validate on, at most 10000",
        "test": "pictures to test on, at most 10000",
        "epochs": "epochs of a trial",
        "trials": "trials of each arm",
        "seeds": "fresh seeds of the best network of each arm",
    }
    for field in fields(Sizes):
        text = f"{helps[field.name]} (default: {field.default})"
        parser.add_argument(f"--{field.name}", type=int, default=field.default, help=text)


if __name__ == "__main__":
    main()
