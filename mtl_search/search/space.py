"""The search space of an arm: entries of the config as an Optuna define-by-run function, and back to config values.

Loss weights are searched as K-1 log-ratios to a reference task, then normalised so that they sum to K with each at
least `FLOOR`: the overall scale of the loss is the learning rate's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from optuna.trial import Trial

from mtl_search.config import SpaceEntry, paths
from mtl_search.errors import ConfigError

FLOOR = 0.01

# The user's own space: suggests by dotted path, and may return more values, which are constants of the trial.
SpaceFunction = Callable[[Any], "dict[str, Any] | None"]


class Space:
    """The entries of `search.space` for the tasks of one arm, as a define-by-run function.

    Args:
        entries: Dotted path, with `*` for every task, → entry.
        tasks: Tasks of the arm, in order.
        fixed: The config as plain dicts, for conditions on values that are not searched.

    Raises:
        ConfigError: A path cannot be searched, or names no task.
    """

    def __init__(self, entries: Mapping[str, SpaceEntry], tasks: Sequence[str], fixed: Mapping[str, Any]) -> None:
        self.tasks = tuple(tasks)
        self.fixed = fixed
        self.ratios: dict[str, str] = {}  # path of a searched ratio → its task
        self.reference = ""
        self.entries: dict[str, SpaceEntry] = {}
        for path, entry in entries.items():
            self._add(path, entry)
        # A condition may look at another searched value, which must therefore be drawn before it.
        self.entries = dict(sorted(self.entries.items(), key=lambda item: item[1].when is not None))
        self._check_conditions()

    def __call__(self, trial: Trial) -> None:
        """Draw every value whose condition holds."""
        drawn: dict[str, Any] = {}
        for path, entry in self.entries.items():
            if self._applies(entry, drawn):
                drawn[path] = _suggest(trial, path, entry)

    def overrides(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Config values by dotted path: the params, with ratios worked out into loss weights."""
        values = {path: value for path, value in params.items() if path not in self.ratios}
        if self.ratios:
            ratios = {self.reference: 1.0} | {self.ratios[path]: params[path] for path in self.ratios}
            weights = normalised_weights({task: ratios[task] for task in self.tasks})
            values |= {f"tasks.{task}.loss_weight": weight for task, weight in weights.items()}
        return values

    def equal_weights(self) -> dict[str, float]:
        """The params that give every task the same weight."""
        return dict.fromkeys(self.ratios, 1.0)

    def ends(self) -> Iterable[tuple[str, Any]]:
        """Each path with the values at its ends (every choice), to check them before anything trains."""
        for path, entry in self.entries.items():
            values = entry.choice or entry.float_ or entry.log or entry.int_ or (1.0,)
            for value in dict.fromkeys(map(_hashable, values)):
                yield path, value

    def _add(self, path: str, entry: SpaceEntry) -> None:
        where = f"search.space.{path}"
        section, *rest = path.split(".")
        if section not in ("tasks", "model", "training"):
            raise ConfigError("cannot be searched", path=where, value=section, allowed=("tasks", "model", "training"))
        if section == "tasks" and len(rest) < 2:
            raise ConfigError("a path into the tasks is tasks.<task>.<key>, or tasks.*.<key> for all", path=where)
        if entry.log_ratio is not None:
            return self._add_ratios(path, entry, where)
        if section != "tasks":
            self.entries[path] = entry
            return None
        for task in self._tasks_of(rest[0], where):
            self.entries[".".join(["tasks", task, *rest[1:]])] = entry
        return None

    def _add_ratios(self, path: str, entry: SpaceEntry, where: str) -> None:
        if path != "tasks.*.loss_weight":
            raise ConfigError("log_ratio is for tasks.*.loss_weight", path=where, allowed=["tasks.*.loss_weight"])
        assert entry.reference is not None
        if entry.reference not in self.tasks:
            raise ConfigError(
                "the reference is not a task", path=f"{where}.reference", value=entry.reference, allowed=self.tasks
            )
        self.reference = entry.reference
        for task in self.tasks:
            if task != entry.reference:
                self.entries[f"tasks.{task}.loss_weight"] = entry
                self.ratios[f"tasks.{task}.loss_weight"] = task

    def _tasks_of(self, name: str, where: str) -> tuple[str, ...]:
        if name == "*":
            return self.tasks
        if name not in self.tasks:
            raise ConfigError("there is no task of this name", path=where, value=name, allowed=("*", *self.tasks))
        return (name,)

    def _applies(self, entry: SpaceEntry, drawn: Mapping[str, Any]) -> bool:
        for path, wanted in (entry.when or {}).items():
            value = drawn.get(path, paths.get(self.fixed, path))
            if value not in (wanted if isinstance(wanted, list | tuple) else [wanted]):
                return False
        return True

    def _check_conditions(self) -> None:
        known = {**paths.flatten(self.fixed), **self.entries}
        for path, entry in self.entries.items():
            for condition in entry.when or {}:
                if condition not in known:
                    raise ConfigError(
                        "the condition names nothing in the config", path=f"search.space.{path}.when",
                        value=condition, allowed=[p for p in known if p.split(".")[0] in ("tasks", "model", "training")],
                    )  # fmt: skip


def normalised_weights(ratios: Mapping[str, float]) -> dict[str, float]:
    """Weights in the given ratios that sum to the number of tasks, each at least `FLOOR`.

    Where the floor lifts some, the others keep their ratios and share what is left.
    """
    total = float(len(ratios))
    lifted: set[str] = set()
    while True:
        free = {task: ratio for task, ratio in ratios.items() if task not in lifted}
        scale = (total - FLOOR * len(lifted)) / sum(free.values())
        low = {task for task, ratio in free.items() if ratio * scale < FLOOR}
        if not low:
            return {task: FLOOR if task in lifted else ratios[task] * scale for task in ratios}
        lifted |= low


class RestrictedTrial:
    """An Optuna trial that answers for some paths without asking Optuna, for arms that hold them fixed.

    Lets a space function of the user's serve the arms that search neither weights nor depth.
    """

    def __init__(self, trial: Trial, held: Callable[[str], bool]) -> None:
        self._trial = trial
        self._held = held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def suggest_float(self, name: str, low: float, high: float, **options: Any) -> float:
        """Held: 1 where the range has it (equal weights), else the low end."""
        if self._held(name):
            return min(max(1.0, low), high)
        return self._trial.suggest_float(name, low, high, **options)

    def suggest_int(self, name: str, low: int, high: int, **options: Any) -> int:
        """Held: the high end, which for the depth is all stages."""
        return high if self._held(name) else self._trial.suggest_int(name, low, high, **options)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Held: the first choice."""
        return choices[0] if self._held(name) else self._trial.suggest_categorical(name, choices)


def _suggest(trial: Trial, path: str, entry: SpaceEntry) -> Any:
    if entry.float_ is not None:
        return trial.suggest_float(path, *entry.float_)
    if entry.log is not None:
        return trial.suggest_float(path, *entry.log, log=True)
    if entry.int_ is not None:
        return trial.suggest_int(path, *entry.int_)
    if entry.choice is not None:
        return trial.suggest_categorical(path, entry.choice)
    assert entry.log_ratio is not None
    return trial.suggest_float(path, 1 / entry.log_ratio, entry.log_ratio, log=True)


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
