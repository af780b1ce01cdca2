"""The search space of an arm: entries of the config as an Optuna define-by-run function.

Loss weights are searched as K-1 log-ratios to a reference task, then normalised so that they sum to
K with each at least `loss_weights.FLOOR`: the overall scale of the loss is the learning rate's
business.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.loss_weights import normalised_weights
from mtl_search.config import Config, SpaceEntry, paths
from mtl_search.errors import ConfigError
from mtl_search.search.space.domain import Domain

if TYPE_CHECKING:  # slow to import, and checks of a config draw nothing
    from optuna.trial import Trial

_SEARCHABLE = ("tasks", "model", "training")

# The user's own space: suggests by dotted path, and may return more values, which are constants of
# the trial.
SpaceFunction = Callable[[Any], "dict[str, Any] | None"]


class Space:
    """Draw the values of `search.space` for the tasks of one arm, as a define-by-run function.

    Args:
        entries: Dotted path, with `*` for every task, → entry.
        tasks: The tasks of the arm, in order.
        fixed: The config as plain dicts, for conditions on values that are not searched.

    Attributes:
        entries: Path of a value → its entry; a value comes after those that its condition names.
        ratios: Path of a loss weight that is searched as a ratio → its task.
        reference: The task that the ratios are relative to; empty where there are no ratios.
        written: Path of a value → path of its entry in the config, which may hold a `*`.

    Raises:
        ConfigError: A path cannot be searched, or names no task.

    Examples:
        >>> entry = SpaceEntry.model_validate({"log_ratio": 10, "reference": "a"})
        >>> space = Space({"tasks.*.loss_weight": entry}, ("a", "b"), fixed={})
        >>> space.overrides({"tasks.b.loss_weight": 3.0})
        {'tasks.a.loss_weight': 0.5, 'tasks.b.loss_weight': 1.5}
    """

    def __init__(
        self, entries: Mapping[str, SpaceEntry], tasks: Sequence[str], fixed: Mapping[str, Any]
    ) -> None:
        self.tasks = tuple(tasks)
        self.fixed = fixed
        self.ratios: dict[str, str] = {}
        self.reference = ""
        self.written: dict[str, str] = {}
        self.entries: dict[str, SpaceEntry] = {}
        for path, entry in entries.items():
            self._add(path, entry)
        self.entries = _conditions_first(self.entries)

    def __call__(self, trial: Trial) -> None:
        """Draw every value whose condition holds."""
        drawn: dict[str, Any] = {}
        for path, entry in self.entries.items():
            if self._applies(entry, drawn):
                drawn[path] = _suggest(trial, path, Domain.of(entry))

    def overrides(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return config values by dotted path: the params, with ratios turned into loss weights."""
        values = {path: value for path, value in params.items() if path not in self.ratios}
        # All ratios come from one entry with one condition: either all are drawn or none.
        if self.ratios and self.ratios.keys() <= params.keys():
            ratios = {self.reference: 1.0}
            for path, task in self.ratios.items():
                ratios[task] = params[path]
            weights = normalised_weights({task: ratios[task] for task in self.tasks})
            for task, weight in weights.items():
                values[f"tasks.{task}.loss_weight"] = weight
        return values

    def equal_weights(self) -> dict[str, float]:
        """Return the params that give every task the same weight."""
        return dict.fromkeys(self.ratios, 1.0)

    def boundary_values(self) -> Iterable[tuple[str, Any, dict[str, Any]]]:
        """Iterate over the values at the ends of each entry, to check them before anything trains.

        Every choice counts as an end. A range of fractions whose ends are whole numbers has one
        value inside, too: only whole ones may be allowed there.

        Yields:
            Path, value, and what else must hold for the path to be searched: dotted path → value.
        """
        for path, entry in self.entries.items():
            values = entry.choice or _with_inner(entry.float_ or entry.log) or entry.int_ or (1.0,)
            for number, value in enumerate(values):
                if value not in values[:number]:
                    yield path, value, self._required_values(entry)

    def check_conditions(self) -> None:
        """Refuse conditions on a path that is neither in the config nor searched.

        Raises:
            ConfigError: There is such a condition.
        """
        available = {**paths.flatten(self.fixed), **self.entries}
        searchable = [path for path in available if path.partition(".")[0] in _SEARCHABLE]
        for path, entry in self.entries.items():
            for condition in entry.when or {}:
                if condition not in available:
                    raise ConfigError(
                        "the condition names nothing in the config",
                        path=f"{self.written[path]}.when",
                        value=condition,
                        allowed=searchable,
                    )

    def _required_values(self, entry: SpaceEntry) -> dict[str, Any]:
        """Return values by which the conditions of an entry, and theirs in turn, hold."""
        required: dict[str, Any] = {}
        for path, condition in (entry.when or {}).items():
            if path in self.entries:
                required |= self._required_values(self.entries[path])
            accepted = _listed(condition)
            present = paths.get(self.fixed, path)
            if accepted and present not in accepted:
                required[path] = accepted[0]
        return required

    def _add(self, path: str, entry: SpaceEntry) -> None:
        entry_path = f"search.space.{path}"
        section, *rest = path.split(".")
        if section not in _SEARCHABLE:
            raise ConfigError(
                "cannot be searched", path=entry_path, value=section, allowed=_SEARCHABLE
            )
        if section == "tasks" and len(rest) < 2:
            raise ConfigError(
                "a path into the tasks is tasks.<task>.<key>, or tasks.*.<key> for all",
                path=entry_path,
            )
        if entry.log_ratio is not None:
            self._add_ratios(path, entry, entry_path)
        elif section == "tasks":
            for task in self._tasks_of(rest[0], entry_path):
                self._add_one(".".join(["tasks", task, *rest[1:]]), entry, entry_path)
        else:
            self._add_one(path, entry, entry_path)

    def _add_one(self, path: str, entry: SpaceEntry, entry_path: str) -> None:
        if path in self.entries:
            raise ConfigError(f"another entry of the space searches {path}, too", path=entry_path)
        self.entries[path] = entry
        self.written[path] = entry_path

    def _add_ratios(self, path: str, entry: SpaceEntry, entry_path: str) -> None:
        if path != "tasks.*.loss_weight":
            raise ConfigError(
                "log_ratio is for tasks.*.loss_weight",
                path=entry_path,
                allowed=["tasks.*.loss_weight"],
            )
        assert entry.reference is not None
        if entry.reference not in self.tasks:
            raise ConfigError(
                "the reference is not a task",
                path=f"{entry_path}.reference",
                value=entry.reference,
                allowed=self.tasks,
            )
        self.reference = entry.reference
        for task in self.tasks:
            if task != entry.reference:
                self._add_one(f"tasks.{task}.loss_weight", entry, entry_path)
                self.ratios[f"tasks.{task}.loss_weight"] = task

    def _tasks_of(self, name: str, entry_path: str) -> tuple[str, ...]:
        if name == "*":
            return self.tasks
        if name not in self.tasks:
            raise ConfigError(
                "there is no task of this name",
                path=entry_path,
                value=name,
                allowed=("*", *self.tasks),
            )
        return (name,)

    def _applies(self, entry: SpaceEntry, drawn: Mapping[str, Any]) -> bool:
        for path, condition in (entry.when or {}).items():
            value = drawn.get(path, paths.get(self.fixed, path))
            # Lists of a config are tuples once it is parsed; conditions hold lists.
            if isinstance(value, tuple):
                value = list(value)
            if value not in _listed(condition):
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
        cause = textwrap.indent(str(error), "  ")
        raise ConfigError(f"fails where this is {value!r}:\n{cause}", path=path) from error


def _conditions_first(entries: Mapping[str, SpaceEntry]) -> dict[str, SpaceEntry]:
    """Return the entries in an order in which each comes after those that its condition names.

    Raises:
        ConfigError: Conditions wait for each other.
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


def _listed(condition: Any) -> list[Any]:
    """Return the values that a condition accepts."""
    return list(condition) if isinstance(condition, list | tuple) else [condition]


@contextmanager
def allow_any_choice() -> Iterator[None]:
    """Let choices be lists and mappings, such as the widths of layers, without Optuna's warning.

    Optuna warns because a database of its own could not store them, and we have none.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Choices for a categorical distribution should be", UserWarning
        )
        yield


def _suggest(trial: Trial, path: str, domain: Domain) -> Any:
    if domain.choices is not None:
        with allow_any_choice():
            return trial.suggest_categorical(path, domain.choices)
    if domain.whole:
        return trial.suggest_int(path, int(domain.low), int(domain.high))
    return trial.suggest_float(path, domain.low, domain.high, log=domain.log)


def _with_inner(limits: tuple[float, float] | None) -> tuple[float, ...]:
    """Return the ends of a range, and a fraction between them where both ends are whole.

    Where there is no range, the answer is empty.
    """
    if limits is None or not all(float(limit).is_integer() for limit in limits):
        return limits or ()
    low, high = limits
    return (low, high, low + 0.381966 * (high - low))
