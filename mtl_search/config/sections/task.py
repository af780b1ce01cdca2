"""Section `tasks`: what one task reads, and how it is judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mtl_search.config.base import Component, ConfigModel, Names

Role = Literal["main", "auxiliary"]


class SideInputConfig(ConfigModel):
    """A view that skips the backbone and goes straight to one task's head."""

    values: int | None = Field(
        None, ge=1, description="a view of integers: how many values there may be, from 0 on"
    )
    width: int = Field(
        8, ge=1, description="a view of integers: width of the embedding of each value"
    )


class SpansConfig(ConfigModel):
    """Which tokens a head reads: the mean of each span, in place of one vector for the sentence."""

    view: str = Field(
        description="view of whole numbers (tokens,): 1 in the first span, 2 in the second, ..., "
        "else 0"
    )
    count: int = Field(2, ge=1, description="how many spans there are")
    first: bool = Field(
        True,
        description="read the first token, too, which stands for the sentence in BERT's family",
    )


def _as_view(value: object) -> object:
    return {"view": value} if isinstance(value, str) else value


def _named(value: object) -> object:
    """Turn a list of names into a mapping to defaults."""
    if isinstance(value, str):
        return {value: {}}
    return {name: {} for name in value} if isinstance(value, list | tuple) else value


class TaskConfig(ConfigModel):
    """One target of the network, as a named output in Keras."""

    head: Component = Field(
        description="what turns features into this output (see `mtl-search list heads`)"
    )
    target: str | None = Field(None, description="target of the data set; default: the task's name")
    view: Names = Field(
        (), description="input(s) that the head reads; default: the data set's only view"
    )
    side_inputs: Annotated[dict[str, SideInputConfig], BeforeValidator(_named)] = Field(
        default_factory=dict,
        description="view(s) put beside the features of this task alone, before its head",
    )
    spans: Annotated[SpansConfig | None, BeforeValidator(_as_view)] = Field(
        None,
        description="spans of tokens that the head reads, such as two entities; default: all "
        "tokens, pooled",
    )
    loss: Component | None = Field(None, description="loss by name; default: the head's own")
    loss_weight: float = Field(
        1.0, ge=0, description="how much this loss counts, relative to the others"
    )
    metrics: Names = Field(
        (),
        description="metrics by name, or `module:attribute` of one of yours; the first selects; "
        "default: the head's own",
    )
    role: Role = Field(
        "main", description="main tasks count in the objective, auxiliary ones only help"
    )
    importance: float = Field(
        1.0,
        ge=0,
        description="how much a main task counts in the objective and in the verdict, relative to "
        "the others; it does not change the training",
    )
    # Not in what is written: by then a family is its tasks (see `families`).
    names: Names = Field(
        (),
        exclude=True,
        description="of a family, whose key is a pattern such as `assay_*`: its tasks; default: "
        "the targets that the pattern matches and that have no section of their own",
    )

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the metrics in results: of `module:attribute` the attribute."""
        return tuple(metric.rpartition(":")[2] for metric in self.metrics)
