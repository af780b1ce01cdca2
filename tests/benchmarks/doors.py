"""Processor seconds and peak memory of the commands that answer without training.

    .venv/bin/python -m tests.benchmarks.doors [--before FOLDER] [--repeats 5] [--mistakes]

Each command runs in a process of its own, once to warm the disk's cache and then REPEATS times; the
figures are medians. Seconds are those of the processor, user and system together, so a busy machine
changes them little. Memory is the largest resident set. It cannot read below that of this script,
about 17 MB. `python -c pass` stands beside them: no command can be faster.

With `--before`, the same commands of another checkout run in turn with these, on this checkout's
finished sweep, and the last columns say how many times less this checkout needs. Aims, against the
commit before version 0.2.0: `report` and a typing error in at most 1.0 s and 120 MB, at least 6
times less than before; `validate` of the pairs of digits in at most half of the seconds before.
With `--mistakes` they are a mistake of each command, which ends with status 2, beside `--help`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"
PROGRAM = ("-c", "from mtl_search.cli import main; main()")
WRONG_INPUT = 2


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        title: The title of its row.
        arguments: The arguments of Python.
        status: The exit status that it ends with.
    """

    title: str
    arguments: Sequence[str]
    status: int = 0


# A mistake of each command; CONFIG and SWEEP stand for files that are there.
MISTAKES = (
    "runn CONFIG",
    "run CONFIG --trials 3",
    "run CONFIG tasks.lft.loss=mse",
    "run CONFIG --resume --output nowhere",
    "validate CONFIG model.backbone.chanels=[4]",
    "submit CONFIG --include nowhere --dry-run",
    "doctor CONFIG search.trails=3",
    "report SWEEP --html a.txt",
    "compare SWEEP misspelt",
    "predict misspelt rows.csv",
    "train CONFIG --from misspelt",
    "serve misspelt",
    "register misspelt name",
    "export-weights SWEEP --trial serch-0001",
    "export SWEEP --format onxx",
    "list softmax",
    "schema --output nowhere/s.json",
    "ui misspelt",
    "sync misspelt",
    "jobs list --address http://127.0.0.1:1",
)


def mistakes(checkout: Path, sweep: Path) -> list[Command]:
    """List the mistakes, after `--help`."""
    config = checkout / "configs" / "digit_pairs.yaml"
    files = {"CONFIG": str(config), "SWEEP": str(sweep)}
    wrong = []
    for line in MISTAKES:
        words = [files.get(word, word) for word in line.split()]
        wrong.append(Command(line, [*PROGRAM, *words], WRONG_INPUT))
    return [Command("--help", [*PROGRAM, "--help"]), *wrong]


@dataclass(frozen=True)
class Cost:
    """The price of one process.

    Attributes:
        seconds: Processor seconds, user and system.
        megabytes: The largest resident set.
    """

    seconds: float
    megabytes: float


def commands(checkout: Path, sweep: Path) -> list[Command]:
    """List the commands; configs are those of the checkout, for the names of keys differ."""
    # It was called the quickstart up to version 0.2.0.
    pairs = checkout / "configs" / "digit_pairs.yaml"
    config = str(pairs if pairs.exists() else pairs.with_name("quickstart.yaml"))
    typing_error = "tasks.left.head=sofmax"

    def ours(*arguments: str) -> list[str]:
        return [*PROGRAM, *arguments]

    return [
        Command("python -c pass", ["-c", "pass"]),
        Command("--help", ours("--help")),
        Command("--version", ours("--version")),
        Command("list", ours("list")),
        Command("report", ours("report", str(sweep))),
        Command("report --format json", ours("report", str(sweep), "--format", "json")),
        Command("export-weights", ours("export-weights", str(sweep))),
        Command("run, typing error", ours("run", config, typing_error), WRONG_INPUT),
        Command("validate, typing error", ours("validate", config, typing_error), WRONG_INPUT),
        Command("validate digit_pairs", ours("validate", config)),
    ]


def cost(command: Command, checkout: Path, folder: Path) -> Cost:
    """Run a command of a checkout in a folder of its own, and read what the kernel counted.

    Raises:
        RuntimeError: The command ended with another exit status.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    program = [sys.executable, *command.arguments]
    with tempfile.TemporaryFile(dir=folder) as output:
        process = subprocess.Popen(
            program, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)  # it has been waited for
        if process.returncode != command.status:
            output.seek(0)
            message = output.read().decode(errors="replace")
            raise RuntimeError(
                f"{command.title} of {checkout} ended with {process.returncode}:\n{message}"
            )
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median_costs(
    lists: Sequence[Sequence[Command]], checkouts: Sequence[Path], folder: Path, repeats: int
) -> Iterator[tuple[str, list[Cost]]]:
    """Yield each command's title with its cost in each checkout, whose runs take turns."""
    for versions in zip(*lists, strict=True):
        runs: list[list[Cost]] = [[] for _ in checkouts]
        for _ in range(repeats + 1):
            for checkout, command, of_checkout in zip(checkouts, versions, runs, strict=True):
                of_checkout.append(cost(command, checkout, folder))
        yield versions[0].title, [_median(of_checkout[1:]) for of_checkout in runs]


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(each.seconds for each in costs),
        statistics.median(each.megabytes for each in costs),
    )


def row(title: str, costs: Sequence[Cost]) -> str:
    """Write one row of the table."""
    cells = [title]
    for each in costs:
        cells += [f"{each.seconds:.2f}", f"{each.megabytes:.0f}"]
    if len(costs) > 1:
        now, before = costs
        cells += [
            f"{before.seconds / now.seconds:.1f}×",
            f"{before.megabytes / now.megabytes:.1f}×",
        ]
    return f"| {' | '.join(cells)} |"


def heading(compared: bool) -> str:
    """Write the two lines above the rows."""
    titles = ["command", "s", "MB"]
    if compared:
        titles += ["s before", "MB before", "s less", "MB less"]
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--mistakes", action="store_true", help="a mistake of each command")
    wanted = parser.parse_args()
    checkouts = [REPOSITORY, *([wanted.before.resolve()] if wanted.before else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sweep = shutil.copytree(SWEEP, folder / "finished")
        print(heading(compared=len(checkouts) > 1))
        kind = mistakes if wanted.mistakes else commands
        lists = [kind(checkout, sweep) for checkout in checkouts]
        for title, costs in median_costs(lists, checkouts, folder, wanted.repeats):
            print(row(title, costs), flush=True)


if __name__ == "__main__":
    main()
