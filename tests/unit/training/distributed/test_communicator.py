"""Every message between ranks arrives, and a single process needs none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.errors import DiskFullError, TrialError
from mtl_search.training.distributed.communicator import Communicator, SingleProcess
from tests.support.ranks import caught, on_ranks

Results = list[dict[str, Any]]


@pytest.fixture(scope="module", params=[2, 4])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What `exchanges` returned on every rank."""
    folder = tmp_path_factory.mktemp(f"messages_{request.param}")
    return on_ranks(request.param, exchanges, folder, folder)


def exchanges(communicator: Communicator, folder: Path) -> dict[str, Any]:
    """Every message once."""
    rank = communicator.rank
    rows = None if rank == 1 else torch.full((rank + 1, 2), rank)
    large = [
        torch.full((3, 5), float(rank)),
        torch.full((2_500_000,), 1.0),
        torch.tensor(float(rank)),
    ]
    copied = [
        torch.tensor([rank]),
        torch.tensor(rank > 0),
        torch.full((2,), float(rank), dtype=torch.bfloat16),
    ]
    summed = communicator.all_reduce_coalesced(large)
    communicator.broadcast(copied)
    return {
        "sum": communicator.all_reduce(torch.tensor([1.0, float(rank)])),
        "sum_all": [x.flatten()[-1].item() for x in summed],
        "untouched": large[0][0, 0].item(),
        "shapes": [x.shape for x in summed],
        "copied": copied,
        "gather": communicator.gather([torch.tensor([rank == 0, rank == 1]), rows]),
        "decide": communicator.run_on_rank_zero(lambda: {"rank": rank, "best": float("-inf")}),
        "bytes": communicator.run_on_rank_zero(lambda: bytes([rank, 7])),
        "nothing": communicator.run_on_rank_zero(lambda: b""),
        "error": caught(lambda: communicator.run_on_rank_zero(lambda: 1 / 0)),
        "agreed": caught(lambda: communicator.raise_if_any_failed(None)),
        "disagreed": caught(
            lambda: communicator.raise_if_any_failed(TrialError(f"it was {rank}") if rank else None)
        ),
        "out of memory": caught(lambda: communicator.run_on_rank_zero(_run_out_of_memory)),
        "a full disk": caught(
            lambda: communicator.raise_if_any_failed(DiskFullError("/a") if rank == 1 else None)
        ),
        "not picklable": caught(
            lambda: communicator.raise_if_any_failed(ValueError(lambda: 1) if rank else None)
        ),
        "barrier": communicator.barrier(),
        "after": communicator.all_reduce(torch.ones(1)).item(),
    }


def _run_out_of_memory() -> None:
    raise MemoryError("no more")


def test_every_message_arrives(results: Results) -> None:
    size = len(results)
    for rank, received in enumerate(results):
        total = sum(range(size))
        assert received["sum"].tolist() == [size, total]
        assert received["sum_all"] == [total, size, total]
        assert received["untouched"] == rank
        assert received["shapes"] == [(3, 5), (2_500_000,), ()]
        assert [x.tolist() for x in received["copied"]] == [[0], False, [0.0, 0.0]]
        assert received["decide"] == {"rank": 0, "best": float("-inf")}
        assert received["bytes"] == b"\x00\x07"
        assert received["nothing"] == b""
        assert received["agreed"] == ("", "")
        assert received["a full disk"][0] == "DiskFullError"
        assert received["a full disk"][1].startswith(f"worker 1 of {size}: /a")
        assert received["not picklable"][0] == "TrialError"
        assert "ValueError" in received["not picklable"][1]
        assert received["after"] == size, "nobody is a message behind"
        assert received["disagreed"] == ("TrialError", f"worker 1 of {size}: it was 1")
        if rank:
            assert received["gather"] == []
            assert received["error"][0] == "TrialError"
            assert received["out of memory"][0] == "OutOfMemoryError"
            assert "ZeroDivisionError" in received["error"][1]
        else:
            truths, numbers = received["gather"]
            assert numbers.tolist() == [[r, r] for r in range(size) if r != 1 for _ in range(r + 1)]
            assert truths.tolist() == [True, False, False, True] + [False] * 2 * (size - 2)
            assert received["error"] == ("ZeroDivisionError", "division by zero")
            assert received["out of memory"] == ("MemoryError", "no more")


def test_alone_every_message_is_the_identity() -> None:
    alone, x = SingleProcess(), torch.ones(2)
    assert alone.all_reduce(x) is x
    assert alone.gather([x]) == [x]
    assert alone.all_reduce_coalesced([x]) == [x]
    assert alone.run_on_rank_zero(lambda: x) is x
    assert alone.run_on_rank_zero(lambda: b"a") == b"a"
    alone.raise_if_any_failed(None)
    with pytest.raises(KeyError):
        alone.raise_if_any_failed(KeyError("a"))
