"""Where the seconds of a sweep go that are not training: first line, plan, first trial, end.

    .venv/bin/python -m tests.benchmarks.startup [--config CONFIG] [--imports] [path=value ...]

Runs `mtl-search run CONFIG` (the quickstart by default) in an empty folder and prints the seconds
from the command to each part, by the clock of the wall, and the processor seconds of the driver and
of all that it has started:

- first line: name and folder of the sweep, after the config has been checked;
- plan: how many trials there are, after data, networks and space have been checked and Ray is up;
- first trial: the first slot is up and begins to train;
- last trial: the last trial has ended;
- end: the report is printed and the process is gone;
- training: the seconds of all trials over the number of slots; the rest is what a sweep costs.

Then come the parts of the driver, from when to when (those of several threads lie side by side),
and what a slot did between the first trial and the last. `--checkout FOLDER` runs another version.
A busy machine changes every figure, so run it on a quiet one.

With `--imports` nothing is run: processor seconds and the largest resident set of a process that
imports what a driver and what a slot import are printed beside those of torch alone, the least of
five runs each, and which packages take most of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.startup_parts import imports
from tests.benchmarks.startup_parts.slots import SlotSeconds, slot_seconds

REPOSITORY = Path(__file__).resolve().parents[2]
MARKS = Path(__file__).parent / "startup_parts" / "marks.py"
_PLAN = re.compile(r"\d+ trials, \d+ at a time")


@dataclass(frozen=True)
class Measured:
    """Hold what was measured of a sweep.

    Attributes:
        parts: Name → seconds, those from the command to a moment first.
        driver: Name, begin and end of each part of the driver, in seconds from the command.
        slots: What the slots did.
    """

    parts: Mapping[str, float]
    driver: Sequence[tuple[str, float, float]]
    slots: SlotSeconds


def measure(config: Path, options: Sequence[str], folder: Path, checkout: Path) -> Measured:
    """Run a sweep in an empty folder, and return what it took.

    Args:
        config: The sweep's config.
        options: Changes to it, and options of `run`.
        folder: The folder.
        checkout: Where `mtl_search` is.
    """
    marks = folder / "marks.json"
    program = [sys.executable, str(MARKS), str(marks), "run", str(config), *options, "--quiet"]
    began, clock = time.time(), time.monotonic()
    process = subprocess.Popen(
        [*program, "--output", str(folder / "sweep")],
        cwd=folder,
        env=_environment(checkout),
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = {}
    assert process.stdout is not None
    for line in process.stdout:
        since = time.monotonic() - clock
        found.setdefault("first line", since)
        if _PLAN.search(line):
            found.setdefault("plan", since)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    end = time.monotonic() - clock
    if process.returncode:
        raise SystemExit(f"the sweep ended with status {process.returncode}")
    slots = slot_seconds(folder / "sweep" / "journal.jsonl")
    found |= {"first trial": slots.first - began, "last trial": slots.last - began, "end": end}
    found |= {"training": slots.training, "all but training": end - slots.training}
    found["processor seconds"] = usage.ru_utime + usage.ru_stime
    driver = [
        (name, first - began, last - began if last else end)
        for name, first, last in json.loads(marks.read_text())
    ]
    return Measured(found, sorted(driver, key=lambda part: part[1]), slots)


def _environment(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout), "PYTHONUNBUFFERED": "1"}


def print_sweep(measured: Measured) -> None:
    """Print the tables of a sweep."""
    print("| part | s |\n|---|---|")
    for part, seconds in measured.parts.items():
        print(f"| {part} | {seconds:.1f} |")
    print("\n| part of the driver | from | to | s |\n|---|---|---|---|")
    for name, first, last in measured.driver:
        print(f"| {name} | {first:.1f} | {last:.1f} | {last - first:.1f} |")
    print("\n| a slot, from the first trial to the last | s |\n|---|---|")
    for part, seconds in measured.slots.parts.items():
        print(f"| {part} | {seconds:.1f} |")


def print_imports(checkout: Path, most: int = 10, repeats: int = 5) -> None:
    """Print what imports cost, in all and by package.

    Args:
        checkout: Where `mtl_search` is.
        most: Number of packages.
        repeats: Number of runs.
    """
    environment = _environment(checkout)
    print("| a process that imports | processor s | MB |\n|---|---|---|")
    for title, (seconds, megabytes) in imports.import_costs(environment, repeats).items():
        print(f"| {title} | {seconds:.2f} | {megabytes:.0f} |", flush=True)
    for title in imports.BY_PACKAGE:
        counted = imports.seconds_by_package(imports.PROCESSES[title], environment)
        print(f"\n| {title}, own modules of | s |\n|---|---|")
        for package, seconds in counted.most_common(most):
            print(f"| {package} | {seconds:.2f} |")
        print(f"| all | {sum(counted.values()):.2f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overrides", nargs="*", metavar="path=value", help="changes to the config")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "configs" / "quickstart.yaml")
    parser.add_argument("--smoke", action="store_true", help="run the sweep with --smoke")
    parser.add_argument("--checkout", type=Path, default=REPOSITORY, help="the version to run")
    parser.add_argument("--imports", action="store_true", help="print what imports cost instead")
    wanted = parser.parse_args()
    checkout = wanted.checkout.resolve()
    if wanted.imports:
        print_imports(checkout)
        return
    options = [*wanted.overrides, *(["--smoke"] if wanted.smoke else [])]
    with tempfile.TemporaryDirectory() as name:
        print_sweep(measure(wanted.config.resolve(), options, Path(name), checkout))


if __name__ == "__main__":
    main()
