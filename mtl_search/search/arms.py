"""Arms: groups of trials with one purpose and their own equal budget.

single/<task>   one network a main task: neither weights nor depth to search; N trials over all tasks
warmup/<name>     searches nothing: one trial with this weighting, whose mean weights `search` begins with
equal           all tasks, every weight 1, losses added up; depth and the rest searched; N trials
search          all tasks; everything in the space searched, weightings and aggregators too; N trials
without/<task>  searches nothing: the best of `search` without an auxiliary task, which is what that task was worth
final/<arm>     the best of an arm again, on fresh seeds

Under a scheduler that makes the trials of an arm a population, they are its members, and two more trials of the arm
train from scratch with what the population found (`EXPORTS`).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtl_search.config import Config, SpaceEntry, parse, paths, to_dict
from mtl_search.search import initial_points
from mtl_search.storage.records import FINAL, MEMBER, SHARED, SINGLE, WARMUP, WITHOUT, Role

# Roles of the trials that come after a population, in their order.
EXPORTS: tuple[Role, ...] = ("last", "mean")
_NOT_TRAINED = ("checkpoint_every_s", "cache_on_device")
_BALANCING = ("training.weighting", "training.aggregator")


@dataclass(frozen=True)
class Arm:
    """One arm.

    Attributes:
        name: `single/<task>`, `warmup/<weighting>`, `equal`, `search` or `without/<task>`.
        tasks: Tasks that its networks have.
        entries: The part of `search.space` that it searches.
        budget: Number of trials, finalists apart.
        origin: The arm whose best is trained again: another one for `without/<task>`.
        members: Number of trials, the first ones, that are a population; 0: there is none.
    """

    name: str
    tasks: tuple[str, ...]
    entries: Mapping[str, SpaceEntry]
    budget: int
    origin: str = ""
    members: int = 0

    def role(self, number: int) -> Role:
        """Of a trial to the arm's population."""
        if not self.members:
            return ""
        return MEMBER if number < self.members else EXPORTS[number - self.members]

    @property
    def is_single(self) -> bool:
        """Whether it trains one task alone."""
        return self.name.startswith(SINGLE)

    @property
    def is_warmup(self) -> bool:
        """Whether it only finds weights for the search to begin with: no candidate for finalists."""
        return self.name.startswith(WARMUP)

    def fixes(self, path: str) -> bool:
        """Whether the arm keeps the value at this path fixed although the space may offer it."""
        if self.is_warmup:
            return True
        if self.name.startswith(WITHOUT):
            return _belongs_to(path, {self.name.removeprefix(WITHOUT)})
        is_weight = (
            path.startswith("tasks.") and path.endswith(".loss_weight")
        ) or path.startswith(_BALANCING)
        if self.is_single:
            return is_weight or path.startswith("model.sharing")
        return self.name == "equal" and is_weight

    def config(self, base: Config, overrides: Mapping[str, Any]) -> Config:
        """The config of one trial: only the arm's tasks, its fixed values, and what was drawn."""
        tree = to_dict(base)
        tree["search"]["space"] = {}
        tree["tasks"] = {task: tree["tasks"][task] for task in self.tasks}
        if self.is_single:
            tree["model"]["sharing"] = {"name": "hard"}
        self._balance(tree, base)
        for path, value in overrides.items():
            if not self.fixes(path):
                paths.put(tree, path, value)
        for values in (
            tree["training"]["lr_multipliers"]["tasks"],
            tree["model"]["sharing"].get("depth"),
        ):
            if isinstance(values, dict):
                for task in set(values) - set(self.tasks):
                    del values[task]
        return parse(tree)

    def _balance(self, tree: dict[str, Any], base: Config) -> None:
        """Put the arm's own loss weights and weighting into the tree of its config."""
        if self.is_warmup:
            tree["training"]["weighting"] = initial_points.member(
                base, self.name.removeprefix(WARMUP)
            ).model_dump()
        if self.is_single or self.origin == "equal":
            for task in self.tasks:
                tree["tasks"][task]["loss_weight"] = 1.0
            for path in _BALANCING:
                tree["training"].pop(path.rpartition(".")[2], None)


def plan_arms(config: Config) -> list[Arm]:
    """The arms that the config asks for, in the order in which they begin."""
    from mtl_search.search.schedulers import (
        pbt_config,
    )  # Ray is slow to import, and reports need none of it

    search, arms = config.search, []
    if "single" in search.arms:
        share = _shares(search.trials, len(config.main_tasks))
        for task, budget in zip(config.main_tasks, share, strict=True):
            arms.append(_arm(config, f"{SINGLE}{task}", (task,), budget))
    if "search" in search.arms:
        arms += [
            Arm(WARMUP + name, tuple(config.tasks), {}, 1)
            for name in initial_points.weightings(config)
        ]
    shared: list[str] = [name for name in SHARED if name in search.arms]
    arms += [_arm(config, name, tuple(config.tasks), search.trials) for name in shared]
    if pbt_config(config) is not None:
        arms = [_with_population(arm) for arm in arms]
    return arms + _ablations(config, shared)


def _with_population(arm: Arm) -> Arm:
    """Its trials as a population, where there are two or more that could take over each other's networks."""
    if arm.is_warmup or arm.budget < 2:
        return arm
    return replace(arm, members=arm.budget, budget=arm.budget + len(EXPORTS))


def _ablations(config: Config, shared: Sequence[str]) -> list[Arm]:
    """An arm without each auxiliary task, where there are finalists to compare."""
    finalists = config.search.finalists
    if not (shared and finalists.top and finalists.ablate_auxiliary):
        return []
    removed = [task for task in config.tasks if task not in config.main_tasks]
    rest = {task: tuple(other for other in config.tasks if other != task) for task in removed}
    return [Arm(WITHOUT + task, rest[task], {}, 0, origin=shared[-1]) for task in removed]


def phases(arms: Iterable[Arm]) -> tuple[list[str], list[str], list[str]]:
    """Names of the arms that run side by side: the references, then what the search begins with, then the others."""
    known = list(arms)
    singles, seeds = (
        [arm.name for arm in known if arm.is_single],
        [arm.name for arm in known if arm.is_warmup],
    )
    return singles, seeds, [arm.name for arm in known if not (arm.is_single or arm.is_warmup)]


def trial_seed(sweep_seed: int, arm: str, number: int) -> int:
    """Seed of a trial: any two trials of a sweep differ, and the same sweep gives the same ones again.

    Finalists differ by their number alone, so that the n-th seed of one arm meets the n-th of another.
    """
    stream = zlib.crc32(FINAL.encode() if arm.startswith(FINAL) else arm.encode())
    return int(np.random.SeedSequence([sweep_seed, stream, number]).generate_state(1)[0])


def trial_id_of(arm: str, number: int) -> str:
    """Name of a trial, which also names its folder."""
    return f"{arm.replace('/', '-').replace(':', '-')}-{number:04d}"


def config_hash(config: Config) -> str:
    """First 12 hex digits of the SHA-256 of what a trial trains: data, tasks, model and training.

    Settings of `training` that change nothing about its result are left out: they may change when a sweep is resumed.
    """
    tree = {
        name: part
        for name, part in to_dict(config).items()
        if name in ("data", "tasks", "model", "training")
    }
    tree["training"] = {
        key: value for key, value in tree["training"].items() if key not in _NOT_TRAINED
    }
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()[:12]


def _arm(config: Config, name: str, tasks: tuple[str, ...], budget: int) -> Arm:
    arm = Arm(name, tasks, {}, budget, origin=name)
    others = set(config.tasks) - set(tasks)
    entries = {
        p: e
        for p, e in config.search.space.items()
        if not arm.fixes(p) and not _belongs_to(p, others)
    }
    return replace(arm, entries=entries)


def _belongs_to(path: str, tasks: set[str]) -> bool:
    """Whether a path of the space belongs to one of these tasks alone."""
    own = path.removeprefix("training.lr_multipliers.")
    section, *rest = own.split(".")
    return section == "tasks" and bool(rest) and rest[0] in tasks


def _shares(total: int, parts: int) -> list[int]:
    """`total` split as evenly as whole numbers allow, at least 1 each."""
    return [max(1, total // parts + (number < total % parts)) for number in range(parts)]


def trial_budget(config: Config, arms: list[Arm]) -> dict[str, int]:
    """Trials of each arm, finalists included."""
    counts = {arm.name: arm.budget for arm in arms if arm.budget}
    wanted = config.search.finalists
    for arm in arms:
        if wanted.top and not arm.is_warmup:
            top = min(wanted.top, len(EXPORTS)) if arm.members else wanted.top
            counts[f"final/{arm.name}"] = wanted.seeds * (top if arm.name in SHARED else 1)
    return counts
