"""Several ranks in processes of their own, started once for many cases."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.multiprocessing.spawn import start_processes

from mtl_search.training.distributed.communicator import ProcessGroupCommunicator


def on_ranks(
    size: int, work: Callable[..., Any], folder: Path, *arguments: Any, device: str = "cpu"
) -> list[Any]:
    """What `work(communicator, *arguments)` returns on each of `size` ranks.

    It must be importable by its name.

    With device `cuda` every rank has a GPU of its own, and they speak by NCCL.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A fork of this process would inherit torch's threads; one of a server that has only imported
    # does not, and does not import once a rank.
    mp.get_context("forkserver").set_forkserver_preload(
        ["mtl_search.training.trainer", "torch.distributed"]
    )
    start_processes(
        _rank,
        args=(size, work, folder, (arguments, device)),
        nprocs=size,
        start_method="forkserver",
    )
    return [pickle.loads((folder / f"result_{rank}").read_bytes()) for rank in range(size)]


def caught(work: Callable[[], Any]) -> tuple[str, str]:
    """Type and text of the error that it raises; empty for none."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  they are compared
        return type(error).__name__, str(error)
    return "", ""


def _rank(
    rank: int, size: int, work: Callable[..., Any], folder: Path, more: tuple[tuple[Any, ...], str]
) -> None:
    arguments, kind = more
    torch.set_num_threads(1)
    device = torch.device(f"cuda:{rank}" if kind == "cuda" else kind)
    if kind == "cuda":
        torch.cuda.set_device(device)
    backend, meeting = "nccl" if kind == "cuda" else "gloo", f"file://{folder}/meeting"
    dist.init_process_group(
        backend, init_method=meeting, rank=rank, world_size=size, timeout=timedelta(seconds=60)
    )
    try:
        result = work(ProcessGroupCommunicator(device), *arguments)
        (folder / f"result_{rank}").write_bytes(pickle.dumps(result))
    finally:
        dist.destroy_process_group()
