"""What the journal says of a trial beside its numbers: its role, how it ended, and its network."""

from __future__ import annotations

from typing import Literal, TypedDict

State = Literal["RUNNING", "COMPLETE", "PRUNED", "FAIL"]

# What a trial is to its arm beside one that the sampler drew: a member of its population, trained
# from scratch with values that come from that population, or with settings of another arm.
Role = Literal["", "member", "last", "mean", "offered"]
MEMBER: Role = "member"
OFFERED: Role = "offered"

# What `pack` of a trial begins with whose pack was taken apart, and where its process has died.
APART = "apart: "
DIED = f"{APART}its process died: "


class TrialInfo(TypedDict, total=False):
    """What a trial says of itself once its network is built; earlier versions said less.

    Attributes:
        parameters: Number of parameters of the network.
        depth: Sharing depth; by task, where tasks differ in it; None where nothing has a depth.
        weights: Task → loss weight, by its config.
        lr: Learning rate; None where the optimiser has none.
        tasks: Names of the tasks that it trains.
        adaptive: Whether a weighting or an aggregator decides how much each task counts.
        balancing: Names of this weighting and aggregator; empty where nothing is adaptive.
        samples_per_epoch: Number of training samples of an epoch, over all workers.
        device: Type of the device that it trains on: `cpu`, or the name of the GPU.
        samples: Split → number of samples; of trials on another random partition alone.
        node: Address of the node on which it trains.
        out_of_memory: What was made smaller after the memory had not sufficed, in words.
        pack: Number of members of the pack that it was trained in, or `apart: ` and why the members
            were trained one after another; not there where it was in none.
    """

    parameters: int
    depth: int | dict[str, int] | None
    weights: dict[str, float]
    lr: float | None
    tasks: list[str]
    adaptive: bool
    balancing: str
    samples_per_epoch: int
    device: str
    samples: dict[str, int]
    node: str
    out_of_memory: str
    pack: int | str
