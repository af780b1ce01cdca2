"""The config: frozen pydantic models, one a section.

They know shapes only, and nothing of what a name stands for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from mtl_search.config.base import Component, ConfigModel, RememberingModel, as_tuple
from mtl_search.config.initial_points import InitialPoints
from mtl_search.config.sections.duration import seconds_of
from mtl_search.config.sections.report import ReportConfig
from mtl_search.config.sections.task import TaskConfig
from mtl_search.config.sections.tracking import TrackingConfig
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.config.space import SpaceEntry

# The name of a data set that no config describes.
HANDED_OVER = "given in Python"

ArmKind = Literal["single", "equal", "search"]


class ModelConfig(ConfigModel):
    """The network: a backbone cut into stages, and how the tasks share it."""

    backbone: Component = Field(
        description="the stages that tasks can share (see `mtl-search list backbones`)"
    )
    sharing: Component = Field(
        default_factory=lambda: Component(name="hard"),
        description="how the tasks share the stages (see `mtl-search list sharing`)",
    )
    augment: tuple[Component, ...] = Field(
        (), description="random changes of training images, by name in kornia.augmentation"
    )


class Finalists(ConfigModel):
    """Configurations that are trained again on fresh seeds before anything is claimed of them."""

    top: int = Field(
        3,
        ge=0,
        description="configurations of each arm that race on two fresh seeds; the best goes on. "
        "0: no finalists and no verdict",
    )
    seeds: int = Field(5, ge=2, description="fresh seeds of the configuration that goes on")
    max_seeds: int | None = Field(
        None,
        ge=2,
        description="seeds that are trained where `seeds` leave the verdict open and more could "
        "decide it; default: twice `seeds`",
    )
    margin: float = Field(
        0.005,
        ge=0,
        description="differences below this are practically equal: 0.005 is half a point of skill",
    )
    splits: int = Field(
        0,
        ge=0,
        description="further random partitions of the data into train, validation and test: on "
        "each the compared networks are trained once more, and the verdict tells what they gain "
        "over partitions, too. At least 2, better 10; 0: none",
    )
    ablate_auxiliary: bool = Field(
        True,
        description="train the best once more without each auxiliary task, to say what that task "
        "was worth",
    )
    leave_one_out: bool = Field(
        False,
        description="train the best once more without each main task, to say what that task gives "
        "to the others; needs the objective skill or delta_m",
    )

    @field_validator("splits")
    @classmethod
    def _one_split_has_no_spread(cls, splits: int) -> int:
        if splits == 1:
            raise ValueError("one split says nothing of others: 0, or at least 2")
        return splits

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of seeds at which the verdict is looked at, in order."""
        most = 2 * self.seeds if self.max_seeds is None else self.max_seeds
        return (self.seeds, most) if most > self.seeds else (self.seeds,)


class SearchConfig(ConfigModel):
    """What is searched, how, and with how many trials."""

    trials: int = Field(
        20,
        ge=1,
        description="budget of each arm: N for search, N for equal, N in all for the single-task "
        "arms",
    )
    time_budget: Annotated[float | None, BeforeValidator(seconds_of)] = Field(
        None,
        description="time of the whole sweep, such as 90m, 2h or 1d: half for the search, the rest "
        "for the finalists; no trial begins after it, and those that run are finished",
    )
    arms: Annotated[tuple[ArmKind, ...], BeforeValidator(as_tuple)] = Field(
        ("single", "equal", "search"),
        min_length=1,
        description="groups of trials: a network a task, equal weights, and the search itself",
    )
    space: dict[str, SpaceEntry] = Field(
        default_factory=dict, description="dotted path → what to try there"
    )
    initial_points: InitialPoints = Field(
        (),
        description="loss weights that the search arm tries first: task → weight "
        "(1 where left out), the folder of an earlier sweep, or a weighting, of which one trial is "
        "run first",
    )
    scheduler: Component = Field(
        default_factory=lambda: Component(name="fifo"),
        description="when trials stop early (see `mtl-search list schedulers`)",
    )
    sampler: Component = Field(
        default_factory=lambda: Component(name="tpe"),
        description="how the next values are suggested (see `mtl-search list samplers`)",
    )
    objective: str = Field(
        "skill",
        description="skill: mean over the main tasks of how far the first metric got from a "
        "constant prediction (0) to a perfect one (1); delta_m: gain over the single-task "
        "networks in percent of theirs; a metric such as val/left/accuracy; or 'module:attribute'",
    )
    finalists: Finalists = Field(
        default_factory=Finalists,
        description="configurations that are trained again on fresh seeds, for the verdict",
    )
    retries: int = Field(
        2, ge=0, description="times a trial is started again after its process died"
    )
    stop_after_failures: int = Field(
        5, ge=1, description="end the sweep when its first trials have all failed, this many"
    )


class ResourcesConfig(ConfigModel):
    """What one trial may use."""

    workers: int = Field(1, ge=1, description="processes that train one trial together")
    cpus_per_worker: float = Field(1, gt=0, description="CPUs of each worker, and its threads")
    gpus_per_worker: float = Field(
        0,
        ge=0,
        description="GPUs of each worker; a fraction lets several trials of one worker share a GPU",
    )
    max_concurrent: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto", description="trials at a time; auto: what the cluster holds, once it has grown"
    )
    storage: str | None = Field(
        None,
        description="folder for checkpoints that all nodes reach, as a path, s3:// or gs://; "
        "default: the sweep's own",
    )
    node_timeout_s: float = Field(
        600.0,
        ge=0,
        description="seconds that a sweep waits for a node when none is left that a trial fits on",
    )


class Config(RememberingModel):
    """Everything that one sweep is.

    It is immutable; `mtl_search.override` returns a changed one.

    Examples:
        >>> from mtl_search import load_config
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> config.data.name, config.tasks["left"].head.name, config.search.trials
        ('digit_pairs', 'softmax', 20)
    """

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="names the sweep's folder and experiment",
    )
    seed: int = Field(
        0,
        ge=0,
        description="seeds the sampler, the trials, and the split of a data set made by seed",
    )
    data: Component = Field(
        default_factory=lambda: Component(name=HANDED_OVER),
        description="the data set (see `mtl-search list datasets`); left out where a program hands "
        "one over, by `mtl_search.run(config, data=...)`",
    )
    tasks: dict[str, TaskConfig] = Field(
        min_length=1, description="task → its head, target, loss and metrics"
    )
    model: ModelConfig = Field(description="the network")
    training: TrainingConfig = Field(
        default_factory=TrainingConfig, description="how one trial trains"
    )
    search: SearchConfig = Field(
        default_factory=SearchConfig, description="what is searched, and how"
    )
    tracking: TrackingConfig = Field(
        default_factory=TrackingConfig, description="where the runs are recorded"
    )
    report: ReportConfig = Field(
        default_factory=ReportConfig, description="what the report shows beside the networks"
    )
    resources: ResourcesConfig = Field(
        default_factory=ResourcesConfig, description="what one trial may use"
    )

    @property
    def main_tasks(self) -> tuple[str, ...]:
        """Names of the tasks that count in the objective, in order."""
        return tuple(name for name, task in self.tasks.items() if task.role == "main")
