"""How the batches of an epoch are shared out between the sources of a data set.

K sources, n_k training samples of source k, p_k its part of the batches. All batches have the same size, so that a part
of the batches is a part of the samples, too.

    proportional   p_k = n_k / Σ n
    uniform        p_k = 1 / K
    temperature    p_k ∝ n_k^(1/τ)
    round_robin    p_k = 1 / K, in a strict cycle

The first three are "examples-proportional", "equal" and "temperature-scaled" mixing of C. Raffel and others, "Exploring
the Limits of Transfer Learning with a Unified Text-to-Text Transformer" (JMLR 2020), section 3.5.2, without the cap on
n_k that they put on sources of near endless size; and there a batch is drawn by chance, here by quota (see `draws`).
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
    """A policy; one of the user's own is a subclass, too.

    Attributes:
        shuffled: The batches of an epoch come in random order; otherwise each source's are spread evenly, which is a
            strict cycle where all parts are equal.
    """

    shuffled: ClassVar[bool] = True

    @abstractmethod
    def shares(self, sizes: Array) -> Array:
        """Parts of the batches, (K,) above 0 and 1 in all, of sources with these numbers of training samples (K,)."""


@dataclass(frozen=True)
class Proportional(Sampling):
    """Each source by its size: p ∝ n, so that an epoch is about one pass over every source."""

    def shares(self, sizes: Array) -> Array:
        """Parts of the batches (K,)."""
        return np.asarray(sizes / sizes.sum())


@dataclass(frozen=True)
class Uniform(Sampling):
    """All sources alike, whatever their size: p = 1/K, in random order."""

    def shares(self, sizes: Array) -> Array:
        """Parts of the batches (K,)."""
        return np.full(len(sizes), 1 / len(sizes))


@dataclass(frozen=True)
class Temperature(Sampling):
    """Between both: p ∝ n^(1/temperature), proportional at 1 and nearly uniform at 100.

    Args:
        temperature: τ, at least 1.
    """

    temperature: float

    def __post_init__(self) -> None:
        if check_number(self.temperature, "data.sampling.temperature", exclude_low=True) < 1:
            raise ConfigError(
                "a number of at least 1 is needed",
                path="data.sampling.temperature",
                value=self.temperature,
            )

    def shares(self, sizes: Array) -> Array:
        """Parts of the batches (K,)."""
        raised = sizes ** (1 / self.temperature)
        return np.asarray(raised / raised.sum())


@dataclass(frozen=True)
class RoundRobin(Uniform):
    """All sources alike and one after the other: p = 1/K, in a strict cycle that goes on over epochs."""

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
        names: Of the K sources.
        numbers: (N,) number of each sample's source, from 0.
        sampling: Parts of the sources in the batches.
        batches: Of an epoch; None: ceil(n / B).
    """

    names: tuple[str, ...]
    numbers: Array
    sampling: Sampling = field(default_factory=Proportional)
    batches: int | None = None

    def check(self, samples: int, train: Array) -> None:
        """Whether this fits a data set of so many samples with these train rows.

        Raises:
            DataError: It does not.
            ConfigError: The policy gives no parts.
        """
        numbers = self.numbers
        if len(set(self.names)) < len(self.names):
            raise DataError(f"two sources have one name: {', '.join(self.names)}")
        if numbers.shape != (samples,) or numbers.dtype.kind not in "iu":
            raise DataError(
                f"sources are numbered by ({samples},) integers; given: {numbers.dtype} {numbers.shape}"
            )
        if numbers.min() < 0 or numbers.max() >= len(self.names):
            raise DataError(f"samples are from sources outside 0..{len(self.names) - 1}")
        for name, size in zip(self.names, self.sizes(train), strict=True):
            if size == 0:
                raise DataError(f"source {name!r} has no sample in the train split")
        self.shares(self.sizes(train))

    def sizes(self, rows: Array) -> Array:
        """(K,) samples of each source among the rows."""
        return np.bincount(self.numbers[rows], minlength=len(self.names))

    def shares(self, sizes: Array) -> Array:
        """(K,) parts of the batches for sources of these sizes.

        Raises:
            ConfigError: A policy of the user's gives something else, or fails.
        """
        try:
            shares = np.asarray(self.sampling.shares(sizes), np.float64)
        except Exception as error:
            what = f"the policy failed with {type(error).__name__}: {error}"
            raise ConfigError(
                what, path="data.sampling", value=type(self.sampling).__name__
            ) from error
        if shares.shape != sizes.shape or not (np.isfinite(shares).all() and (shares > 0).all()):
            what = f"a part above 0 is needed for each of {len(sizes)} sources"
            raise ConfigError(what, path="data.sampling", value=shares.tolist())
        return np.asarray(shares / shares.sum())
