"""The training of a trial as one writes it by hand."""

from __future__ import annotations

import tempfile

import torch

from mtl_search.data.loading.device_data import DeviceData
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.pack_shapes.cases import Case, objective


def train_plain(case: Case, device: torch.device) -> None:
    """Train and validate the network of the case; no metrics, no reports, nothing is kept."""
    data, config = case.data(), case.config()
    with tempfile.TemporaryDirectory() as name:
        spec = TrialSpec("t-0000", config, 0, objective(case), name)
        network = Trainer(spec, data, device, DeviceData(data, device)).network
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    x = torch.from_numpy(data.inputs["x"]).to(device)
    labels = {task: torch.from_numpy(data.targets[task].values).to(device) for task in case.tasks}
    validation = torch.from_numpy(data.splits["validation"]).to(device)
    for _ in range(case.epochs):
        network.train()
        order = torch.randperm(case.samples, device=device)
        inputs = x[order]
        targets = {task: y[order] for task, y in labels.items()}
        for start in range(0, case.samples, case.batch_size):
            rows = slice(start, start + case.batch_size)
            outputs = network({"x": inputs[rows]})
            loss = torch.stack(
                [head.loss(outputs[t], targets[t][rows]) for t, head in network.heads.items()]
            ).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            outputs = network({"x": x[validation]})
            for task, head in network.heads.items():
                head.loss(outputs[task], labels[task][validation]).item()
