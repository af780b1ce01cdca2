"""The verdict of a sweep, and the sentence that tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mtl_search.analysis.paired import Comparison, Estimate

Neither = Literal["no significant gain", "not tested"]


Outcome = Literal["sharing helps", "sharing hurts"] | Neither


WeightsOutcome = Literal["weights help", "weights hurt"] | Neither


@dataclass(frozen=True)
class SelectedFinalist:
    """The configuration that speaks for an arm.

    Attributes:
        arm: Without `final/`.
        origin: Id of the trial whose configuration it is.
        trials: Ids of its finished finalists, by seed index.
        parameters: Of the network; None when no finalist said.
        depth: Sharing depth.
        test: Each test metric over the seeds.
    """

    arm: str
    origin: str
    trials: dict[int, str]
    parameters: int | None
    depth: Any
    test: dict[str, Estimate]


@dataclass(frozen=True)
class Verdict:
    """What a sweep has shown.

    Attributes:
        outcome: Of sharing: the search arm (without one, the equal arm) against separate networks.
        weights_outcome: Of the search arm against the equal arm.
        search: Search arm against single-task arms; None when it could not be compared.
        equal: Equal arm against single-task arms.
        weights: Search arm against equal arm: the difference of both Δm, or where there is no single-task arm the gain
            over the equal arm itself.
        winners: Who speaks for each arm.
        final_reference: Mean over seeds of the single-task winners' test metrics.
        parameters: Of the multi-task network that was judged.
        single_parameters: Of the single-task networks together.
        auxiliary: What each auxiliary task was worth: Δm of the best network less that of the same without the task.
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
        """The verdict in plain words."""
        return sentence(self)

    def to_dict(self) -> dict[str, Any]:
        """All numbers and words as plain JSON types."""
        return {**asdict(self), "notes": list(self.notes), "sentence": self.sentence()}


def sentence(result: Verdict) -> str:
    """Whether sharing helps, whether weights do, what auxiliary tasks were worth, and what to know beside it."""
    notes = [f"{note}." for note in result.notes]
    sharing, weights = [*_sharing_words(result), *_equal_words(result)], _weights_words(result)
    return " ".join([*sharing, *weights, *_auxiliary_words(result), *notes])


def _sharing_words(result: Verdict) -> list[str]:
    compared = result.sharing
    if compared is None:
        single = any(arm.startswith("single/") for arm in result.winners)
        reason = (
            "no seed has finished in both arms"
            if single
            else "there are no single-task networks to compare with"
        )
        return [f"Not tested: {reason}."] if result.winners or not result.notes else ["Not tested."]
    numbers = compared.numbers()
    if result.outcome == "not tested":
        return [f"Not tested: one seed is not enough ({numbers})."]
    sizes = ""
    if result.parameters and result.single_parameters:
        sizes = (
            f" One network of {result.parameters:,} parameters ({compared.arm} arm) stands against"
            f" {result.single_parameters:,} in {len(compared.gains)} separate ones."
        )
    said = (
        "no gain by sharing"
        if compared.sign and result.outcome == "no significant gain"
        else result.outcome
    )
    return [f"{said.capitalize()}: {numbers}.{sizes}"]


def _equal_words(result: Verdict) -> list[str]:
    """Where the search arm is judged, and the equal arm comes out otherwise."""
    equal, search = result.equal, result.search
    if equal is None or search is None or equal.sign == search.sign or not equal.sign:
        return []
    return [
        f"With equal weights sharing {'helps' if equal.sign == 1 else 'hurts'}: {equal.numbers()}."
    ]


def _auxiliary_words(result: Verdict) -> list[str]:
    words = {
        1: "helps",
        -1: "hurts",
        0: "makes no significant difference",
        None: "is not tested, one seed is not enough",
    }
    return [
        f"Auxiliary task {task} {words[c.sign]}: {c.numbers()}."
        for task, c in result.auxiliary.items()
    ]


def _weights_words(result: Verdict) -> list[str]:
    if result.weights is None:
        return []
    words = {
        "weights help": "Searched weights beat equal ones",
        "weights hurt": "Searched weights lose against equal ones",
        "no significant gain": "Searched weights against equal ones: no significant gain",
        "not tested": "Searched weights against equal ones: not tested, one seed is not enough",
    }
    return [f"{words[result.weights_outcome]}: {result.weights.numbers()}."]
