"""Networks and the matrix are one memory, until a member leaves."""

from __future__ import annotations

import torch
from torch import nn

from mtl_search.training.packs.flat_parameters import FlatParameters


def _networks(count: int = 3) -> list[nn.Module]:
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)) for _ in range(count)]


def test_what_is_written_to_one_is_seen_by_the_other() -> None:
    networks = _networks()
    before = [torch.cat([p.flatten() for p in n.parameters()]) for n in networks]
    flat = FlatParameters(networks)
    assert torch.equal(flat.matrix, torch.stack(before))
    with torch.no_grad():
        flat.matrix[1].zero_()
        flat.buffers[0][2].fill_(5.0)
    assert not any(p.any() for p in networks[1].parameters())
    assert networks[2].get_buffer("1.running_mean").tolist() == [5.0] * 3
    networks[0].load_state_dict(networks[1].state_dict())
    assert not flat.matrix[0].any()


def test_gradients_of_the_stack_are_those_of_the_rows() -> None:
    flat = FlatParameters(_networks())
    weight, *_ = flat.stacked()
    assert weight.shape == (3, 3, 2)
    (weight * torch.arange(18.0).view(3, 3, 2)).sum().backward()
    assert flat.matrix.grad is not None
    assert flat.matrix.grad[:, :6].flatten().tolist() == list(range(18))
    assert not flat.matrix.grad[:, 6:].any()


def test_who_leaves_keeps_its_numbers_and_no_longer_changes() -> None:
    networks = _networks()
    flat = FlatParameters(networks)
    left = [p.clone() for p in networks[1].parameters()]
    flat.keep([0, 2])
    with torch.no_grad():
        flat.matrix.zero_()
    assert all(torch.equal(p, q) for p, q in zip(networks[1].parameters(), left, strict=True))
    assert not any(p.any() for n in (networks[0], networks[2]) for p in n.parameters())


def test_a_snapshot_brings_all_back() -> None:
    networks = _networks()
    flat = FlatParameters(networks)
    before = {k: v.clone() for k, v in networks[2].state_dict().items()}
    snapshot = flat.snapshot()
    with torch.no_grad():
        flat.matrix.zero_()
        flat.buffers[1].zero_()
    flat.restore(snapshot)
    assert all(torch.equal(v, before[k]) for k, v in networks[2].state_dict().items())
