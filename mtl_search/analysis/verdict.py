"""The verdict of a sweep, and the sentence that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mtl_search.analysis.paired import Comparison, Estimate
from mtl_search.storage.arm_name import ArmName

_Neither = Literal["no significant gain", "not tested"]
Outcome = Literal["sharing helps", "sharing hurts"] | _Neither
WeightsOutcome = Literal["weights help", "weights hurt"] | _Neither

_ABOUT_WEIGHTS: dict[WeightsOutcome, str] = {
    "weights help": "Searched weights beat equal ones",
    "weights hurt": "Searched weights lose against equal ones",
    "no significant gain": "Searched weights against equal ones: no significant gain",
    "not tested": "Searched weights against equal ones: not tested, one seed is not enough",
}
# By `Comparison.sign`.
_ABOUT_AUXILIARY: dict[int | None, str] = {
    1: "helps",
    -1: "hurts",
    0: "makes no significant difference",
    None: "is not tested, one seed is not enough",
}


@dataclass(frozen=True)
class SelectedFinalist:
    """The configuration that speaks for an arm.

    Attributes:
        arm: The arm, without `final/`.
        origin: Id of the trial whose configuration it is.
        trials: Seed index → id of the finalist that has finished with this seed.
        parameters: Number of parameters of the network; None when no finalist said.
        depth: Sharing depth.
        test: Each test metric over the seeds.
    """

    arm: ArmName
    origin: str
    trials: dict[int, str]
    parameters: int | None
    depth: Any
    test: dict[str, Estimate]

    @property
    def shares_nothing(self) -> bool:
        """Whether the sharing depth is 0 for all tasks, so that the networks are separate."""
        depths = self.depth.values() if isinstance(self.depth, Mapping) else [self.depth]
        return set(depths) == {0}


@dataclass(frozen=True)
class Verdict:
    """What a sweep has shown.

    Attributes:
        outcome: Whether sharing helps: the search arm (without one, the equal arm) against separate
            networks.
        weights_outcome: Whether searched weights help: the search arm against the equal arm.
        search: Search arm against single-task arms; None when it could not be compared.
        equal: Equal arm against single-task arms.
        weights: Search arm against equal arm: the difference of both Δm, or where there is no
            single-task arm the gain over the equal arm itself.
        winners: Arm → the configuration that speaks for it.
        final_reference: Mean over seeds of the test metrics of the single-task networks.
        parameters: Number of parameters of the multi-task network that was judged.
        single_parameters: Number of parameters of the single-task networks together.
        auxiliary: Auxiliary task → what it was worth: Δm of the best network, less Δm of the same
            without the task.
        notes: What a reader must know to trust the numbers: failed seeds, sharing depth 0, ...
    """

    outcome: Outcome = "not tested"
    weights_outcome: WeightsOutcome = "not tested"
    search: Comparison | None = None
    equal: Comparison | None = None
    weights: Comparison | None = None
    winners: dict[str, SelectedFinalist] = field(default_factory=dict)
    final_reference: dict[str, float] = field(default_factory=dict)
    parameters: int | None = None
    single_parameters: int | None = None
    auxiliary: dict[str, Comparison] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def sharing(self) -> Comparison | None:
        """The comparison that `outcome` is about."""
        return self.search or self.equal

    def sentence(self) -> str:
        """Say whether sharing helps, whether weights do, and what auxiliary tasks were worth.

        Examples:
            >>> Verdict(notes=("No finalist has been trained",)).sentence()
            'Not tested. No finalist has been trained.'
        """
        sentences = [self._about_sharing()]
        if self._equal_arm_differs():
            assert self.equal is not None
            effect = "helps" if self.equal.sign == 1 else "hurts"
            sentences.append(f"With equal weights sharing {effect}: {self.equal.numbers()}.")
        if self.weights is not None:
            sentences.append(f"{_ABOUT_WEIGHTS[self.weights_outcome]}: {self.weights.numbers()}.")
        for task, comparison in self.auxiliary.items():
            effect = _ABOUT_AUXILIARY[comparison.sign]
            sentences.append(f"Auxiliary task {task} {effect}: {comparison.numbers()}.")
        return " ".join([*sentences, *(f"{note}." for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers and words as plain JSON types."""
        return {**asdict(self), "notes": list(self.notes), "sentence": self.sentence()}

    def _about_sharing(self) -> str:
        compared = self.sharing
        if compared is None:
            return self._why_not_compared()
        numbers = compared.numbers()
        if self.outcome == "not tested":
            return f"Not tested: one seed is not enough ({numbers})."
        words: str = self.outcome
        if compared.sign and self.outcome == "no significant gain":
            words = "no gain by sharing"  # the gain is significant, but nothing is shared
        return f"{words.capitalize()}: {numbers}.{self._sizes(compared)}"

    def _why_not_compared(self) -> str:
        if not self.winners and self.notes:
            return "Not tested."  # the notes say why
        if any(winner.arm.is_single for winner in self.winners.values()):
            return "Not tested: no seed has finished in both arms."
        return "Not tested: there are no single-task networks to compare with."

    def _sizes(self, compared: Comparison) -> str:
        if not (self.parameters and self.single_parameters):
            return ""
        return (
            f" One network of {self.parameters:,} parameters ({compared.arm} arm) stands against"
            f" {self.single_parameters:,} in {len(compared.gains)} separate ones."
        )

    def _equal_arm_differs(self) -> bool:
        """Whether the search arm is judged, and the equal arm comes out otherwise."""
        if self.search is None or self.equal is None or not self.equal.sign:
            return False
        return self.equal.sign != self.search.sign
