"""Memory of the driver over a long sweep, and trials a second.

    .venv/bin/python -m tests.benchmarks.sweep_memory [--trials 300] [--concurrent 2]

A sweep of a tiny MLP, 2 epochs a trial, tracked by MLflow on SQLite. After every trial the driver's
resident memory is read from /proc. The figure is the growth from the 50th trial, when all is
imported and running, to the highest later value; the goal is at most 20 %. Ray's own processes are
not the driver and are not counted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from mtl_search import Callback, load_config, run

REPOSITORY = Path(__file__).resolve().parents[2]
SETTLED, GOAL = 50, 0.2


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class _Memory(Callback):
    def __init__(self) -> None:
        self.megabytes: list[float] = []
        self.times: list[float] = []

    def on_trial_end(self, trial: Any) -> None:
        self.megabytes.append(resident_mb())
        self.times.append(time.perf_counter())


def config(trials: int, slots: int, folder: Path) -> dict[str, Any]:
    """One arm, so that every trial is alike."""
    return {
        "name": "memory",
        "data": {"name": "tests.benchmarks.empty_work:data"},
        "tasks": {"y": {"head": "softmax", "metrics": ["accuracy", "f1"]}},
        "model": {"backbone": {"name": "mlp", "widths": [8]}},
        "training": {"epochs": 2, "batch_size": 16},
        "search": {
            "trials": trials,
            "arms": "search",
            "space": {
                "training.optimizer.lr": {"log": [1e-4, 1e-1]},
                "model.sharing.depth": {"int": [0, 1]},
            },
            "finalists": {"top": 0},
            "objective": "val/y/accuracy",
        },
        "tracking": {"uri": f"sqlite:///{folder}/mlflow.db"},
        "resources": {"max_concurrent": slots},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--concurrent", type=int, default=2, help="trials at a time")
    wanted = parser.parse_args()
    if wanted.trials <= SETTLED:
        parser.error(f"--trials must be above {SETTLED}")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    memory = _Memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_config(config(wanted.trials, wanted.concurrent, folder))
        began = time.perf_counter()
        result = run(settings, output=folder / "sweep", callbacks=[memory])
        seconds = time.perf_counter() - began
    assert result.complete
    assert len(memory.megabytes) == wanted.trials

    for number in sorted({SETTLED, wanted.trials // 2, wanted.trials}):
        print(f"after {number:4d} trials: {memory.megabytes[number - 1]:7.1f} MB")
    settled, later = memory.megabytes[SETTLED - 1], memory.megabytes[SETTLED:]
    growth = max(later) / settled - 1
    print(
        f"highest after the first {SETTLED}: {max(later):.1f} MB, {growth:+.1%} (goal <= "
        f"{GOAL:.0%}: ",
        end="",
    )
    print("ok)" if growth <= GOAL else "MISSED)")
    span = memory.times[-1] - memory.times[0]
    warm = (wanted.trials - 1) / span
    print(
        f"{wanted.trials / seconds:.2f} trials a second, start included; {warm:.2f} from the first "
        "end to the last"
    )


if __name__ == "__main__":
    main()
