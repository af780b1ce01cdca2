"""Section `training`: how one trial trains."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mtl_search.config.base import Component, ConfigModel


class EarlyStopping(ConfigModel):
    """Stop a trial whose validation objective no longer improves."""

    patience: int = Field(ge=1, description="epochs without improvement that are allowed")
    min_delta: float = Field(0.0, ge=0, description="smallest gain that counts as improvement")


class LearningRateMultipliers(ConfigModel):
    """Factors on the optimiser's learning rate.

    With 0 the parameters of a part stay as they are, but the statistics of its norms go on.
    """

    backbone: float = Field(1.0, ge=0, description="of all stages, shared or a task's own")
    heads: float = Field(
        1.0, ge=0, description="of each head, with what stands beside its features"
    )
    tasks: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="task → of its head, in place of `heads`"
    )


_OPTIMIZER = {"name": "adamw", "lr": 1e-3}


def _of_default(value: object) -> object:
    """Fill in the default where a value such as `training.optimizer.lr=0.01` stands alone."""
    if isinstance(value, dict) and "name" not in value:
        return {**_OPTIMIZER, **value}
    return value


class TrainingConfig(ConfigModel):
    """How one trial trains."""

    epochs: int = Field(10, ge=1, description="passes over the training split")
    batch_size: int = Field(64, ge=1, description="samples a step, over all workers")
    eval_batch_size: int = Field(
        512, ge=1, description="samples a batch on the validation and test splits"
    )
    max_samples_per_split: int | None = Field(
        None, ge=2, description="most samples of each split that are used, chosen by seed"
    )
    optimizer: Annotated[Component, BeforeValidator(_of_default)] = Field(
        default_factory=lambda: Component.model_validate(_OPTIMIZER),
        description="optimizer by name, with its arguments (see `mtl-search list optimizers`)",
    )
    lr_multipliers: LearningRateMultipliers = Field(
        default_factory=LearningRateMultipliers,
        description="learning rates of backbone and heads, relative to the optimizer's",
    )
    schedule: Component | None = Field(
        None, description="learning-rate schedule of torch, stepped once an epoch"
    )
    accumulate: int = Field(
        1, ge=1, description="batches whose gradients are added up before a step"
    )
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the whole gradient")
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="of the forward pass; bf16 by autocast"
    )
    channels_last: bool = Field(
        False, description="images and convolutions channels last; pays on a GPU in bf16"
    )
    compile: bool = Field(
        False,
        description="torch.compile once a trial, a minute or so; pays in long trials on a GPU",
    )
    loss_scale: Literal["trivial", "none"] = Field(
        "trivial",
        description="trivial: each loss is divided by that of its best constant prediction",
    )
    weighting: Component = Field(
        default_factory=lambda: Component(name="static"),
        description="how the losses are weighed beside their loss weights "
        "(see `mtl-search list weightings`)",
    )
    aggregator: Component | None = Field(
        None,
        description="how the tasks' gradients of shared layers become one; default: they are "
        "added up",
    )
    early_stopping: EarlyStopping | None = Field(
        None, description="end a trial that no longer improves; default: it trains all epochs"
    )
    on_out_of_memory: Literal["fail", "accumulate"] = Field(
        "fail",
        description="accumulate: begin the trial again, once, with half the batch and twice "
        "`accumulate`",
    )
    train_metrics: bool = Field(
        True, description="compute the metrics on the training batches, too"
    )
    checkpoint_every_s: float = Field(
        30.0, ge=0, description="seconds of training between two checkpoints of a trial"
    )
    pack: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="most trials that are trained as one batched program; 1: each by itself; auto: "
        "as many as pay, for small dense networks",
    )
    sync_batch_norm: bool = Field(
        False,
        description="several workers: batch normalisation over the whole batch, not each worker's "
        "part; GPU only",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: a GPU where the trial has one"
    )
    cache_on_device: Literal["auto", "always", "never"] = Field(
        "auto",
        description="keep the whole data set on the device; auto: when it takes at most a quarter "
        "of the memory",
    )
