"""Section `report`: what is measured and scored beside the networks themselves."""

from __future__ import annotations

from pydantic import Field

from mtl_search.config.base import ConfigModel


class ReportConfig(ConfigModel):
    """What the report shows beside the networks themselves."""

    reference: bool = Field(
        True,
        description="score a linear and a gradient-boosted model of scikit-learn on tables, beside "
        "the networks",
    )
    gradient_conflict: bool = Field(
        False,
        description="log the cosines of the tasks' gradients of each shared stage, on four steps "
        "an epoch; negative ones are conflicts",
    )
    task_affinity: bool = Field(
        False,
        description="log in the trials of equal weights what a step for one task does to the "
        "losses of the others, on four steps an epoch",
    )
