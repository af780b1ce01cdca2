"""Section `search.space`: what is tried for one value."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field, model_validator

from mtl_search.config.base import ConfigModel


class SpaceEntry(ConfigModel):
    """One searched value: exactly one of float, log, int, choice, log_ratio."""

    float_: tuple[float, float] | None = Field(
        None, alias="float", description="[low, high], uniform"
    )
    log: tuple[float, float] | None = Field(
        None, description="[low, high] > 0, uniform in the logarithm"
    )
    int_: tuple[int, int] | None = Field(
        None, alias="int", description="[low, high], both ends included"
    )
    choice: tuple[Any, ...] | None = Field(
        None, min_length=1, description="one of these, without order"
    )
    log_ratio: float | None = Field(
        None, gt=1, description="ratio to the reference task from 1/R to R, log-uniform"
    )
    reference: str | None = Field(
        None, description="log_ratio: the task whose weight the others are relative to"
    )
    when: dict[str, Any] | None = Field(
        None, description="searched only where these paths have these values"
    )

    @property
    def kind(self) -> str:
        """Which of the five it is."""
        return next(kind for kind in _KINDS if getattr(self, _KINDS[kind]) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> SpaceEntry:
        given = [kind for kind, field in _KINDS.items() if getattr(self, field) is not None]
        if len(given) != 1:
            raise ValueError(
                f"needs exactly one of {', '.join(_KINDS)}; given: {', '.join(given) or 'none'}"
            )
        bounds = {"float": self.float_, "log": self.log, "int": self.int_}.get(given[0])
        if bounds is not None and not bounds[0] <= bounds[1]:
            raise ValueError(
                f"{given[0]} needs [low, high] with low <= high; given: {list(bounds)}"
            )
        if bounds is not None and not math.isfinite(bounds[1] - bounds[0]):
            raise ValueError(
                f"{given[0]} needs ends whose distance is a number; given: {list(bounds)}"
            )
        if self.log is not None and not self.log[0] > 0:
            raise ValueError(f"log needs a low end above 0; given: {list(self.log)}")
        if (self.log_ratio is None) != (self.reference is None):
            raise ValueError(
                "log_ratio and reference belong together: {log_ratio: 100, reference: <task>}"
            )
        return self


_KINDS = {
    "float": "float_",
    "log": "log",
    "int": "int_",
    "choice": "choice",
    "log_ratio": "log_ratio",
}
