"""How a config divides the samples of a data set into train, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config.checks import check_choice, check_int, check_text
from mtl_search.data.dataset import Target
from mtl_search.data.readers.cells import plain_text
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import ConfigError


@dataclass(frozen=True)
class SplitOptions:
    """The checked options of a split; `of` makes them from the arguments of a data set.

    Attributes:
        fractions: Split name → its fraction of the samples; empty where the data say the split.
        seed: The seed of a random split.
        column: The column that says each row's split, if one does.
        stratify: The target whose classes are spread evenly over the splits, if any.
        group: The column or array whose equal values stay in one split, if any.
    """

    fractions: Mapping[str, float]
    seed: int = 0
    column: str | None = None
    stratify: str | None = None
    group: str | None = None

    @classmethod
    def of(
        cls,
        *,
        fractions: object = DEFAULT_FRACTIONS,
        seed: object = 0,
        split: object = None,
        stratify: object = None,
        group: object = None,
        given: str = "",
    ) -> SplitOptions:
        """Check the arguments of a data set, whose names these are.

        Args:
            fractions: Three numbers, or a mapping from the names of the splits.
            seed: A whole number from 0.
            split: The column that says each row's split.
            stratify: The target to stratify by.
            group: The column or array to group by.
            given: Which other argument says the split, as the subject and verb of a message.

        Raises:
            ConfigError: An argument is wrong, or two of them contradict each other.
        """
        if split is not None:
            if given:
                raise ConfigError(
                    f"the split is given already: {given}", path="data.split", value=split
                )
            given = "`split` names a column"
        for name, value in (("stratify", stratify), ("group", group)):
            if value is not None and given:
                raise ConfigError(
                    f"only a split by seed can do this, but {given}",
                    path=f"data.{name}",
                    value=value,
                )
        if stratify is not None and group is not None:
            raise ConfigError(
                "a split is either stratified or by group, not both", path="data.group", value=group
            )
        if given:
            return cls({}, column=_optional_text(split, "data.split"))
        return cls(
            _check_fractions(fractions),
            check_int(seed, "data.seed", low=0),
            stratify=_optional_text(stratify, "data.stratify"),
            group=_optional_text(group, "data.group"),
        )

    def labels(self, targets: Mapping[str, Target]) -> Array | None:
        """Return the labels (N,) to stratify by, or None where the split is not stratified.

        Raises:
            ConfigError: There is no class or binary target of this name.
        """
        if self.stratify is None:
            return None
        allowed = [name for name, target in targets.items() if target.kind in ("class", "binary")]
        check_choice(self.stratify, "data.stratify", allowed, "class or binary target")
        return targets[self.stratify].values

    def rows(
        self, n: int, labels: Array | None = None, groups: Array | None = None
    ) -> dict[str, Array]:
        """Split `n` samples at random.

        Args:
            n: The number of samples.
            labels: Labels (n,) to stratify by.
            groups: The group (n,) of each sample.
        """
        return random_split(n, self.fractions, self.seed, stratify=labels, groups=groups)


def _optional_text(value: object, path: str) -> str | None:
    return None if value is None else plain_text(check_text(value, path))


def _check_fractions(value: object) -> dict[str, float]:
    """Return split name → fraction, from three numbers or from a mapping."""
    path = "data.fractions"
    fractions: list[Any] = []
    if isinstance(value, Mapping):
        for key in value:
            check_choice(str(key), f"{path}.{key}", SPLITS, "split")
        fractions = [value.get(split) for split in SPLITS]
    elif isinstance(value, list | tuple):
        fractions = list(value)
    if len(fractions) != len(SPLITS) or not all(map(_is_number, fractions)):
        raise ConfigError(
            f"three numbers are needed, the parts of {', '.join(SPLITS)}", path=path, value=value
        )
    if not all(0 < fraction < 1 for fraction in fractions):
        raise ConfigError("every part must be above 0 and below 1", path=path, value=value)
    if abs(sum(fractions) - 1) > 1e-6:
        raise ConfigError(
            f"the parts must sum to 1; they sum to {sum(fractions):g}", path=path, value=value
        )
    return dict(zip(SPLITS, map(float, fractions), strict=True))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class OfficialSplit:
    """A split that the data say themselves, which no seed changes.

    A function of the table of data sets has an attribute `official_split`, which returns one for
    its arguments, or None; without the attribute its seed makes the split.

    Attributes:
        argument: The argument that says it.
        why_fixed: Why other rows cannot take the place of the training rows, as a sentence without
            a full stop; empty: they can.
    """

    argument: str
    why_fixed: str = ""
