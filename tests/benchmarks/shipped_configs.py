"""Trials, epochs and seconds of whole sweeps of the shipped configs, of this and another checkout.

    .venv/bin/python -m tests.benchmarks.shipped_configs digit_pairs penguins
    .venv/bin/python -m tests.benchmarks.shipped_configs penguins --before ../mtl_search-0.2.0
    .venv/bin/python -m tests.benchmarks.shipped_configs tox21 --set training.epochs=5

Each sweep is `mtl-search run CONFIG` with the config of its own checkout, in an empty folder, with
local Ray and MLflow on SQLite. With `--before`, the sweeps of both checkouts run in turn, so that
a machine that is busy slows both. Figures are read from the journals:

    trials     that were begun, those of finalists, twins and further seeds among them
    epochs     that were trained, over all trials
    training   seconds from the beginning of a trial to its end, summed over all trials
    whole      seconds of the command, from its start to its end
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.repository import REPOSITORY

_PROGRAM = ("-c", "from mtl_search.cli import main; main()")


@dataclass(frozen=True)
class Cost:
    """What one sweep took.

    Attributes:
        trials: The number of trials.
        epochs: The number of epochs of all trials.
        training_s: Seconds of all trials together.
        whole_s: Seconds of the command.
    """

    trials: int
    epochs: int
    training_s: float
    whole_s: float

    def row(self) -> str:
        """Return the cells of a Markdown table."""
        return f"{self.trials} | {self.epochs} | {self.training_s:.0f} | {self.whole_s:.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sweeps and print a line of a Markdown table for each."""
    options = _parser().parse_args(arguments)
    checkouts = {"now": REPOSITORY}
    if options.before:
        checkouts = {"before": options.before.resolve(), **checkouts}
    print("| config | checkout | trials | epochs | training, s | whole, s |")
    print("|---|---|---|---|---|---|")
    for config in options.configs:
        for name, checkout in checkouts.items():
            cost = run_sweep(checkout, config, options.set)
            print(f"| {config} | {name} | {cost.row()} |", flush=True)


def run_sweep(checkout: Path, config: str, changes: Sequence[str]) -> Cost:
    """Run the sweep of a shipped config in an empty folder.

    Args:
        checkout: The folder of a checkout of the project.
        config: The name of a config in its folder `configs`, without the ending.
        changes: Changes to it, each as `path=value`.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    if data := os.environ.get("MTL_DATA"):
        environment["MTL_DATA"] = str(Path(data).resolve())
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(folder, "sweep")
        file = str(checkout / "configs" / f"{config}.yaml")
        words = [
            sys.executable,
            *_PROGRAM,
            "run",
            file,
            *changes,
            "--quiet",
            "--output",
            str(sweep),
        ]
        begun = time.monotonic()
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - begun
        if done.returncode:
            sys.exit(f"{config} of {checkout} ended with {done.returncode}:\n{done.stderr}")
        return _cost(sweep / "journal.jsonl", seconds)


def _cost(journal: Path, seconds: float) -> Cost:
    begun: dict[str, float] = {}
    epochs, training_s = 0, 0.0
    for event in _events(journal):
        match event["event"]:
            case "trial":
                begun[event["id"]] = event["time"]
            case "epoch":
                epochs += 1
            case "end":
                training_s += event["time"] - begun[event["id"]]
    return Cost(len(begun), epochs, training_s, seconds)


def _events(journal: Path) -> Iterator[dict[str, Any]]:
    with journal.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.shipped_configs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = sorted(path.stem for path in (REPOSITORY / "configs").glob("*.yaml"))
    parser.add_argument("configs", nargs="+", choices=names, metavar="CONFIG", help="a shipped one")
    parser.add_argument("--before", type=Path, help="another checkout, to compare with")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a change of all configs; may be repeated",
    )
    return parser


if __name__ == "__main__":
    main()
