"""How the batches of an epoch are divided between the sources of a data set.

K sources, n_k training samples of source k, p_k its fraction of the batches. All batches have the
same size, so that a fraction of the batches is a fraction of the samples, too.

    proportional   p_k = n_k / Σ n
    uniform        p_k = 1 / K
    temperature    p_k ∝ n_k^(1/τ)
    round_robin    p_k = 1 / K, in a strict cycle

The first three are "examples-proportional", "equal" and "temperature-scaled" mixing of C. Raffel
and others, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer"
(JMLR 2020), section 3.5.2, without the limit on n_k that they put on very large sources; and there
a batch is drawn by chance, here by quota (see `loading.mixture_sampler`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from mtl_search.config.checks import check_component, check_number
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError
from mtl_search.registry import Registry

_PATH = "data.sampling"


class Sampling(ABC):
    """Base class of the policies that set each source's fraction of the batches.

    A subclass implements `shares`.

    Attributes:
        shuffled: Whether the batches of an epoch come in random order. Otherwise those of each
            source are spread evenly, which is a strict cycle where all fractions are equal.

    Examples:
        >>> class LargestFirst(Sampling):
        ...     def shares(self, sizes):
        ...         return np.where(sizes == sizes.max(), 3.0, 1.0) / (len(sizes) + 2)
        >>> LargestFirst().shares(np.array([10, 50]))
        array([0.25, 0.75])
    """

    shuffled: ClassVar[bool] = True

    @abstractmethod
    def shares(self, sizes: Array) -> Array:
        """Return the fractions of the batches, (K,), above 0 and 1 in all.

        Args:
            sizes: The number of training samples of each source (K,).
        """


@dataclass(frozen=True)
class Proportional(Sampling):
    """Draw each source by its size: p ∝ n, so that an epoch is about one pass over every source."""

    def shares(self, sizes: Array) -> Array:
        """Return the fractions of the batches (K,)."""
        return np.asarray(sizes / sizes.sum())


@dataclass(frozen=True)
class Uniform(Sampling):
    """Draw all sources equally, whatever their size: p = 1/K, in random order."""

    def shares(self, sizes: Array) -> Array:
        """Return the fractions of the batches (K,)."""
        return np.full(len(sizes), 1 / len(sizes))


@dataclass(frozen=True)
class Temperature(Sampling):
    """Draw between both: p ∝ n^(1/temperature), proportional at 1 and nearly uniform at 100.

    Args:
        temperature: The temperature τ, at least 1.

    Examples:
        >>> Temperature(2).shares(np.array([100, 400])).round(3)
        array([0.333, 0.667])
    """

    temperature: float

    def __post_init__(self) -> None:
        check_number(self.temperature, "data.sampling.temperature", low=1)

    def shares(self, sizes: Array) -> Array:
        """Return the fractions of the batches (K,)."""
        raised = sizes ** (1 / self.temperature)
        return np.asarray(raised / raised.sum())


@dataclass(frozen=True)
class RoundRobin(Uniform):
    """Draw the sources one after the other: p = 1/K, in a strict cycle that goes on over epochs."""

    shuffled = False


SAMPLING: Registry[Callable[..., Sampling]] = Registry(
    "sampling",
    {
        "proportional": Proportional,
        "uniform": Uniform,
        "temperature": Temperature,
        "round_robin": RoundRobin,
    },
    base="mtl_search.data:Sampling",
)


def build_sampling(value: object) -> Sampling:
    """Build the policy that `data.sampling` names.

    Raises:
        ConfigError: An unknown name or argument, a value that the policy refuses, or code of the
            user's that gives no policy.
    """
    member = check_component(value, _PATH)
    sampling: Sampling = SAMPLING.build(member.name, member.arguments, _PATH)
    return sampling


@dataclass(frozen=True)
class Sources:
    """Which source each sample of a data set is from, and how training draws from them.

    Attributes:
        names: The names of the K sources.
        numbers: (N,) the number of each sample's source, from 0.
        sampling: The policy that sets the sources' fractions of the batches.
        batches: The number of batches of an epoch; None: ceil(n / B).

    Examples:
        >>> sources = Sources(("news", "tweets"), np.array([0, 0, 1, 0]))
        >>> sources.sizes(np.array([0, 1, 2]))
        array([2, 1])
    """

    names: tuple[str, ...]
    numbers: Array
    sampling: Sampling = field(default_factory=Proportional)
    batches: int | None = None

    def check(self, samples: int, train: Array) -> None:
        """Check that this fits a data set.

        Args:
            samples: The number of samples of the data set.
            train: The numbers of the train samples.

        Raises:
            DataError: The sources do not fit.
            ConfigError: The policy gives no fractions.
        """
        numbers = self.numbers
        if len(set(self.names)) < len(self.names):
            raise DataError(f"two sources have one name: {', '.join(self.names)}")
        if numbers.shape != (samples,) or numbers.dtype.kind not in "iu":
            raise DataError(
                f"sources are numbered by ({samples},) integers; given: {numbers.dtype} "
                f"{numbers.shape}"
            )
        if numbers.min() < 0 or numbers.max() >= len(self.names):
            raise DataError(f"samples are from sources outside 0..{len(self.names) - 1}")
        for name, size in zip(self.names, self.sizes(train), strict=True):
            if size == 0:
                raise DataError(f"source {name!r} has no sample in the train split")
        self.shares(self.sizes(train))

    def sizes(self, rows: Array) -> Array:
        """Return the number of samples of each source among the rows, (K,)."""
        return np.bincount(self.numbers[rows], minlength=len(self.names))

    def shares(self, sizes: Array) -> Array:
        """Return the fractions of the batches, (K,), for sources of these sizes.

        Raises:
            ConfigError: A policy of the user gives something else, or fails.
        """
        try:
            shares = np.asarray(self.sampling.shares(sizes), np.float64)
        except Exception as error:
            raise ConfigError(
                f"the policy failed with {type(error).__name__}: {error}",
                path="data.sampling",
                value=type(self.sampling).__name__,
            ) from error
        if shares.shape != sizes.shape or not (np.isfinite(shares).all() and (shares > 0).all()):
            raise ConfigError(
                f"a part above 0 is needed for each of {len(sizes)} sources",
                path="data.sampling",
                value=shares.tolist(),
            )
        return np.asarray(shares / shares.sum())
