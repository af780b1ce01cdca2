"""Population based training: which members copy which networks, and the values they go on with.

Source: Jaderberg et al., "Population Based Training of Neural Networks", arXiv:1711.09846, with
their truncation selection. Where it differs: all members are judged at the same epoch, one
generation after another, so that each decision depends on the members' numbers alone and not on
which of them happened to be faster.

Values are the params of trials: loss weights as ratios to their reference task, the rest as in the
config.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator, default_rng

from mtl_search.config import Config, SpaceEntry
from mtl_search.errors import ConfigError
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.search.space.domain import Domain

Params = Mapping[str, Any]

_PATH = "search.scheduler"
MUTABLE = ("tasks.*.loss_weight", "training.optimizer.<a number>", "training.lr_multipliers.*")


@dataclass(frozen=True)
class Member:
    """Describe a member of a population at the end of an interval.

    Attributes:
        number: Its number in its arm.
        objective: Its objective in that epoch, higher is better.
        params: Its values in that epoch.
    """

    number: int
    objective: float
    params: Params


@dataclass(frozen=True)
class ExploitStep:
    """Describe what a member does before the next interval.

    Attributes:
        member: Number of the member.
        donor: Number of the member whose network it copies.
        params: The values that it goes on with.
    """

    member: int
    donor: int
    params: dict[str, Any]


def exploit_steps(
    members: Sequence[Member],
    entries: Mapping[str, SpaceEntry],
    rules: PBTConfig,
    seeds: Sequence[int],
) -> list[ExploitStep]:
    """Return what the worst members do; the others go on as they are.

    Args:
        members: All living members, at the same epoch.
        entries: Path of a value → its entry in the space.
        rules: The rules of the population.
        seeds: Seeds of this generation; the same seeds give the same steps, whatever was decided
            before.
    """
    ranked = sorted(members, key=lambda member: (-member.objective, member.number))
    count = _exploiting(len(ranked), rules.quantile)
    top = ranked[:count]
    steps = []
    for member in ranked[len(ranked) - count :]:
        random = default_rng([*seeds, member.number])
        donor = top[int(random.integers(count))]
        params = perturb(donor.params, entries, rules, random)
        steps.append(ExploitStep(member.number, donor.number, params))
    return steps


def _exploiting(size: int, quantile: float) -> int:
    """Return how many members copy: 1 at least of 2 or more, and never more than half of them.

    So nobody both gives and takes.
    """
    return min(max(1, int(size * quantile + 1e-9)), size // 2)


def perturb(
    params: Params, entries: Mapping[str, SpaceEntry], rules: PBTConfig, random: Generator
) -> dict[str, Any]:
    """Return values near these, some of them drawn anew."""
    # Sorted, so that the order in which a config lists its entries does not change what is drawn.
    return {
        path: _perturbed(params[path], Domain.of(entries[path]), rules, random)
        for path in sorted(params)
    }


def _perturbed(value: float, domain: Domain, rules: PBTConfig, random: Generator) -> Any:
    if random.random() < rules.resample:
        return domain.draw(random)
    if domain.whole:
        return domain.nearest(value + (1 if random.random() < 0.5 else -1))
    return domain.nearest(value * rules.factors[int(random.integers(len(rules.factors)))])


def mean_params(
    population: Sequence[Sequence[Params]], best: Sequence[Params], whole: Sequence[str]
) -> dict[str, Any]:
    """Return the values that a population had on average.

    Loss weights are averaged over all members and epochs: they are what the population agrees on.
    The other values are averaged over the epochs of the best member: the learning rates of members
    that did badly would spoil the mean. Means are geometric, and arithmetic where a value is not
    above 0.

    Args:
        population: The values of each member, epoch by epoch.
        best: The values of the best member, epoch by epoch.
        whole: Paths of whole numbers.
    """
    everyone = [params for epochs in population for params in epochs]
    means = {}
    for path in best[0]:
        averaged = everyone if _is_weight(path) else best
        mean = _mean([params[path] for params in averaged])
        means[path] = round(mean) if path in whole else mean
    return means


def _is_weight(path: str) -> bool:
    return path.startswith("tasks.") and path.endswith(".loss_weight")


def _mean(values: Sequence[float]) -> float:
    if min(values) > 0:
        mean = math.exp(math.fsum(map(math.log, values)) / len(values))
    else:
        mean = math.fsum(values) / len(values)
    return min(max(mean, min(values)), max(values))  # rounding may not lead out of the bounds


def check_population(config: Config, *, needs_space: bool = True) -> None:
    """Refuse a space with values that a population cannot change while it trains.

    Args:
        config: The config of a sweep whose trials form populations.
        needs_space: Whether the config's space is used, and no function of the user's in its place.

    Raises:
        ConfigError: A value must be fixed in the config, or cannot be used with a population.
    """
    name = config.search.scheduler.name
    if not needs_space:
        problem = (
            "a population needs search.space: what a space function may change is not known to it"
        )
        raise ConfigError(problem, path=f"{_PATH}.name", value=name)
    if config.search.trials < 2:
        problem = "a population has two members or more"
        raise ConfigError(problem, path="search.trials", value=config.search.trials)
    for path, entry in config.search.space.items():
        _check_entry(name, path, entry)


def _check_entry(name: str, path: str, entry: SpaceEntry) -> None:
    entry_path = f"search.space.{path}"
    if not _is_mutable(path) or entry.choice is not None:
        raise ConfigError(
            f"{name} changes values while a network trains, and this one cannot change then: "
            f"give {path} a value in the config and take it out of the space ({entry_path}=null)",
            path=entry_path,
            value=entry.model_dump(by_alias=True, exclude_none=True),
            allowed=[f"{mutable} as a range" for mutable in MUTABLE],
        )
    if entry.when:
        problem = f"{name} cannot follow conditions: every value of its space always holds"
        raise ConfigError(problem, path=f"{entry_path}.when", value=entry.when)


def _is_mutable(path: str) -> bool:
    match path.split("."):
        case ["tasks", _, "loss_weight"]:
            return True
        case ["training", "lr_multipliers", *_]:
            return True
        case ["training", "optimizer", argument]:
            return argument != "name"
    return False
