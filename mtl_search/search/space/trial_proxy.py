"""Optuna trials that answer some suggestions themselves, for space functions of the user's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mtl_search.search.space.domain import Domain

if TYPE_CHECKING:
    from optuna.trial import Trial


class TrialProxy(ABC):
    """Pass an Optuna trial on to a space function, with answers of its own to some suggestions.

    Args:
        trial: The trial behind it, which also has the attributes that the proxy lacks.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    @abstractmethod
    def _answer(self, name: str, domain: Domain, draw: Callable[[], Any]) -> Any:
        """Return a value of the domain.

        Args:
            name: Dotted path of the value.
            domain: The values that it may have.
            draw: Asks the trial behind the proxy, which then has the value among its params.
        """

    def suggest_float(self, name: str, low: float, high: float, **options: Any) -> float:
        """Suggest a number, as Optuna's trial does."""
        draw = partial(self._trial.suggest_float, name, low, high, **options)
        return float(self._answer(name, Domain(low, high, options.get("step")), draw))

    def suggest_int(self, name: str, low: int, high: int, **options: Any) -> int:
        """Suggest a whole number, as Optuna's trial does."""
        draw = partial(self._trial.suggest_int, name, low, high, **options)
        domain = Domain(low, high, options.get("step", 1), whole=True)
        return int(self._answer(name, domain, draw))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of the choices, as Optuna's trial does."""
        draw = partial(self._trial.suggest_categorical, name, choices)
        return self._answer(name, Domain(choices=choices), draw)


class RestrictedTrial(TrialProxy):
    """Answer for some paths without asking Optuna, for arms that keep these values fixed.

    So a space function of the user's serves the arms that search neither weights nor depth. A fixed
    number is 1 where its range has it (equal weights), else the nearer end; a fixed whole number is
    the high end, which for the depth is all stages; a fixed choice is the first one.

    Args:
        trial: The trial that the other values are drawn from.
        is_fixed: Whether the arm keeps the value at a path fixed.
    """

    def __init__(self, trial: Trial, is_fixed: Callable[[str], bool]) -> None:
        super().__init__(trial)
        self._is_fixed = is_fixed

    def _answer(self, name: str, domain: Domain, draw: Callable[[], Any]) -> Any:
        if not self._is_fixed(name):
            return draw()
        if domain.choices is not None:
            return domain.choices[0]
        if domain.whole:
            return domain.high
        return min(max(1.0, domain.low), domain.high)
