"""The search space of an arm: entries of the config as an Optuna define-by-run function, and back to config values.

Loss weights are searched as K-1 log-ratios to a reference task, then normalised so that they sum to K with each at
least `weights.FLOOR`: the overall scale of the loss is the learning rate's business.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.loss_weights import normalised_weights
from mtl_search.config import Config, SpaceEntry, paths
from mtl_search.errors import ConfigError

if TYPE_CHECKING:  # a config is checked without Optuna
    from optuna.trial import Trial

_SEARCHABLE = ("tasks", "model", "training")

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

    def __init__(
        self, entries: Mapping[str, SpaceEntry], tasks: Sequence[str], fixed: Mapping[str, Any]
    ) -> None:
        self.tasks = tuple(tasks)
        self.fixed = fixed
        self.ratios: dict[str, str] = {}  # path of a searched ratio → its task
        self.reference = ""
        self.entries: dict[str, SpaceEntry] = {}
        self.written: dict[
            str, str
        ] = {}  # path → that of its entry in the config, which may hold a `*`
        for path, entry in entries.items():
            self._add(path, entry)
        self.entries = _conditions_first(self.entries)

    def __call__(self, trial: Trial) -> None:
        """Draw every value whose condition holds."""
        drawn: dict[str, Any] = {}
        for path, entry in self.entries.items():
            if self._applies(entry, drawn):
                drawn[path] = _suggest(trial, path, entry)

    def overrides(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Config values by dotted path: the params, with ratios worked out into loss weights."""
        values = {path: value for path, value in params.items() if path not in self.ratios}
        if (
            self.ratios and self.ratios.keys() <= params.keys()
        ):  # they have one condition, so it is all or none
            ratios = {self.reference: 1.0} | {
                self.ratios[path]: params[path] for path in self.ratios
            }
            weights = normalised_weights({task: ratios[task] for task in self.tasks})
            values |= {f"tasks.{task}.loss_weight": weight for task, weight in weights.items()}
        return values

    def equal_weights(self) -> dict[str, float]:
        """The params that give every task the same weight."""
        return dict.fromkeys(self.ratios, 1.0)

    def boundary_values(self) -> Iterable[tuple[str, Any, dict[str, Any]]]:
        """Each path with the values at its ends (every choice), to check them before anything trains.

        A range of fractions whose ends are whole numbers has one inside, too: only whole ones may be allowed there.

        Yields:
            Path, value, and what else must hold for the path to be searched: dotted path → value.
        """
        for path, entry in self.entries.items():
            values = entry.choice or _with_inner(entry.float_ or entry.log) or entry.int_ or (1.0,)
            for number, value in enumerate(values):
                if value not in values[:number]:
                    yield path, value, self._required_values(entry)

    def check_conditions(self) -> None:
        """Refuse conditions on what is neither in the config nor searched.

        Raises:
            ConfigError: There is one.
        """
        known = {**paths.flatten(self.fixed), **self.entries}
        for path, entry in self.entries.items():
            for condition in entry.when or {}:
                if condition not in known:
                    allowed = [p for p in known if p.partition(".")[0] in _SEARCHABLE]
                    what = "the condition names nothing in the config"
                    raise ConfigError(
                        what, path=f"{self.written[path]}.when", value=condition, allowed=allowed
                    )

    def _required_values(self, entry: SpaceEntry) -> dict[str, Any]:
        """Values by which the conditions of an entry, and theirs in turn, hold."""
        premises: dict[str, Any] = {}
        for path, wanted in (entry.when or {}).items():
            if path in self.entries:
                premises |= self._required_values(self.entries[path])
            accepted = _listed(wanted)
            present = paths.get(self.fixed, path)
            if accepted and present not in accepted:
                premises[path] = accepted[0]
        return premises

    def _add(self, path: str, entry: SpaceEntry) -> None:
        where = f"search.space.{path}"
        section, *rest = path.split(".")
        if section not in _SEARCHABLE:
            raise ConfigError("cannot be searched", path=where, value=section, allowed=_SEARCHABLE)
        if section == "tasks" and len(rest) < 2:
            raise ConfigError(
                "a path into the tasks is tasks.<task>.<key>, or tasks.*.<key> for all", path=where
            )
        if entry.log_ratio is not None:
            return self._add_ratios(path, entry, where)
        if section != "tasks":
            return self._add_one(path, entry, where)
        for task in self._tasks_of(rest[0], where):
            self._add_one(".".join(["tasks", task, *rest[1:]]), entry, where)
        return None

    def _add_one(self, path: str, entry: SpaceEntry, where: str) -> None:
        if path in self.entries:
            raise ConfigError(f"another entry of the space searches {path}, too", path=where)
        self.entries[path] = entry
        self.written[path] = where

    def _add_ratios(self, path: str, entry: SpaceEntry, where: str) -> None:
        if path != "tasks.*.loss_weight":
            raise ConfigError(
                "log_ratio is for tasks.*.loss_weight", path=where, allowed=["tasks.*.loss_weight"]
            )
        assert entry.reference is not None
        if entry.reference not in self.tasks:
            raise ConfigError(
                "the reference is not a task",
                path=f"{where}.reference",
                value=entry.reference,
                allowed=self.tasks,
            )
        self.reference = entry.reference
        for task in self.tasks:
            if task != entry.reference:
                self._add_one(f"tasks.{task}.loss_weight", entry, where)
                self.ratios[f"tasks.{task}.loss_weight"] = task

    def _tasks_of(self, name: str, where: str) -> tuple[str, ...]:
        if name == "*":
            return self.tasks
        if name not in self.tasks:
            raise ConfigError(
                "there is no task of this name", path=where, value=name, allowed=("*", *self.tasks)
            )
        return (name,)

    def _applies(self, entry: SpaceEntry, drawn: Mapping[str, Any]) -> bool:
        for path, wanted in (entry.when or {}).items():
            value = drawn.get(path, paths.get(self.fixed, path))
            if (list(value) if isinstance(value, tuple) else value) not in _listed(wanted):
                return False
        return True


def space_of(config: Config) -> Space:
    """Return the space of a config with all its tasks.

    Raises:
        ConfigError: A path cannot be searched, or a condition names nothing in the config.
    """
    tree = config.model_dump(by_alias=True, exclude_none=True)
    space = Space(config.search.space, tuple(config.tasks), tree)
    space.check_conditions()
    return space


@contextmanager
def blamed_on_boundary(path: str, value: Any) -> Iterator[None]:
    """Say of an error inside that a searched value at one of its ends has caused it.

    Args:
        path: Path of the entry of the space.
        value: The value.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"fails where this is {value!r}:\n{error}", path=path) from error


def _conditions_first(entries: Mapping[str, SpaceEntry]) -> dict[str, SpaceEntry]:
    """The entries in an order in which each comes after those that its condition looks at.

    Raises:
        ConfigError: Conditions that wait for each other.
    """
    ordered: dict[str, SpaceEntry] = {}

    def add(path: str, waiting: tuple[str, ...]) -> None:
        if path in waiting:
            circle = " → ".join([*waiting[waiting.index(path) :], path])
            raise ConfigError(
                f"conditions go round in a circle: {circle}", path=f"search.space.{path}.when"
            )
        for other in entries[path].when or {}:
            if other in entries:
                add(other, (*waiting, path))
        ordered.setdefault(path, entries[path])

    for path in entries:
        add(path, ())
    return ordered


def _listed(wanted: Any) -> list[Any]:
    """The values that a condition accepts."""
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


@contextmanager
def allow_any_choice() -> Iterator[None]:
    """Lists and mappings as choices, such as the widths of layers, without Optuna's warning.

    Optuna warns because a database of its own could not store them, and we have none.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Choices for a categorical distribution should be", UserWarning
        )
        yield


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
        with allow_any_choice():
            return trial.suggest_categorical(path, entry.choice)
    assert entry.log_ratio is not None
    return trial.suggest_float(path, 1 / entry.log_ratio, entry.log_ratio, log=True)


def _with_inner(limits: tuple[float, float] | None) -> tuple[float, ...]:
    """The ends of a range, and a fraction between them where both are whole; nothing of no range."""
    if limits is None or not all(float(limit).is_integer() for limit in limits):
        return limits or ()
    return (*limits, limits[0] + 0.381966 * (limits[1] - limits[0]))
