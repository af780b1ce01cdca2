"""Population based training: who takes over whose network after an interval, and with which values it goes on.

Source: Jaderberg et al., "Population Based Training of Neural Networks", arXiv:1711.09846, with their truncation
selection. Where it differs: all members are judged at the same epoch, one generation after another, so that what is
decided depends on the members' numbers alone and not on which of them happened to be faster.

Values are the params of trials: loss weights as ratios to their reference task, the rest as in the config.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator, default_rng
from ray.tune.schedulers import FIFOScheduler

from mtl_search.config import Config, SpaceEntry
from mtl_search.errors import ConfigError
from mtl_search.search.schedulers.population import PBTConfig

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Member:
    """A member at the end of an interval.

    Attributes:
        number: In its arm.
        worth: Its objective in that epoch, higher is better.
        params: Its values in that epoch.
    """

    number: int
    worth: float
    params: Params


@dataclass(frozen=True)
class ExploitStep:
    """What a member does before the next interval: go on with the donor's network and these values."""

    member: int
    donor: int
    params: dict[str, Any]


@dataclass(frozen=True)
class Bounds:
    """Where the values of an entry of the space lie, both ends included."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def of(cls, entry: SpaceEntry) -> Bounds:
        """Those of an entry, which is no choice."""
        if entry.log_ratio is not None:
            return cls(1 / entry.log_ratio, entry.log_ratio, log=True)
        if entry.log is not None:
            return cls(*entry.log, log=True)
        if entry.int_ is not None:
            return cls(*entry.int_, whole=True)
        assert entry.float_ is not None, "a choice has no bounds"
        return cls(*entry.float_)

    def draw(self, random: Generator) -> float:
        """A value as the first one was drawn."""
        if self.whole:
            return int(random.integers(int(self.low), int(self.high), endpoint=True))
        if self.log:
            return self.clip(math.exp(random.uniform(math.log(self.low), math.log(self.high))))
        return float(random.uniform(self.low, self.high))

    def clip(self, value: float) -> float:
        """The nearest value within."""
        inside = min(max(value, self.low), self.high)
        return int(inside) if self.whole else float(inside)


def exploit_steps(
    members: Sequence[Member],
    entries: Mapping[str, SpaceEntry],
    rules: PBTConfig,
    seeds: Sequence[int],
) -> list[ExploitStep]:
    """What the worst members do; the others go on as they are.

    Args:
        members: All that live, at the same epoch.
        entries: Path of a value → its entry in the space.
        rules: Of the population.
        seeds: Of this generation; the same ones give the same moves, whatever was decided before.
    """
    ranked = sorted(members, key=lambda member: (-member.worth, member.number))
    count = _part(len(ranked), rules.quantile)
    top, bottom = ranked[:count], ranked[len(ranked) - count :]
    found = []
    for member in bottom:
        random = default_rng([*seeds, member.number])
        donor = top[int(random.integers(count))]
        found.append(
            ExploitStep(member.number, donor.number, perturb(donor.params, entries, rules, random))
        )
    return found


def _part(size: int, quantile: float) -> int:
    """At least 1 of 2 or more, and never more than half: nobody both gives and takes."""
    return min(max(1, int(size * quantile + 1e-9)), size // 2)


def perturb(
    params: Params, entries: Mapping[str, SpaceEntry], rules: PBTConfig, random: Generator
) -> dict[str, Any]:  # fmt: skip
    """The values near these, or anywhere."""
    return {
        path: _explored(params[path], Bounds.of(entries[path]), rules, random)
        for path in sorted(params)
    }


def _explored(value: float, bounds: Bounds, rules: PBTConfig, random: Generator) -> float:
    if random.random() < rules.resample:
        return bounds.draw(random)
    if bounds.whole:
        return bounds.clip(value + (1 if random.random() < 0.5 else -1))
    return bounds.clip(value * rules.factors[int(random.integers(len(rules.factors)))])


def mean_params(
    population: Sequence[Sequence[Params]], best: Sequence[Params], whole: Sequence[str]
) -> dict[str, Any]:
    """The values that a population had on average.

    Loss weights are averaged over all members and epochs: they are what the population agrees on. The others are those
    of the best member, over its epochs: the learning rates of members that did badly would spoil the mean. Means are
    geometric, and arithmetic where a value is not above 0.

    Args:
        population: The values of each member, epoch by epoch.
        best: The same of the best member.
        whole: Paths of whole numbers.
    """
    everyone = [params for epochs in population for params in epochs]
    means = {}
    for path in best[0]:
        values = [params[path] for params in (everyone if is_weight(path) else best)]
        mean = _mean(values)
        means[path] = round(mean) if path in whole else mean
    return means


def is_weight(path: str) -> bool:
    """Whether this is the path of a loss weight."""
    return path.startswith("tasks.") and path.endswith(".loss_weight")


def _mean(values: Sequence[float]) -> float:
    if min(values) > 0:
        mean = math.exp(math.fsum(map(math.log, values)) / len(values))
    else:
        mean = math.fsum(values) / len(values)
    return min(max(mean, min(values)), max(values))  # rounding may not lead out of the bounds


class PBTScheduler(FIFOScheduler):
    """Stops nobody; that the trials of an arm are a population is the searcher's business.

    Attributes:
        rules: Of the population.
    """

    def __init__(self, rules: PBTConfig) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rules = rules


MUTABLE = ("tasks.*.loss_weight", "training.optimizer.<a number>", "training.lr_multipliers.*")


def check_population(config: Config, *, needs_space: bool = True) -> None:
    """Refuse a space with anything else in it.

    Args:
        config: Of a sweep whose trials are a population.
        needs_space: Whether it has no function of the user's in place of its space.

    Raises:
        ConfigError: What must be fixed in the config, or cannot be used together with a population.
    """
    if not needs_space:
        what = (
            "a population needs search.space: what a space function may change is not known to it"
        )
        raise ConfigError(what, path="search.scheduler.name", value=config.search.scheduler.name)
    if config.search.trials < 2:
        what = "a population has two members or more"
        raise ConfigError(what, path="search.trials", value=config.search.trials)
    for path, entry in config.search.space.items():
        where = f"search.space.{path}"
        if not _is_mutable(path) or entry.choice is not None:
            raise ConfigError(
                f"{config.search.scheduler.name} changes values while a network trains, and this one cannot change then"
                f": give {path} a value in the config and take it out of the space ({where}=null)",
                path=where, value=_shown(entry), allowed=[f"{name} as a range" for name in MUTABLE],
            )  # fmt: skip
        if entry.when:
            what = f"{config.search.scheduler.name} cannot follow conditions: every value of its space always holds"
            raise ConfigError(what, path=f"{where}.when", value=entry.when)


def _is_mutable(path: str) -> bool:
    section, *rest = path.split(".")
    if section == "tasks":
        return len(rest) == 2 and rest[1] == "loss_weight"
    if section != "training" or not rest:
        return False
    return rest[0] == "lr_multipliers" or (
        rest[0] == "optimizer" and len(rest) == 2 and rest[1] != "name"
    )


def _shown(entry: SpaceEntry) -> object:
    return entry.model_dump(by_alias=True, exclude_none=True)
