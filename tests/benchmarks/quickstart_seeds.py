"""Verdicts of the quickstart on several seeds, each a whole sweep on a split of its own.

    .venv/bin/python -m tests.benchmarks.quickstart_seeds              # seeds 0 to 9
    .venv/bin/python -m tests.benchmarks.quickstart_seeds 10 11 --set search.trials=20

A seed draws the split, the scans that keep their digit, and everything in the sweep. The command is
what `make quickstart` runs, with `seed=N`, in an empty folder. Columns:

    verdict     of sharing
    gain        points of skill against the tuned separate network, with its interval
    twin        the same against the recommended network with nothing shared
    accuracy    of the separate and of the recommended network, on the test split
    trials      that were run
    training    seconds from the beginning of a trial to its end, summed over all trials
    processor   seconds of the command and of all processes that it started
    whole       seconds of the command, from its start to its end
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.support.repository import REPOSITORY

_PROGRAM = ("-c", "from mtl_search.cli import main; main()")
_COLUMNS = (
    "seed",
    "verdict",
    "gain",
    "twin",
    "accuracy: separate, shared",
    "trials",
    "training, s",
    "processor, s",
    "whole, s",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sweeps and print a line of a Markdown table for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="*", type=int, help="default: 0 to 9")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    parser.add_argument("--keep", type=Path, help="a folder in which the sweeps stay")
    options = parser.parse_args(arguments)
    print("| " + " | ".join(_COLUMNS) + " |")
    print("|" + "---|" * len(_COLUMNS), flush=True)
    for seed in options.seeds or range(10):
        with tempfile.TemporaryDirectory() as folder:
            sweep = (options.keep or Path(folder)).resolve() / f"seed{seed}"
            print(_row(seed, _run(sweep, seed, options.set), sweep), flush=True)


def _run(sweep: Path, seed: int, changes: Sequence[str]) -> tuple[float, float]:
    """Run the sweep of a seed; return its processor seconds and its seconds."""
    file = str(REPOSITORY / "configs" / "quickstart.yaml")
    words = ["run", file, f"seed={seed}", *changes, "--quiet", "--output", str(sweep)]
    sweep.parent.mkdir(parents=True, exist_ok=True)
    log = sweep.with_suffix(".log")
    begun = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *_PROGRAM, *words],
            cwd=sweep.parent,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        used = _watch(process)
    if process.returncode:
        sys.exit(f"seed {seed} ended with {process.returncode}:\n{log.read_text()}")
    return used, time.monotonic() - begun


def _watch(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; return the seconds of it and of those that it started.

    What a process used after it was last looked at is not counted.
    """
    ticks: dict[int, int] = {process.pid: 0}
    while process.returncode is None:
        now = dict(_processes())
        found = len(now)
        while found:  # children of what is known, and their children
            new = {pid for pid, (parent, _) in now.items() if parent in ticks} - ticks.keys()
            ticks |= dict.fromkeys(new, 0)
            found = len(new)
        ticks |= {pid: now[pid][1] for pid in ticks.keys() & now.keys()}
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
    return sum(ticks.values()) / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield each process of the machine, with its parent and the ticks that it has used."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            yield int(file.parent.name), (int(fields[1]), int(fields[11]) + int(fields[12]))


def _row(seed: int, seconds: tuple[float, float], sweep: Path) -> str:
    verdict = _report(sweep)["verdict"]
    trials, training = _training(sweep / "journal.jsonl")
    reference = verdict["final_reference"]["test/digit/accuracy"]
    shared = verdict["recommended"]["test"]["test/digit/accuracy"]["mean"]
    cells = (
        seed,
        verdict["outcome"],
        _points(verdict["sharing"]),
        _points(verdict["twin"]),
        f"{100 * reference:.1f}, {100 * shared:.1f}",
        trials,
        f"{training:.0f}",
        *(f"{value:.0f}" for value in seconds),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _points(comparison: dict[str, Any] | None) -> str:
    """Write a gain with its interval in points of skill; nothing where it was not compared."""
    if comparison is None:
        return ""
    mean, (low, high) = comparison["gain"]["mean"], comparison["interval"]
    return f"{100 * mean:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def _report(sweep: Path) -> dict[str, Any]:
    words = [sys.executable, *_PROGRAM, "report", str(sweep), "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _training(journal: Path) -> tuple[int, float]:
    """Return the number of trials and the seconds of all of them."""
    begun: dict[str, float] = {}
    seconds = 0.0
    for line in journal.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "trial":
            begun[event["id"]] = event["time"]
        elif event["event"] == "end":
            seconds += event["time"] - begun[event["id"]]
    return len(begun), seconds


if __name__ == "__main__":
    main()
