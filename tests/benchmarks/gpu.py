"""What can only be seen on a GPU: the same numbers, samples a second, memory, slots on one card.

    .venv/bin/python -m tests.benchmarks.gpu [--only parity speed slots] [--blocks 9]
    .venv/bin/python -m tests.benchmarks.gpu --device cpu --quick

The second command only tries the script itself; none of it is a figure. Without a GPU the script
says that it has not been run. Otherwise it prints Markdown for `docs/benchmarks.md`.

parity  Largest difference of any parameter between two trainings, beside the farthest that one has
        moved: ours and the loop of `step_throughput` on the GPU, the same trial on the GPU and on
        the CPU, and where there are two GPUs, on one worker and on two (NCCL). SGD, cuDNN's
        deterministic kernels, no TF32, and not channels last, where another layout of the same
        weights takes other kernels. Tolerances:
            fp32           1e-5
            bf16, by hand  a tenth of how far bf16 took ours from fp32. Both do the same operations
                           in the same order, so there should be no difference; a loop that left out
                           autocast would show all of it.
            bf16, CPU      twice how far bf16 took the CPU from fp32: GPU and CPU sum in another
                           order, so they round other numbers, and each may end as far from fp32 as
                           bf16 takes it.
speed   Samples a second as in `step_throughput`, without training metrics, every epoch between two
        waits for the GPU; the first epoch of each loop is not counted. fp32 as torch has it, so
        convolutions use TF32. Memory is the most that torch's allocator held in an epoch, with
        data, network and optimiser, of each loop by itself.
slots   Trials an hour of a small real training (that of `slots`) on eight slots of an eighth of the
        GPU, and on one. Each slot is a process with a CPU core, so with fewer cores than slots the
        cores are what is measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import torch

from tests.benchmarks import gpu_parity, slots
from tests.benchmarks.gpu_cases import Case, DeviceLoop, cases
from tests.benchmarks.step_throughput import rates
from tests.benchmarks.trial_turnaround import call

GOAL = 0.97
SLOTS = 8
PARTS = ("parity", "speed", "slots")


# ---------------------------------------------------------------- speed and memory


@dataclass(frozen=True)
class Speed:
    """Samples a second of ours and by hand, block by block, and megabytes, where they are known."""

    what: str
    ours: list[float]
    theirs: list[float]
    megabytes: tuple[float, float] | None

    @property
    def row(self) -> str:
        """Of the table."""
        ratios = [one / other for one, other in zip(self.ours, self.theirs, strict=True)]
        ratio = statistics.median(ratios)
        verdict = "ok" if ratio >= GOAL else f"BELOW {GOAL}"
        speeds = f"{statistics.median(self.ours):.0f} | {statistics.median(self.theirs):.0f}"
        spread = f"{ratio:.3f} ({min(ratios):.3f} .. {max(ratios):.3f})"
        memory = (
            "not known | not known"
            if self.megabytes is None
            else "{:.0f} | {:.0f}".format(*self.megabytes)
        )
        return f"| {self.what} | {speeds} | {spread} | {verdict} | {memory} |"


def speed(case: Case, device: torch.device, blocks: int) -> Speed:
    """One network."""

    def clock() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()

    with tempfile.TemporaryDirectory() as name:
        trainer = case.trainer(Path(name), device)
        by_row, by_slice = DeviceLoop(trainer, case.network), DeviceLoop(trainer, case.network)
        ours, theirs, best = rates(trainer, by_row, by_slice, blocks, clock)
        by_slices = best != "x[rows]"
        del trainer, by_row, by_slice
        memory = (
            None
            if device.type != "cuda"
            else memory_of_both(case, device, Path(name), by_slices=by_slices)
        )
    return Speed(case.name, ours, theirs, memory)


def memory_of_both(
    case: Case, device: torch.device, folder: Path, *, by_slices: bool
) -> tuple[float, float]:
    """Megabytes of ours and of the hand-written loop, with the batches that were faster."""

    def by_hand() -> Callable[[], object]:
        loop = DeviceLoop(case.trainer(folder, device), case.network)
        batches = loop.batches_by_slice if by_slices else loop.batches_by_row
        return lambda: loop.train_epoch(batches(0, case.batch_size))

    return peak(device, lambda: case.trainer(folder, device).train_epoch), peak(device, by_hand)


def peak(device: torch.device, build: Callable[[], Callable[[], object]]) -> float:
    """Most megabytes that are allocated in an epoch, beyond those before the training was built."""
    gc.collect()
    before = torch.cuda.memory_allocated(device)
    epoch = build()
    gc.collect()
    torch.cuda.reset_peak_memory_stats(device)
    epoch()
    torch.cuda.synchronize(device)
    return (torch.cuda.max_memory_allocated(device) - before) / 2**20


# ---------------------------------------------------------------- slots


def run_slots(wanted: slots.Sweep, device: str) -> None:
    """In a process of its own: a sweep on slots of a part of the GPU each, and one line of JSON."""
    import ray

    from mtl_search import load_config, run
    from mtl_search.cluster import connection
    from mtl_search.search import sweep  # noqa: F401  # what is imported now is not timed

    tree = slots.config(wanted)
    tree["training"]["device"] = device
    tree["resources"]["gpus_per_worker"] = 1 / SLOTS if device == "cuda" else 0
    config = load_config(tree)
    connection.configure()
    ray.init(
        address="local",
        num_cpus=wanted.slots,
        num_gpus=int(device == "cuda"),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        record = run(config, output=Path(name) / "sweep").record
        seconds = time.perf_counter() - began
    assert [trial.state for trial in record] == ["COMPLETE"] * wanted.trials, [
        trial.reason for trial in record
    ]
    pace = slots.pace(sorted(trial.ended for trial in record), wanted.slots)
    print(json.dumps({"warm": pace, "whole": wanted.trials / seconds * 3600}))


def trials_an_hour(wanted: slots.Sweep, device: str) -> dict[str, float]:
    """Of one sweep: on warm slots, and with their start."""
    numbers = map(str, (wanted.slots, wanted.trials, wanted.epochs, wanted.samples))
    text = call(
        [sys.executable, "-m", "tests.benchmarks.gpu", "--device", device, "--inside", *numbers]
    )
    line = next(
        line for line in text.splitlines() if line.startswith('{"warm"')
    )  # Ray may print lines, too
    found: dict[str, float] = json.loads(line)
    return found


# ---------------------------------------------------------------- what is printed


def report_parity(device: torch.device, *, quick: bool) -> None:
    """The table, and what this machine cannot compare."""
    print("\n| same numbers? | parameters apart | moved | tolerance | |\n|---|---|---|---|---|")
    for found in gpu_parity.parity(device, quick=quick):
        print(found.row, flush=True)
    if device.type == "cuda" and torch.cuda.device_count() < 2:
        print(
            "\nTwo workers beside one have not been run: NCCL wants a GPU for each, and there is "
            "one."
        )
        return
    for found in gpu_parity.with_two_workers(device):
        print(found.row, flush=True)


def report_speed(device: torch.device, blocks: int, *, quick: bool) -> None:
    """The table."""
    print(
        "\n| training | ours, samples a second | by hand | ratio, median of",
        blocks,
        "blocks | goal |",
        end="",
    )
    print(" ours, MB | by hand, MB |\n|---|---|---|---|---|---|---|")
    for case in cases(quick=quick):
        print(speed(case, device, blocks).row, flush=True)


def report_slots(device: torch.device, *, quick: bool) -> None:
    """The table."""
    many, trials, epochs, samples = (2, 8, 1, 500) if quick else (SLOTS, 64, 8, 6_000)
    print(
        f"\n| trials an hour, {trials} trials of {epochs} epochs of {samples} samples | 1 slot | "
        f"{many} slots | ratio |"
    )
    print("|---|---|---|---|")
    one, several = (
        trials_an_hour(slots.Sweep(count, trials, epochs, samples), device.type)
        for count in (1, many)
    )
    for what, key in (("warm slots", "warm"), ("whole sweep", "whole")):
        print(f"| {what} | {one[key]:.0f} | {several[key]:.0f} | {several[key] / one[key]:.2f} |")


def heading(device: torch.device) -> str:
    """Date, card and versions."""
    now = datetime.now(timezone.utc)
    card = "no GPU, the CPU in its place: the script is tried, and none of this is a figure"
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        count = torch.cuda.device_count()
        card = (
            f"{about.name} ({about.total_memory / 2**30:.0f} GiB; {count} in all), CUDA "
            f"{torch.version.cuda}"
        )
    return f"{now.day} {now:%B %Y}, {card}, torch {torch.__version__}, {os.cpu_count()} CPU cores"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument(
        "--quick", action="store_true", help="tiny settings, to see that the script runs"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run")
    parser.add_argument("--blocks", type=int, default=9, help="epochs of each loop that are timed")
    parser.add_argument("--inside", nargs=4, type=int, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.device == "cuda" and not torch.cuda.is_available():
        print(
            f"tests/benchmarks/gpu.py has not been run: torch {torch.__version__} finds no GPU on "
            "this machine."
        )
        return
    if told.inside:
        run_slots(slots.Sweep(*told.inside), told.device)
        return
    device = torch.device(told.device)
    print(heading(device))
    if "parity" in told.only:
        report_parity(device, quick=told.quick)
    if "speed" in told.only:
        report_speed(device, 1 if told.quick else told.blocks, quick=told.quick)
    if "slots" in told.only:
        report_slots(device, quick=told.quick)


if __name__ == "__main__":
    main()
