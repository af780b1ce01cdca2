"""The parts of a config's network that are the user's, each held against its contract."""

from __future__ import annotations

import logging
from functools import cache

import torch
from torch import Tensor

from mtl_search.config.schema import Config
from mtl_search.data.dataset import DataSet
from mtl_search.errors import ConfigError
from mtl_search.models.build import first_view, stages_builder
from mtl_search.models.contracts.augmentation import check_augmentation
from mtl_search.models.contracts.batch import (
    SmallBatch,
    describe,
    evaluated,
    listed,
    small_batch,
    tried,
    without_gradient,
)
from mtl_search.models.contracts.policy import check_policy
from mtl_search.models.contracts.stages import check_stages
from mtl_search.models.heads.contract import fitted
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.stage import safe_key

logger = logging.getLogger(__name__)


def check_own_parts(config: Config, network: MultiTaskNetwork, data: DataSet) -> None:
    """Run the user's parts of a network on a few samples of the data, before anything trains.

    Networks of the package's own parts alone are not run. Losses and heads are also called one by
    one when they are built, in `heads.contract`.

    Args:
        config: The sweep's config.
        network: The network that was built from it.
        data: The data set.

    Raises:
        ConfigError: A part does not do what its family needs; the path is that of its key.
    """
    model = config.model
    own_tasks = {
        task
        for task, section in config.tasks.items()
        if ":" in section.head.name or (section.loss is not None and ":" in section.loss.name)
    }
    names = (model.backbone.name, model.sharing.name, *(part.name for part in model.augment))
    if not own_tasks and not any(":" in name for name in names):
        return
    batch = small_batch(data)
    if ":" in model.backbone.name:
        view = first_view(config, data)
        with torch.random.fork_rng(devices=[]):
            stages = stages_builder(config, data)()
        check_stages(stages, model.backbone.name, batch.inputs[view], batch.masks.get(view))
    if ":" in model.sharing.name:
        check_policy(network.sharing, model.sharing.name, batch)
    for number, part in enumerate(model.augment):
        if ":" in part.name:
            assert network.augment is not None
            step = network.augment.steps[number]
            check_augmentation(step, part.name, batch, f"model.augment.{number}")
    _check_outputs(network, data, batch)


def _check_outputs(network: MultiTaskNetwork, data: DataSet, batch: SmallBatch) -> None:
    """Check that each task has a finite loss, and tell what no loss sends a gradient to."""
    train = data.splits["train"]
    with evaluated(network):
        with tried("the network", "model", f"{len(batch.rows)} samples of the data"):
            outputs = network(batch.inputs, batch.masks)
        total = torch.zeros(())
        for task, head in network.heads.items():
            values = data.targets[network.target_names[task]].values
            labels = torch.from_numpy(values[batch.rows])
            twin = fitted(head, torch.from_numpy(values[train]), f"tasks.{task}.head")
            with tried("its loss", f"tasks.{task}", describe(outputs[task])):
                loss = twin.loss(outputs[task], labels)
            _check_loss(loss, task)
            total = total + loss
        lacking = without_gradient(network, total)
    for task, head in network.heads.items():
        named = head.named_parameters(_head_name(task))
        of_head = {name for name, parameter in named if parameter.requires_grad}
        if of_head and of_head <= set(lacking):
            message = "no gradient reaches the parameters of the head from its loss"
            raise ConfigError(message, path=f"tasks.{task}.head")
    if lacking:
        _tell(listed(lacking))


def _head_name(task: str) -> str:
    """Return what the names of the parameters of a task's head begin with."""
    return f"head_modules.{safe_key(task)}"


def _check_loss(loss: Tensor, task: str) -> None:
    if loss.shape != () or not loss.isfinite():
        seen = describe(loss) if loss.shape != () else f"{float(loss)}"
        raise ConfigError(
            f"the loss of a few samples of the data is {seen} with a network that has learnt "
            "nothing, and needed is one finite number",
            path=f"tasks.{task}",
        )


@cache  # a check builds the network at each end of the space
def _tell(names: str) -> None:
    logger.warning("no gradient reaches these parameters of the network: %s", names)
