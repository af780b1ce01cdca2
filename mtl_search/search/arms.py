"""Arms: groups of trials with one purpose and their own equal budget.

single/<task>   one network a main task, no weights or depth to search; N trials over all tasks,
                and no fewer than `SINGLE_FLOOR` a task
warmup/<name>   one trial with this weighting, whose mean weights `search` begins with
equal           all tasks, every weight 1, losses summed; depth and the rest are searched; N trials
search          all tasks; everything in the space is searched, weightings and aggregators too;
                N trials
without/<task>  no trials of its own: the best shared network without an auxiliary task, or on
                request a main one, which shows what that task was worth
twin/weights    no trials of its own: the best shared network with equal weights
twin/separate   no trials of its own: the best shared network with nothing shared
final/<arm>     the best of an arm again, on fresh seeds
split/<arm>     the best of an arm again, on other random partitions of the data

Each arm gets a few trials more, with settings that other arms have found (`protocol.offers`).

Under a scheduler that makes the trials of an arm a population, they are its members, and two more
trials of the arm train from scratch with the values that the population found (`EXPORTS`).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mtl_search.config import Config, SpaceEntry, parse_like, paths, to_dict, to_stored
from mtl_search.config.renamed_keys import with_first_names
from mtl_search.search import initial_points
from mtl_search.search.schedulers import pbt_config
from mtl_search.storage.arm_name import (
    EQUAL,
    SEARCH,
    SHARED,
    TWIN_SEPARATE,
    TWIN_WEIGHTS,
    ArmName,
)
from mtl_search.storage.trial_info import MEMBER, Role

# Roles of the trials that come after a population, in their order.
EXPORTS: tuple[Role, ...] = ("last", "mean")
_NOT_TRAINED = ("checkpoint_every_s", "cache_on_device", "pack")
_BALANCING = ("training.weighting", "training.aggregator")

# Trials that a single-task arm has at least, however many tasks share the budget. With fewer its
# learning rate is a matter of luck, and bad luck would be told as a gain of sharing.
SINGLE_FLOOR = 4
# Fresh seeds after which only the best configuration of an arm goes on.
RACE_SEEDS = 2


@dataclass(frozen=True)
class Arm:
    """Describe one arm.

    Attributes:
        name: Its name, which says what it is for.
        tasks: The tasks of its networks.
        entries: The part of `search.space` that it searches.
        budget: Number of trials, without finalists.
        origin: The arm whose best is trained again; for `without/<task>` and twins it is known
            when the best shared network is (see `SweepContext.arm_of`).
        members: Number of trials, the first ones, that form a population; 0: there is none.
    """

    name: ArmName
    tasks: tuple[str, ...]
    entries: Mapping[str, SpaceEntry]
    budget: int
    origin: str = ""
    members: int = 0

    def role(self, number: int) -> Role:
        """Return the role of the trial of this number in the arm's population."""
        if not self.members:
            return ""
        return MEMBER if number < self.members else EXPORTS[number - self.members]

    def fixes(self, path: str) -> bool:
        """Return whether the arm keeps this value fixed although the space may offer it."""
        if self.name.is_warmup:
            return True
        if self.name.is_ablation:
            return belongs_to(path, {str(self.name.task)})
        if self.name == TWIN_SEPARATE:
            return path.startswith(("model.sharing", "training.aggregator"))
        is_weight = path.startswith("tasks.") and path.endswith(".loss_weight")
        is_balancing = is_weight or path.startswith(_BALANCING)
        if self.name.is_single:
            return is_balancing or path.startswith("model.sharing")
        return self.name in (EQUAL, TWIN_WEIGHTS) and is_balancing

    def config(self, base: Config, overrides: Mapping[str, Any]) -> Config:
        """Return the config of one trial: the arm's tasks, its fixed values, and the overrides.

        Args:
            base: The sweep's config.
            overrides: Dotted path → value of the trial.
        """
        own = self._without_other_tasks(base)
        tree = to_dict(own)
        if self.name != affinity_arm(base):
            tree["report"]["task_affinity"] = False
        if self.name.is_single:
            tree["model"]["sharing"] = {"name": "hard"}
        if self.name == TWIN_SEPARATE:
            tree["model"]["sharing"] = {"name": "hard", "depth": 0}
            tree["training"].pop("aggregator", None)  # it would combine gradients of shared layers
        self._balance(tree, base)
        for path, value in overrides.items():
            if not self.fixes(path):
                paths.put(tree, path, value)
        by_task = [
            tree["training"]["lr_multipliers"]["tasks"],
            tree["model"]["sharing"].get("depth"),
        ]
        for values in by_task:
            if isinstance(values, dict):
                for task in set(values) - set(self.tasks):
                    del values[task]
        return parse_like(own, tree)

    def _without_other_tasks(self, base: Config) -> Config:
        """Return the config with the arm's tasks alone and no space.

        What a single-task trial costs must not grow with the number of other tasks.
        """
        tasks = {task: base.tasks[task] for task in self.tasks}
        search = base.search.model_copy(update={"space": {}})
        return base.model_copy(update={"tasks": tasks, "search": search})

    def _balance(self, tree: dict[str, Any], base: Config) -> None:
        """Put the arm's own loss weights and weighting into the tree of its config."""
        if self.name.weighting is not None:
            component = initial_points.weighting_component(base, self.name.weighting)
            tree["training"]["weighting"] = component.model_dump()
        if self.name.is_single or self.name == TWIN_WEIGHTS or self.origin == EQUAL:
            for task in self.tasks:
                tree["tasks"][task]["loss_weight"] = 1.0
            for path in _BALANCING:
                tree["training"].pop(path.rpartition(".")[2], None)


def affinity_arm(config: Config) -> ArmName:
    """Return the arm whose trials measure task affinities, where the report is to have them."""
    return EQUAL if EQUAL in config.search.arms else SEARCH


def plan_arms(config: Config) -> list[Arm]:
    """Return the arms that the config asks for, in the order in which they begin.

    Args:
        config: The sweep's config.
    """
    search = config.search
    every_task = tuple(config.tasks)
    arms = []
    if "single" in search.arms:
        budgets = _single_budgets(search.trials, len(config.main_tasks))
        for task, budget in zip(config.main_tasks, budgets, strict=True):
            arms.append(_arm(config, ArmName.single(task), (task,), budget))
    if SEARCH in search.arms:
        arms += [
            Arm(ArmName.warmup(weighting), every_task, {}, budget=1)
            for weighting in initial_points.warmup_weightings(config)
        ]
    shared = [name for name in SHARED if name in search.arms]
    arms += [_arm(config, name, every_task, search.trials) for name in shared]
    if pbt_config(config) is not None:
        arms = [_with_population(arm) for arm in arms]
    return arms + _compared_arms(config, shared)


def _arm(config: Config, name: ArmName, tasks: tuple[str, ...], budget: int) -> Arm:
    arm = Arm(name, tasks, {}, budget, origin=name)
    others = set(config.tasks) - set(tasks)
    entries = {
        path: entry
        for path, entry in config.search.space.items()
        if not arm.fixes(path) and not belongs_to(path, others)
    }
    return replace(arm, entries=entries)


def _with_population(arm: Arm) -> Arm:
    """Make the arm's trials a population, where two or more can copy each other's networks."""
    if arm.name.is_warmup or arm.budget < 2:
        return arm
    return replace(arm, members=arm.budget, budget=arm.budget + len(EXPORTS))


def _compared_arms(config: Config, shared: Sequence[ArmName]) -> list[Arm]:
    """Return the arms that differ from the best shared network in one factor each.

    There are none where there are no finalists to compare.
    """
    finalists = config.search.finalists
    tasks = tuple(config.tasks)
    if not (shared and finalists.top) or len(tasks) < 2:
        return []
    arms = []
    if "single" in config.search.arms:
        arms.append(Arm(TWIN_SEPARATE, tasks, {}, budget=0))
    if SEARCH in shared:
        arms.append(Arm(TWIN_WEIGHTS, tasks, {}, budget=0))
    leaves_main_out = finalists.leave_one_out and len(config.main_tasks) > 1
    for removed in tasks:
        is_main = removed in config.main_tasks
        if leaves_main_out if is_main else finalists.ablate_auxiliary:
            rest = tuple(task for task in tasks if task != removed)
            arms.append(Arm(ArmName.ablation(removed), rest, {}, budget=0))
    return arms


def phases(arms: Iterable[Arm], *, needs_reference: bool) -> list[list[ArmName]]:
    """Return the names of the arms that run side by side, phase by phase.

    The search arm comes last: its study begins with the trials of the equal arm.

    Args:
        arms: The arms of the sweep.
        needs_reference: Whether the objective of shared networks needs the results of the
            single-task arms, which then come first.
    """
    singles, warmups, equal, search = [], [], [], []
    for arm in arms:
        if arm.name.is_single:
            singles.append(arm.name)
        elif arm.name.is_warmup:
            warmups.append(arm.name)
        elif arm.name == EQUAL:
            equal.append(arm.name)
        elif arm.name == SEARCH:
            search.append(arm.name)
    if needs_reference:
        return [singles, warmups, equal, search]
    return [[*singles, *warmups, *equal], search]


def trial_seed(sweep_seed: int, arm: str, number: int) -> int:
    """Return the seed of a trial.

    Any two trials of a sweep differ, and the same sweep gives the same seeds again. Finalists
    differ by their number alone, so that the n-th seed of one arm meets the n-th of another; so do
    trials on other partitions of the data, by the number of the partition.
    """
    name = ArmName(arm)
    stream = arm
    if name.is_repeat:
        stream = "final/" if name.is_final else "split/"
    elif name.is_warmup:
        stream = f"seed/{name.weighting}"  # the name of version 0.1, whose seeds stay
    entropy = [sweep_seed, zlib.crc32(stream.encode()), number]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def trial_id_of(arm: str, number: int) -> str:
    """Return the id of a trial, which also names its folder.

    Examples:
        >>> trial_id_of("single/left", 3)
        'single-left-0003'
    """
    return f"{arm.replace('/', '-').replace(':', '-')}-{number:04d}"


def config_hash(config: Config) -> str:
    """Return the first 12 hex digits of the SHA-256 of all that decides what a trial learns.

    These are data, tasks, model and training, without the settings of `training` that change
    nothing about its result: they may change when a sweep is resumed. Finalists are told apart by
    it, also in a sweep of an earlier version, so it is made of that version's names.
    """
    tree = to_stored(config)
    trained = {name: tree[name] for name in tree if name in ("data", "tasks", "model", "training")}
    for name in _NOT_TRAINED:
        trained["training"].pop(name, None)
    for task in trained["tasks"].values():
        task.pop("importance")
    trained = with_first_names(trained)
    return hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()[:12]


def belongs_to(path: str, tasks: set[str]) -> bool:
    """Return whether a path of the space belongs to one of these tasks alone."""
    section, *rest = path.removeprefix("training.lr_multipliers.").split(".")
    return section == "tasks" and bool(rest) and rest[0] in tasks


def _single_budgets(total: int, tasks: int) -> list[int]:
    """Split a budget as evenly as whole numbers allow, with a floor for each task."""
    floor = min(SINGLE_FLOOR, total)
    return [max(floor, total // tasks + (number < total % tasks)) for number in range(tasks)]
