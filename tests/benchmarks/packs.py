"""Seconds a trial: one after another, in packs, and by plain torch.

    .venv/bin/python -m tests.benchmarks.packs [--only table bilstm] [--sizes 5 16 64] [--repeats 3]
    .venv/bin/python -m tests.benchmarks.packs --sweeps [--only penguins]

For each shape of trial, on made-up data: the product's own trials one after another
(`TrialRunner`), the same trials as packs of B (`PackRunner`), and a hand-written torch loop that
trains and validates the same network on the same batches, without metrics, reports and files. All
three run in turn in this process; seconds are those of the processor on a CPU (one thread), and
those of the clock on a GPU. Shown is the least of the repeats; the first repeat of a pack, in which
a shape is traced, is shown in brackets.

    ratio = seconds a trial one after another / seconds a trial in packs

`auto` says what `training.pack: auto` does with the shape. With `--sweeps` whole sweeps are run by
`mtl-search`, with `training.pack=1` and as `auto`, and their seconds by the clock of the wall and
processor seconds are printed (which needs a machine without other work).
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from mtl_search.config import override
from mtl_search.search.packs.shape import pack_shape
from mtl_search.search.schedulers import stop_epochs
from mtl_search.training.packs.runner import PackRunner
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.pack_shapes.cases import CASES, Case, objective
from tests.benchmarks.pack_shapes.plain import train_plain
from tests.benchmarks.pack_shapes.sweeps import print_sweeps


def specs(case: Case, count: int, folder: Path) -> list[TrialSpec]:
    """Trials of one shape with their own learning rates, weights and seeds."""
    made = []
    for number in range(count):
        changes = {"training.optimizer.lr": 1e-3 * 1.05**number, "training.pack": max(2, count)}
        changes |= {f"tasks.{task}.loss_weight": 1 + number / count for task in case.tasks}
        config = override(case.config(), changes)
        directory = str(folder / f"trial-{number}")
        made.append(
            TrialSpec(
                f"t-{number:04d}",
                config,
                number,
                objective(case),
                directory,
                stop_epochs=stop_epochs(config),
            )
        )
    return made


def one_after_another(case: Case, runner: TrialRunner, count: int) -> None:
    """Train trials by themselves."""
    with tempfile.TemporaryDirectory() as name:
        for spec in specs(case, count, Path(name)):
            runner.setup(spec)
            report = runner.train_until(1)
            while report.state == "RUNNING":
                report = runner.train_until(report.epoch + 1)
            assert report.state == "COMPLETE", report.reason
        runner.release()


def in_a_pack(case: Case, runner: TrialRunner, count: int) -> str:
    """Train trials as a pack; return why it was taken apart, if it was."""
    with tempfile.TemporaryDirectory() as name:
        pack = PackRunner(runner, specs(case, count, Path(name)))
        while not pack.done:
            for report in pack.run_epoch().values():
                assert report.state != "FAIL", report.reason
                told = str(report.info["pack"])
    return told if "apart" in told else ""


def seconds(work: Callable[[], str | None], device: torch.device) -> tuple[float, str]:
    """Return what some work costs, and what it returns."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    gc.collect()
    began = clock()
    returned = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - began, returned or ""


def measure(case: Case, sizes: Sequence[int], repeats: int, device: torch.device) -> None:
    """Print the row of a shape."""
    runner = TrialRunner(case.data(), threads=1, device=device)
    one_after_another(case, runner, 1)  # warms up
    alone, plain = [], []
    packs: dict[int, list[float]] = {size: [] for size in sizes}
    few, why = min(4, max(sizes)), ""
    for _ in range(repeats):
        alone.append(seconds(partial(one_after_another, case, runner, few), device)[0] / few)
        plain.append(seconds(partial(train_plain, case, device), device)[0])
        for size, found in packs.items():
            if not why:
                took, why = seconds(partial(in_a_pack, case, runner, size), device)
                found.append(took / size)
    config = override(case.config(), {"training.pack": "auto"})
    auto = "packs" if pack_shape(config, case.data().targets) else "one by one"
    cells = [case.name, f"{1e3 * min(plain):.0f}", f"{1e3 * min(alone):.0f}"]
    cells += [_cell(found, min(alone)) if found else "" for found in packs.values()]
    print(f"| {' | '.join([*cells, auto])} |", flush=True)
    if why:
        print(f"  {case.name}: {why}", flush=True)


def _cell(found: Sequence[float], alone: float) -> str:
    return f"{1e3 * min(found):.1f}: {alone / min(found):.2f} × ({alone / found[0]:.2f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="rows, by a part")
    parser.add_argument("--sizes", nargs="*", type=int, default=[4, 16, 64])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sweeps", action="store_true", help="whole sweeps instead")
    wanted = parser.parse_args()
    if wanted.sweeps:
        print_sweeps(wanted.only)
        return
    device = torch.device(wanted.device)
    print(f"milliseconds a trial, {device}, torch {torch.__version__}\n")
    titles = ["shape", "plain torch", "one by one", *(f"packs of {n}" for n in wanted.sizes)]
    print(f"| {' | '.join([*titles, 'auto'])} |\n{'|---' * (len(titles) + 1)}|")
    for case in CASES:
        if not wanted.only or any(part in case.name for part in wanted.only):
            measure(dataclasses.replace(case), wanted.sizes, wanted.repeats, device)


if __name__ == "__main__":
    main()
