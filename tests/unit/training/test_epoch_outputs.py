"""What is kept of an epoch, and how it comes together over ranks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.training.distributed.communicator import SingleProcess
from mtl_search.training.epoch_outputs import EpochOutputs
from tests.support.metric_cases import ALL, Maker, MetricCase, metric_case
from tests.support.trials import CPU

NAMES = {"a": "x", "b": "x", "c": "y"}


def _batch(first: int, size: int) -> Batch:
    labels = torch.arange(first, first + size)
    return Batch({"view": torch.ones(size, 3)}, {}, {"x": labels, "y": labels + 10}, size, size, {})


def _outputs(size: int) -> dict[str, Tensor]:
    return {
        task: torch.full((size, 2), float(number), dtype=torch.bfloat16, requires_grad=True)
        for number, task in enumerate(NAMES)
    }


def _epoch(*, keep_outputs: bool = True) -> EpochOutputs:
    epoch_outputs = EpochOutputs(keep_outputs=keep_outputs)
    for first, size in ((0, 4), (4, 3)):
        losses = torch.ones(3, requires_grad=True) * first
        epoch_outputs.add(_outputs(size), _batch(first, size), losses)
    epoch_outputs.add_nothing(_batch(7, 2), 3, CPU)
    return epoch_outputs


def test_outputs_and_labels_are_joined_by_task_and_target() -> None:
    outputs, labels = _epoch().collect(NAMES, SingleProcess())
    assert list(outputs) == ["a", "b", "c"]
    assert list(labels) == ["x", "y"], "a target of two tasks is collected once"
    for number, rows in enumerate(outputs.values()):
        assert rows.dtype == torch.float32
        assert rows.tolist() == [[number, number]] * 7
    assert labels["x"].tolist() == list(range(7))
    assert labels["y"].tolist() == list(range(10, 17))


class _Other(SingleProcess):
    """A rank that is not the first: nothing arrives there."""

    rank = 1
    size = 2

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        return []


def test_other_ranks_collect_nothing() -> None:
    assert _epoch().collect(NAMES, _Other()) == ({}, {})


class _Two(SingleProcess):
    """The first of two ranks: the rows of the second one, from its own record, arrive behind."""

    size = 2

    def __init__(self, second: EpochOutputs) -> None:
        self._second = second

    def gather(self, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        outputs, labels = self._second.collect({"task": "target"}, SingleProcess())
        pairs = zip(tensors, (outputs["task"], labels["target"]), strict=True)
        return [torch.cat([here, there]) for here, there in pairs if here is not None]


def _rank(case: MetricCase, batches: Sequence[Tensor]) -> EpochOutputs:
    """The record of a rank that saw these items, batch by batch."""
    epoch_outputs = EpochOutputs()
    for items in batches:
        size = len(items)
        batch = Batch({}, {}, {"target": case.target[items]}, size, size, {})
        epoch_outputs.add({"task": case.prediction[items]}, batch)
    epoch_outputs.add_nothing(Batch({}, {}, {}, 0, 1, {}), 1, CPU)
    return epoch_outputs


@pytest.mark.parametrize(("name", "maker"), [pytest.param(*c[:2], id=c[2]) for c in ALL])
def test_a_metric_over_batches_and_ranks_is_that_over_all_rows(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 40)
    batches = torch.arange(40).split([1, 9, 6, 11, 4, 9])
    first = _rank(case, batches[::2])
    outputs, labels = first.collect({"task": "target"}, _Two(_rank(case, batches[1::2])))
    # Of tags the head's answers are collected in place of outputs, as real as those.
    prediction = outputs["task"].to(case.prediction.dtype)
    together = dataclasses.replace(case, prediction=prediction, target=labels["target"])
    assert together.value() == pytest.approx(case.value(), rel=1e-5, abs=1e-7)


def test_of_unequal_batches_the_mean_over_batches_is_another_number() -> None:
    """So that the test above could fail."""
    for name, maker, _ in ALL:
        case = metric_case(name, maker, 40)
        means = [case.of_items(items).value() for items in torch.arange(40).split([4, 20, 16])]
        assert sum(means) / 3 != pytest.approx(case.value(), rel=1e-5, abs=1e-7), name


def test_neither_inputs_nor_graphs_are_kept() -> None:
    epoch_outputs = _epoch()
    assert all(batch.inputs == {} for batch in epoch_outputs.batches)
    assert not any(losses.requires_grad for losses in epoch_outputs.losses)
    outputs, _ = epoch_outputs.collect(NAMES, SingleProcess())
    assert not any(rows.requires_grad for rows in outputs.values())


def test_a_batch_without_a_sample_has_losses_of_zero() -> None:
    epoch_outputs = _epoch(keep_outputs=False)
    assert [losses.tolist() for losses in epoch_outputs.losses] == [[0.0] * 3, [4.0] * 3, [0.0] * 3]
    assert [batch.size for batch in epoch_outputs.batches] == [4, 3, 0]
    assert [batch.total for batch in epoch_outputs.batches] == [4, 3, 2]


def test_the_penalty_is_the_mean_over_steps() -> None:
    epoch_outputs = EpochOutputs()
    assert epoch_outputs.mean_penalty() == {}
    epoch_outputs.penalties = [torch.tensor(1.0), torch.tensor(4.0)]
    assert epoch_outputs.mean_penalty() == {"train/penalty": 2.5}
