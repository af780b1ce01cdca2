"""Names of arms: what a group of trials is there for."""

from __future__ import annotations

_FINAL = "final/"
_SPLIT = "split/"
_SINGLE = "single/"
_WARMUP = "warmup/"
_ABLATION = "without/"
_TWIN = "twin/"


class ArmName(str):
    """Name of an arm: a text that also says what kind of arm it is.

    ================================ ===========================================================
    `single/<task>`                  one network for one task, the reference of Δm
    `warmup/<weighting>`             one trial whose mean loss weights the search begins with
    `equal`, `search`                all tasks share a network, with equal or searched weights
    `without/<task>`                 the best network without an auxiliary task, or a main one
    `twin/weights`                   the best network with equal weights, all else the same
    `twin/separate`                  the best network with nothing shared, all else the same
    `final/<any of these>`           the best of that arm, trained again on fresh seeds
    `split/<any of these>`           the best of that arm, trained again on other random partitions
                                     of the data
    ================================ ===========================================================

    It equals the plain text, and is written to JSON as such. All properties but `is_final`,
    `is_split` and `is_repeat` are those of the arm that a finalist's arm comes from.

    Examples:
        >>> name = ArmName("final/single/left")
        >>> name.is_final, name.is_single, name.task
        (True, True, 'left')
        >>> name.base
        'single/left'
        >>> ArmName.single("left").final == name
        True
    """

    __slots__ = ()

    @classmethod
    def single(cls, task: str) -> ArmName:
        """Return the arm that trains a task alone."""
        return cls(_SINGLE + task)

    @classmethod
    def warmup(cls, weighting: str) -> ArmName:
        """Return the arm of the one trial that finds loss weights by a weighting."""
        return cls(_WARMUP + weighting)

    @classmethod
    def ablation(cls, task: str) -> ArmName:
        """Return the arm that trains the best network without one of its tasks."""
        return cls(_ABLATION + task)

    @property
    def is_final(self) -> bool:
        """Whether its trials are finalists: earlier configurations on fresh seeds."""
        return self.startswith(_FINAL)

    @property
    def is_split(self) -> bool:
        """Whether its trials train earlier configurations on other partitions of the data."""
        return self.startswith(_SPLIT)

    @property
    def is_repeat(self) -> bool:
        """Whether its trials train earlier configurations again, of either kind."""
        return self.is_final or self.is_split

    @property
    def base(self) -> ArmName:
        """The arm that a finalist's arm comes from; other arms are their own base."""
        return ArmName(self.removeprefix(_FINAL).removeprefix(_SPLIT))

    @property
    def final(self) -> ArmName:
        """The arm of the finalists that come from this one."""
        return ArmName(_FINAL + self.base)

    @property
    def on_splits(self) -> ArmName:
        """The arm of those that come from this one on other partitions of the data."""
        return ArmName(_SPLIT + self.base)

    @property
    def is_single(self) -> bool:
        """Whether its networks train one task alone."""
        return self.base.startswith(_SINGLE)

    @property
    def is_warmup(self) -> bool:
        """Whether its trial only finds loss weights for the search to begin with."""
        return self.base.startswith(_WARMUP)

    @property
    def is_ablation(self) -> bool:
        """Whether its networks leave a task out."""
        return self.base.startswith(_ABLATION)

    @property
    def is_twin(self) -> bool:
        """Whether its networks differ from the best one in a single factor."""
        return self.base.startswith(_TWIN)

    @property
    def is_shared(self) -> bool:
        """Whether it is one of the two arms whose best networks the verdict is about."""
        return self.base in SHARED

    @property
    def task(self) -> str | None:
        """The task that is trained alone, or that is left out; None for other arms."""
        if self.is_single:
            return self.base.removeprefix(_SINGLE)
        if self.is_ablation:
            return self.base.removeprefix(_ABLATION)
        return None

    @property
    def weighting(self) -> str | None:
        """The weighting of a warm-up; None for other arms."""
        if not self.is_warmup:
            return None
        return self.base.removeprefix(_WARMUP)


EQUAL = ArmName("equal")
SEARCH = ArmName("search")
SHARED = (EQUAL, SEARCH)
TWIN_WEIGHTS = ArmName("twin/weights")
TWIN_SEPARATE = ArmName("twin/separate")
