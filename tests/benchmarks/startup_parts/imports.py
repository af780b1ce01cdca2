"""What imports cost a process, in all and by package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping

# Title → what a process of that kind imports.
PROCESSES = {
    "nothing": "pass",
    "torch": "import torch",
    "torch and Ray Tune": "import torch; from ray import tune",
    "training.runner": "import mtl_search.training.runner",
    "a slot": "import mtl_search.training.workers.slot",
    "the driver": "import mtl_search.search.sweep, mtl_search.tracking",
    "the driver with MLflow": "import mtl_search.search.sweep, mtl_search.tracking, mlflow",
}
BY_PACKAGE = ("a slot", "the driver with MLflow")
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def import_costs(environment: Mapping[str, str], repeats: int) -> dict[str, tuple[float, float]]:
    """Return processor seconds and megabytes of processes that import, the least of some runs.

    Args:
        environment: Environment of the processes.
        repeats: Number of runs of each; one more warms the disk's cache.
    """
    costs: dict[str, tuple[float, float]] = {}
    for _ in range(repeats + 1):
        for title, program in PROCESSES.items():
            process = subprocess.Popen([sys.executable, "-c", program], env=dict(environment))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cost = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
            costs[title] = min(cost, costs.get(title, cost))
    return costs


def seconds_by_package(program: str, environment: Mapping[str, str]) -> Counter[str]:
    """Return package → seconds of its own modules, those that they import left out.

    Args:
        program: What the process imports.
        environment: Its environment.
    """
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        env=dict(environment),
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    return sum_by_package(ended.stderr)


def sum_by_package(text: str) -> Counter[str]:
    """Add up what `-X importtime` prints, by the outermost package.

    Examples:
        >>> lines = ["import time:  2000 |  9000 |   torch.nn", "import time: 500 | 9500 | torch"]
        >>> dict(sum_by_package(chr(10).join(lines)))
        {'torch': 0.0025}
    """
    seconds: Counter[str] = Counter()
    for own, module in _LINE.findall(text):
        seconds[module.partition(".")[0]] += int(own) / 1e6  # type: ignore[assignment]
    return seconds
