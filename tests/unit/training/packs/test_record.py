"""Each member's part of what a pack has recorded."""

from __future__ import annotations

from pathlib import Path

import torch

from mtl_search.data.loading.stacked import StackedBatches
from mtl_search.training.packs.program import Passed
from mtl_search.training.packs.record import PackRecord, member_records, validation_labels
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trainer import Trainer
from tests.support.packed import SAMPLES, settings, specs
from tests.support.trials import OBJECTIVE


def _trainers(folder: Path) -> list[Trainer]:
    runner = TrialRunner(SAMPLES, OBJECTIVE)
    return [runner.build(spec) for spec in specs(settings(), folder)]


def test_a_member_gets_its_rows(tmp_path: Path) -> None:
    trainers = _trainers(tmp_path)
    record = PackRecord(keep_outputs=True)
    for number, batch in enumerate(StackedBatches([t.train_loader for t in trainers])):
        losses = torch.arange(9.0).view(3, 3) + 10 * number
        size = batch.inputs["x"].shape[1]
        outputs = [torch.full((3, size, 3), 1.0 * number), *[torch.zeros(3, size)] * 2]
        record.add(batch, Passed(losses, outputs, None))
    record.penalties.append(torch.tensor([7.0, 8.0, 9.0]))
    records = member_records(trainers, record.outputs, record.targets, record.losses)
    own = record.complete(records)[1]
    assert own.stacked_losses()[:2].tolist() == [[3.0, 4.0, 5.0], [13.0, 14.0, 15.0]]
    assert own.mean_penalty() == {"train/penalty": 8.0}
    collected, labels = own.collect(trainers[1].target_names, trainers[1].communicator)
    assert collected["kind"][:, 0].tolist() == [float(n) for n in range(6) for _ in range(16)]
    wanted = torch.cat([batch.targets["kind"] for batch in trainers[1].train_loader])
    assert torch.equal(labels["kind"], wanted)
    assert sum(batch.size for batch in own.batches) == 96


def test_without_outputs_there_are_no_labels() -> None:
    record = PackRecord(keep_outputs=False)
    assert (record.outputs, record.targets) == ([], [])


def test_labels_of_the_validation_split_are_stacked(tmp_path: Path) -> None:
    kind, flag, size = validation_labels(_trainers(tmp_path))
    rows = SAMPLES.splits["validation"]
    assert kind.tolist() == [SAMPLES.targets["kind"].values[rows].tolist()] * 3
    assert (flag.shape, size.dtype) == ((3, 16), torch.float32)
