"""The verdict of a sweep, and the sentences that tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mtl_search.analysis import formats
from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.finalists import SelectedFinalist
from mtl_search.analysis.formats.many import extremes, is_many
from mtl_search.analysis.formats.markup import Tone, marked
from mtl_search.analysis.measure import MeasureName, unit_of
from mtl_search.analysis.split_comparison import SplitComparison
from mtl_search.analysis.statistics.answers import Needed, Position, position
from mtl_search.storage.arm_name import TWIN_SEPARATE, ArmName

_Neither = Literal["practically equal", "don't know", "not tested"]
Outcome = Literal["sharing helps", "sharing hurts"] | _Neither
WeightsOutcome = Literal["weights help", "weights hurt"] | _Neither

# Fields of `Measure`.
_IN_THE_JOURNAL = ("metric_scales", "directions")

_HEADLINES: dict[Outcome, str] = {
    "sharing helps": "Sharing helps",
    "sharing hurts": "Sharing hurts",
    "practically equal": "Sharing and separate networks are practically equal",
    "don't know": "Whether sharing helps is not known",
    "not tested": "Not tested",
}
_ABOUT_WEIGHTS: dict[WeightsOutcome, str] = {
    "weights help": "The loss weights help",
    "weights hurt": "The loss weights hurt",
    "practically equal": "The loss weights are practically equal to equal ones",
    "don't know": "Whether the loss weights help is not known",
    "not tested": "Whether the loss weights help is not tested, one seed is not enough",
}
# What follows where the comparisons with the tuned networks and with the twin say different things.
_REASONS: dict[tuple[Position, Position], str] = {
    ("above", "equal"): "So its gain is the doing of its other settings, not of sharing.",
    ("open", "equal"): "So with its settings it makes no difference whether the tasks share.",
    ("above", "below"): "So its settings are good, and without sharing they are better still.",
    ("below", "above"): (
        "So separate networks are better with settings of their own, and worse with these."
    ),
    ("below", "equal"): (
        "So separate networks are better with settings of their own; with these it makes no "
        "difference whether the tasks share."
    ),
}
_OTHERS = {
    "single": "tuned separate networks",
    TWIN_SEPARATE: "the same network with nothing shared",
}


@dataclass(frozen=True)
class Claim:
    """What is claimed of one task, beside the verdict on all of them.

    Attributes:
        mean: The gain.
        p_value: Two-sided, adjusted for the number of claims by Holm's method.
        holds: Whether it is below 1 − the level of the verdict's intervals: 0.05 with one look.
    """

    mean: float
    p_value: float
    holds: bool


@dataclass(frozen=True)
class Verdict:
    """What a sweep has shown.

    Attributes:
        outcome: Whether sharing helps: the best shared network against the tuned single-task
            networks, and against its twin with nothing shared.
        weights_outcome: Whether loss weights help: the best shared network against its twin with
            equal weights.
        measure: What gains are measured in: `skill`, or `delta_m`.
        margin: Differences below this are practically equal.
        recommended: The best shared network by the validation of fresh seeds; its arm says whether
            equal weights or the search found it.
        separate: The better separate networks by the validation of fresh seeds: `single`, the tuned
            ones, or `twin/separate`, those with the settings of the shared one; None: not known.
        sharing: Best shared network against single-task networks; None when not compared.
        twin: Best shared network against the same with nothing shared.
        equal: Best of the equal arm against single-task networks.
        search: Best of the search arm against single-task networks.
        weights: Best shared network against the same with equal weights.
        auxiliary: Auxiliary task → best shared network against the same without the task.
        splits: `single` and `twin/separate` → best shared network against them on other random
            partitions of the data; empty where `search.finalists.splits` is 0.
        claims: `task <name>` or `auxiliary <name>` → what is claimed of it.
        needed: Where the answer is open: the number of seeds or of test items that would decide.
        winners: Arm → the configuration that speaks for it.
        final_reference: Mean over seeds of the test metrics of the single-task networks.
        parameters: Number of parameters of the best shared network.
        single_parameters: Number of parameters of the single-task networks together.
        notes: What a reader must know to trust the numbers: failed seeds, excluded metrics, ...
    """

    outcome: Outcome = "not tested"
    weights_outcome: WeightsOutcome = "not tested"
    measure: MeasureName = "skill"
    margin: float = 0.005
    recommended: SelectedFinalist | None = None
    separate: ArmName | None = None
    sharing: Comparison | None = None
    twin: Comparison | None = None
    equal: Comparison | None = None
    search: Comparison | None = None
    weights: Comparison | None = None
    auxiliary: dict[str, Comparison] = field(default_factory=dict)
    splits: dict[str, SplitComparison] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    needed: Needed | None = None
    winners: dict[str, SelectedFinalist] = field(default_factory=dict)
    final_reference: dict[str, float] = field(default_factory=dict)
    parameters: int | None = None
    single_parameters: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def shares_nothing(self) -> bool:
        """Whether the best network that was found shares nothing."""
        return self.recommended is not None and self.recommended.shares_nothing

    def sentence(self) -> str:
        """Say whether sharing helps, whether weights do, and what auxiliary tasks are worth.

        Examples:
            >>> Verdict(notes=("No finalist has been trained",)).sentence()
            'Not tested. No finalist has been trained.'
        """
        return " ".join(self.sentences())

    def sentences(self) -> list[str]:
        """Return what `sentence` says, the answer first, one text for each thing it tells."""
        told = [*self._about_sharing(), *self._about_weights(), *self._about_tasks()]
        return [*told, *(f"{note}." for note in self.notes)]

    def __repr__(self) -> str:
        gain = f": {self.sharing.numbers()}" if self.sharing is not None else ""
        return f"<Verdict: {self.outcome}{gain}>"

    def _repr_html_(self) -> str:
        """Return the sentence for a notebook."""
        tones: dict[Outcome, Tone] = {"sharing helps": "good", "sharing hurts": "warning"}
        return marked("Verdict:", self.sentence(), tones.get(self.outcome, "neutral"))

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers and words as plain JSON types.

        The scales of metrics, which are the same in all comparisons, are left to the journal.
        """
        tree = asdict(
            self, dict_factory=lambda pairs: {k: v for k, v in pairs if k not in _IN_THE_JOURNAL}
        )
        return {**tree, "notes": list(self.notes), "sentence": self.sentence()}

    def _about_sharing(self) -> list[str]:
        compared = self.sharing
        if compared is None:
            return [self._why_not_compared()]
        if self.outcome == "not tested" and compared.interval is not None:
            # The notes say what is missing.
            return [f"Not tested yet: {compared.numbers()} against tuned separate networks."]
        if compared.interval is None:
            return [f"Not tested: one seed is not enough ({compared.numbers()})."]
        headline = _HEADLINES[self.outcome]
        if self.shares_nothing:
            headline = (
                "The best network that was found shares nothing, so nothing is claimed of sharing"
            )
        sentences = [f"{headline}: {compared.numbers()} against tuned separate networks."]
        if self.twin is not None:
            sentences.append(
                f"Against the same network with nothing shared: {self.twin.numbers()}."
            )
        return [
            *sentences,
            *self._about_splits(),
            *self._what_follows(compared),
            *self._what_would_decide(),
            *self._sizes(compared),
        ]

    def _what_follows(self, sharing: Comparison) -> list[str]:
        """Explain an answer that the intervals alone do not show."""
        if self.shares_nothing:
            return []
        sentences = []
        positions = [self._position(c) for c in (sharing, self.twin) if c is not None]
        if len(positions) == 2 and (reason := _REASONS.get((positions[0], positions[1]))):
            sentences.append(reason)
        if self.outcome == "practically equal" and "equal" in positions:
            by_first = positions[0] == "equal"
            equal = sharing if by_first else self.twin
            assert equal is not None
            against = "tuned separate networks" if by_first else "nothing shared"
            narrow = equal.gain.interval(2 * equal.level - 1)
            assert narrow is not None
            low, high = (formats.signed(100 * end, 2) for end in narrow)
            sentences.append(
                f"Against {against} the 90 % interval, {low} … {high}, lies within "
                f"±{100 * self.margin:.2g} {unit_of(self.measure)}."
            )
        return sentences

    def _position(self, comparison: Comparison) -> Position:
        return position(comparison.gain, self.margin, comparison.level)

    def _about_splits(self) -> list[str]:
        """Tell the gain over random partitions, beside the verdict."""
        gains: dict[str, list[str]] = {}
        for against, comparison in self.splits.items():
            gain = f"{comparison.numbers()} against {_OTHERS.get(against, against)}"
            gains.setdefault(comparison.counts(), []).append(gain)
        return [f"Over {counts}: {', '.join(told)}." for counts, told in gains.items()]

    def _what_would_decide(self) -> list[str]:
        if self.needed is None:
            return []
        numbers = []
        if self.needed.seeds:
            numbers.append(f"{self.needed.seeds:,} seeds (search.finalists.max_seeds)")
        if self.needed.items:
            numbers.append(f"{self.needed.items:,} test items")
        if not numbers:
            return ["No number of seeds or test items is in sight that would decide it."]
        return [f"About {' or '.join(numbers)} would decide it, if the means stay as they are."]

    def _why_not_compared(self) -> str:
        if not self.winners and self.notes:
            return "Not tested."  # the notes say why
        if self.winners and not any(winner.arm.is_shared for winner in self.winners.values()):
            return "Not tested: there is no shared network to compare."
        if any(winner.arm.is_single for winner in self.winners.values()):
            return "Not tested: no seed has finished in both arms."
        return "Not tested: there are no single-task networks to compare with."

    def _sizes(self, compared: Comparison) -> list[str]:
        if not (self.parameters and self.single_parameters):
            return []
        ours = f"{self.parameters:,} parameters ({compared.arm} arm)"
        count = len(compared.tasks)
        others = "the separate one" if count == 1 else f"{count} separate ones"
        theirs = f"{self.single_parameters:,} in {others}"
        return [f"One network of {ours} stands against {theirs}."]

    def _about_weights(self) -> list[str]:
        if self.weights is None:
            return []
        return [f"{_ABOUT_WEIGHTS[self.weights_outcome]}: {self.weights.numbers()}."]

    def _about_tasks(self) -> list[str]:
        """Say which tasks gain or lose, and what auxiliary tasks are worth."""
        sentences = []
        claims = self.claims if len(self.claims) > 1 else {}
        held = [(n, c) for n, c in claims.items() if n.startswith("task ") and c.holds]
        if is_many(held):
            gain = sum(claim.mean > 0 for _, claim in held)
            sentences.append(f"{gain} tasks gain and {len(held) - gain} lose, the most of them:")
            best, worst = extremes(held, lambda pair: pair[1].mean)
            held = [*best, *worst]
        for name, claim in held:
            effect = "gains" if claim.mean > 0 else "loses"
            size = f"{100 * abs(claim.mean):.1f} {unit_of(self.measure)}"
            sentences.append(f"T{name[1:]} {effect} {size} (p = {claim.p_value:.2g}).")
        for task, comparison in self.auxiliary.items():
            claim_of_task = self.claims.get(f"auxiliary {task}")
            effect = "makes no significant difference"
            if claim_of_task is not None and claim_of_task.holds:
                effect = "helps" if claim_of_task.mean > 0 else "hurts"
            sentences.append(f"Auxiliary task {task} {effect}: {comparison.numbers()}.")
        return sentences
