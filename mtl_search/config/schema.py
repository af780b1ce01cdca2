"""The config: frozen pydantic models, one a section.

A part that is chosen by name (a head, a backbone, an optimiser, ...) is a `Member`: `{name: convnet, channels: [16,
32]}`, or just `convnet`. Which names and arguments exist is the business of that family's registry; this module knows
shapes only.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from mtl_search.config.start import StartPoints

Role = Literal["main", "auxiliary"]
ArmName = Literal["single", "equal", "search"]


# What `int` and its like hold in an entry of the space.
_BOUNDS = (tuple[float, float] | None, tuple[int, int] | None)


class Section(BaseModel):
    """Base of all sections: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic would read `epochs: true` as 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if annotation in (int, float, float | None) and isinstance(value, bool):
            raise ValueError("a number is needed")
        if annotation in _BOUNDS and isinstance(value, list | tuple) and any(isinstance(item, bool) for item in value):
            raise ValueError("two numbers are needed")
        return value


class Member(BaseModel):
    """A part chosen by name, with its own arguments beside the name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(description="name in the family's table, or 'module:attribute' for your own")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_serializer
    def _to_plain(self) -> dict[str, Any]:
        """Arguments that are None stay where `exclude_none` drops None elsewhere: it need not be their default."""
        return {"name": self.name, **self.arguments}

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything beside the name."""
        return dict(self.__pydantic_extra__ or {})


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class BesideConfig(Section):
    """A view that goes round the backbone, straight to one task's head."""

    values: int | None = Field(None, ge=1, description="a view of integers: how many values there may be, from 0 on")
    width: int = Field(8, ge=1, description="a view of integers: width of the embedding of each value")


class SpansConfig(Section):
    """Which tokens a head reads: the mean of each span, side by side, in place of one vector for the sentence."""

    view: str = Field(description="view of whole numbers (tokens,): 1 in the first span, 2 in the second, ..., else 0")
    count: int = Field(2, ge=1, description="how many spans there are")
    first: bool = Field(True, description="read the first token, too, which stands for the sentence in BERT's family")


def _as_view(value: object) -> object:
    return {"view": value} if isinstance(value, str) else value


def _named(value: object) -> object:
    """A list of names as a mapping to defaults."""
    if isinstance(value, str):
        return {value: {}}
    return {name: {} for name in value} if isinstance(value, list | tuple) else value


class TaskConfig(Section):
    """One target of the network, as a named output in Keras."""

    head: Member = Field(description="what turns features into this output (see `mtl-search list heads`)")
    target: str | None = Field(None, description="target of the data set; default: the task's name")
    view: Names = Field((), description="input(s) that the head reads; default: the data set's only view")
    beside: Annotated[dict[str, BesideConfig], BeforeValidator(_named)] = Field(
        default_factory=dict, description="view(s) put beside the features of this task alone, before its head"
    )
    spans: Annotated[SpansConfig | None, BeforeValidator(_as_view)] = Field(
        None, description="spans of tokens that the head reads, such as two entities; default: all tokens, pooled"
    )
    loss: Member | None = Field(None, description="loss by name; default: the head's own")
    loss_weight: float = Field(1.0, ge=0, description="how much this loss counts, relative to the others")
    metrics: Names = Field((), description="metrics by name, the first selects; default: the head's own")
    role: Role = Field("main", description="main tasks count in the objective, auxiliary ones only help")


class ModelConfig(Section):
    """The network: a backbone cut into stages, and how the tasks share it."""

    backbone: Member
    sharing: Member = Field(default_factory=lambda: Member(name="hard"))
    augment: tuple[Member, ...] = Field(
        (), description="random changes of training images, by name in kornia.augmentation"
    )


class EarlyStopping(Section):
    """Stop a trial whose validation objective no longer improves."""

    patience: int = Field(ge=1, description="epochs without improvement that are allowed")
    min_delta: float = Field(0.0, ge=0, description="smallest gain that counts as improvement")


class LearningRates(Section):
    """Factors on the optimiser's learning rate; 0 lets a part stay as it is."""

    backbone: float = Field(1.0, ge=0, description="of all stages, shared or a task's own")
    heads: float = Field(1.0, ge=0, description="of each head, with what stands beside its features")
    tasks: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="task → of its head, in place of `heads`"
    )


class TrainingConfig(Section):
    """How one trial trains."""

    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=1, description="samples a step, over all workers")
    eval_batch_size: int = Field(512, ge=1)
    samples: int | None = Field(None, ge=2, description="most samples of each split that are used, chosen by seed")
    optimizer: Member = Field(default_factory=lambda: Member.model_validate({"name": "adamw", "lr": 1e-3}))
    lr_factors: LearningRates = Field(
        default_factory=LearningRates, description="learning rates of backbone and heads, relative to the optimizer's"
    )
    schedule: Member | None = Field(None, description="learning-rate schedule of torch, stepped once an epoch")
    accumulate: int = Field(1, ge=1, description="batches whose gradients are added up before a step")
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the whole gradient")
    precision: Literal["fp32", "bf16"] = "fp32"
    channels_last: bool = Field(False, description="images and convolutions channels last; pays on a GPU in bf16")
    compile: bool = Field(False, description="torch.compile once a trial, a minute or so; pays in long trials on a GPU")
    loss_scale: Literal["trivial", "none"] = Field(
        "trivial", description="trivial: each loss is divided by that of its best constant prediction"
    )
    weighting: Member = Field(
        default_factory=lambda: Member(name="static"),
        description="how the losses are weighed beside their loss weights (see `mtl-search list weightings`)",
    )
    aggregator: Member | None = Field(
        None, description="how the tasks' gradients of shared layers become one; default: they are added up"
    )
    early_stopping: EarlyStopping | None = None
    on_out_of_memory: Literal["fail", "accumulate"] = Field(
        "fail", description="accumulate: begin the trial again, once, with half the batch and twice `accumulate`"
    )
    train_metrics: bool = Field(True, description="compute the metrics on the training batches, too")
    checkpoint_every_s: float = Field(30.0, ge=0, description="seconds of training between two checkpoints of a trial")
    sync_batch_norm: bool = Field(
        False, description="several workers: batch normalisation over the whole batch, not each worker's part; GPU only"
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    resident: Literal["auto", "always", "never"] = Field(
        "auto", description="keep the whole data set on the device; auto: when it takes at most a quarter of the memory"
    )


class SpaceEntry(Section):
    """One searched value: exactly one of float, log, int, choice, log_ratio."""

    float_: tuple[float, float] | None = Field(None, alias="float", description="[low, high], uniform")
    log: tuple[float, float] | None = Field(None, description="[low, high] > 0, uniform in the logarithm")
    int_: tuple[int, int] | None = Field(None, alias="int", description="[low, high], both ends included")
    choice: tuple[Any, ...] | None = Field(None, min_length=1, description="one of these, without order")
    log_ratio: float | None = Field(None, gt=1, description="ratio to the reference task from 1/R to R, log-uniform")
    reference: str | None = Field(None, description="log_ratio: the task whose weight the others are relative to")
    when: dict[str, Any] | None = Field(None, description="searched only where these paths have these values")

    @property
    def kind(self) -> str:
        """Which of the five it is."""
        return next(kind for kind in _KINDS if getattr(self, _KINDS[kind]) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> SpaceEntry:
        given = [kind for kind, field in _KINDS.items() if getattr(self, field) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_KINDS)}; given: {', '.join(given) or 'none'}")
        bounds = {"float": self.float_, "log": self.log, "int": self.int_}.get(given[0])
        if bounds is not None and not bounds[0] <= bounds[1]:
            raise ValueError(f"{given[0]} needs [low, high] with low <= high; given: {list(bounds)}")
        if bounds is not None and not math.isfinite(bounds[1] - bounds[0]):
            raise ValueError(f"{given[0]} needs ends whose distance is a number; given: {list(bounds)}")
        if self.log is not None and not self.log[0] > 0:
            raise ValueError(f"log needs a low end above 0; given: {list(self.log)}")
        if (self.log_ratio is None) != (self.reference is None):
            raise ValueError("log_ratio and reference belong together: {log_ratio: 100, reference: <task>}")
        return self


_KINDS = {"float": "float_", "log": "log", "int": "int_", "choice": "choice", "log_ratio": "log_ratio"}


class Finalists(Section):
    """Configurations that are trained again on fresh seeds before anything is claimed of them."""

    top: int = Field(1, ge=0, description="configurations an arm; 0: no finalists and no verdict")
    seeds: int = Field(3, ge=2, description="fresh seeds a configuration")
    without_auxiliary: bool = Field(
        True, description="train the best once more without each auxiliary task, to say what that task was worth"
    )


class SearchConfig(Section):
    """What is searched, how, and with how many trials."""

    trials: int = Field(
        20, ge=1, description="budget of each arm: N for search, N for equal, N in all for the single-task arms"
    )
    arms: Annotated[tuple[ArmName, ...], BeforeValidator(_as_tuple)] = Field(
        ("single", "equal", "search"), min_length=1
    )
    space: dict[str, SpaceEntry] = Field(default_factory=dict, description="dotted path → what to try there")
    start: StartPoints = Field(
        (),
        description="loss weights that the search arm tries after equal ones: task → weight (1 where left out), the "
        "folder of an earlier sweep, or a weighting, of which one trial is run first",
    )
    scheduler: Member = Field(default_factory=lambda: Member(name="fifo"))
    sampler: Member = Field(default_factory=lambda: Member(name="tpe"))
    objective: str = Field("delta_m", description="delta_m, a metric such as val/left/accuracy, or 'module:attribute'")
    finalists: Finalists = Field(default_factory=Finalists)
    retries: int = Field(2, ge=0, description="times a trial is started again after its process died")
    stop_after_failures: int = Field(
        5, ge=1, description="end the sweep when its first trials have all failed, this many"
    )


class TrackingConfig(Section):
    """Where the runs are recorded."""

    enabled: bool = True
    uri: str | None = Field(None, description="MLflow tracking URI; default: SQLite beside the sweeps")
    experiment: str | None = Field(None, description="MLflow experiment; default: the config's name")


class ResourcesConfig(Section):
    """What one trial may use."""

    workers: int = Field(1, ge=1)
    cpus_per_worker: float = Field(1, gt=0)
    gpus_per_worker: float = Field(0, ge=0)
    max_concurrent: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto", description="trials at a time; auto: what the cluster holds"
    )
    storage: str | None = Field(
        None,
        description="folder for checkpoints that all nodes reach, as a path, s3:// or gs://; default: the sweep's own",
    )
    patience: float = Field(
        600.0, ge=0, description="seconds that a sweep waits for a node when none is left that a trial fits on"
    )


class Config(Section):
    """Everything that one sweep is."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="names the sweep's folder and experiment")
    seed: int = Field(0, ge=0)
    data: Member
    tasks: dict[str, TaskConfig] = Field(min_length=1)
    model: ModelConfig
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    search: SearchConfig = Field(default_factory=SearchConfig)
    tracking: TrackingConfig = Field(default_factory=TrackingConfig)
    resources: ResourcesConfig = Field(default_factory=ResourcesConfig)

    @property
    def main_tasks(self) -> tuple[str, ...]:
        """Names of the tasks that count in the objective, in order."""
        return tuple(name for name, task in self.tasks.items() if task.role == "main")
