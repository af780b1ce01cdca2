"""The verdict of a sweep, from made-up finalists with known test scores.

N test items
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.analysis.judge import could_more_seeds_decide, judge
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config
from mtl_search.storage import item_values
from tests.support.recorded_sweeps import TASKS, Builder, config, whole

METRICS = dict.fromkeys(TASKS, ("accuracy",))
TWO = ("a", "b")
ITEMS = 400


class Sweep:
    """A sweep over the tasks a and b, whose finalists have scores of 400 test items.

    Args:
        folder: The sweep's folder.
        overrides: Of the config.
        seed: Of the scores.
    """

    def __init__(
        self, folder: Path, overrides: Mapping[str, Any] | None = None, seed: int = 0
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        looks = {"search.finalists.seeds": 5, "search.finalists.max_seeds": 5}
        self.config: Config = config("demo", TWO, **{**looks, **(overrides or {})})
        self.builder = Builder(folder / "journal.jsonl", TWO).sweep()
        self.builder.event("scales", values={f"{t}/accuracy": [0.5, 1.0] for t in TWO}, excluded={})
        self.random = np.random.default_rng(seed)
        for arm in ("equal", "search"):
            self.builder.trial(arm, 0, 0.8)

    def add(
        self,
        arm: str,
        levels: Sequence[float],
        *,
        val: float = 0.9,
        items: bool = True,
        **info: Any,
    ) -> None:
        """Add finalists of an arm, one a level of accuracy."""
        mine = [arm[-1]] if arm.startswith("single/") else list(TWO)
        origin = info.pop("origin", "search-0000" if "/" in arm and "single" not in arm else "")
        begun = len(self.builder.sweep_record.arm(f"final/{arm}"))
        for number, level in enumerate(levels):
            scores = {f"{t}/accuracy": self._scores(level) for t in mine}
            test = {key.split("/")[0]: float(score_N.mean()) for key, score_N in scores.items()}
            trial = self.builder.finalist(arm, begun + number, test, val=val, origin=origin, **info)
            if items:
                item_values.write(self.folder, trial, item_values.encode(scores))

    def _scores(self, level: float) -> np.ndarray:
        right = np.zeros(ITEMS, np.float32)
        right[self.random.permutation(ITEMS)[: round(level * ITEMS)]] = 1.0
        return right

    def singles(self, levels: Sequence[float], **options: Any) -> None:
        for task in TWO:
            self.add(f"single/{task}", levels, **options)

    def equal_to_twin(self, level: float, *, items: bool = True) -> Sweep:
        """Add the twin that shares nothing, at this level."""
        self.add("twin/separate", around(level), items=items)
        return self

    def verdict(self) -> Verdict:
        return judge(self.builder.sweep_record, self.config, self.folder)


def around(level: float, seeds: int = 5) -> list[float]:
    return list(level + 0.005 * np.linspace(-1, 1, seeds))


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


@pytest.mark.parametrize(
    ("shared", "twin", "outcome", "words"),
    [
        (0.80, 0.70, "sharing helps", "Sharing helps: skill +20.0 points (95 % interval"),
        (0.60, 0.70, "sharing hurts", "Sharing hurts: skill -20.0 points"),
        (0.80, 0.90, "don't know", "Whether sharing helps is not known: skill +20.0 points"),
        (0.71, 0.70, "don't know", "Whether sharing helps is not known: skill +2.0 points"),
    ],
)
def test_sharing_has_to_win_against_tuned_networks_and_against_its_twin(
    tmp_path: Path, shared: float, twin: float, outcome: str, words: str
) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(shared))
    sweep.add("twin/separate", around(twin))
    found = sweep.verdict()
    assert found.outcome == outcome
    assert found.sentence().startswith(words)
    assert "5 seeds × 400 test items" in found.sentence()
    assert "Against the same network with nothing shared: skill" in found.sentence()
    assert "1,500 parameters (search arm) stands against 2,000 in 2" in found.sentence()


def test_a_gain_that_the_twin_has_as_well_is_no_gain_of_sharing(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, {"search.finalists.margin": 0.2})
    sweep.singles(around(0.5))
    sweep.add("search", around(0.9))
    sweep.add("twin/separate", around(0.9))
    found = sweep.verdict()
    assert found.outcome == "practically equal"
    assert "So its gain is the doing of its other settings, not of sharing." in found.sentence()
    assert "Against nothing shared the 90 % interval, " in found.sentence()
    assert "lies within ±20 points" in found.sentence()


def test_what_is_equal_to_tuned_networks_is_said_with_the_interval_that_shows_it(
    tmp_path: Path,
) -> None:
    sweep = Sweep(tmp_path, {"search.finalists.margin": 0.2})
    sweep.singles(around(0.7))
    sweep.add("search", around(0.7))
    sweep.add("twin/separate", around(0.5))
    found = sweep.verdict()
    assert found.outcome == "practically equal"
    assert "Against tuned separate networks the 90 % interval, " in found.sentence()
    assert "So " not in found.sentence()


@pytest.mark.parametrize(
    ("single", "twin", "words"),
    [
        (0.7, 0.9, "So its settings are good, and without sharing they are better still."),
        (0.9, 0.7, "So separate networks are better with settings of their own, and worse"),
    ],
)
def test_comparisons_that_contradict_each_other_are_explained(
    tmp_path: Path, single: float, twin: float, words: str
) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(single))
    sweep.add("search", around(0.8))
    sweep.add("twin/separate", around(twin))
    found = sweep.verdict()
    assert (found.outcome, found.needed) == ("don't know", None)
    assert words in found.sentence()


def test_the_margin_decides_what_is_practically_equal(tmp_path: Path) -> None:
    for margin, outcome in ((0.005, "don't know"), (0.2, "practically equal")):
        sweep = Sweep(tmp_path / str(margin), {"search.finalists.margin": margin})
        sweep.singles(around(0.7))
        sweep.add("search", around(0.7))
        assert sweep.equal_to_twin(0.7).verdict().outcome == outcome


def test_an_open_verdict_says_what_would_decide_it(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.70))
    sweep.add("search", around(0.71))
    found = sweep.equal_to_twin(0.70).verdict()
    assert found.needed is not None
    assert found.needed.items is not None
    assert found.needed.items > ITEMS
    assert "test items would decide it, if the means stay as they are" in found.sentence()


def test_the_gain_is_the_weighted_mean_over_tasks(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, {"tasks.a.importance": 3.0})
    for task, level in (("a", 0.6), ("b", 0.8)):
        sweep.add(f"single/{task}", around(level))
    sweep.add("search", around(0.7))
    found = sweep.verdict().sharing
    assert found is not None
    assert found.tasks["a"].gain.mean == pytest.approx(0.2, abs=0.01)
    assert found.tasks["b"].gain.mean == pytest.approx(-0.2, abs=0.01)
    assert found.gain.mean == pytest.approx(0.75 * 0.2 - 0.25 * 0.2, abs=0.01)
    assert found.delta_m == pytest.approx((0.1 / 0.6 - 0.1 / 0.8) / 2, abs=0.01)


def test_without_scores_of_items_the_interval_is_over_seeds_and_says_so(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7), items=False)
    sweep.add("search", around(0.8), items=False)
    found = sweep.equal_to_twin(0.7, items=False).verdict()
    assert found.sharing is not None
    assert found.sharing.gain.items == 0
    assert found.outcome == "sharing helps"
    assert "over seeds alone" in found.sentence()


def test_items_widen_the_interval(tmp_path: Path) -> None:
    widths = {}
    for items in (True, False):
        sweep = Sweep(tmp_path / str(items))
        sweep.singles(around(0.7), items=items)
        sweep.add("search", around(0.8), items=items)
        compared = sweep.verdict().sharing
        assert compared is not None
        assert compared.interval is not None
        widths[items] = compared.interval[1] - compared.interval[0]
    assert widths[True] > 1.5 * widths[False]


def test_the_better_shared_arm_is_judged(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("equal", around(0.8), val=0.95, origin="equal-0000")
    sweep.add("search", around(0.6), val=0.90, origin="search-0000")
    sweep.add("twin/separate", around(0.7), origin="equal-0000")
    found = sweep.verdict()
    assert found.recommended is not None
    assert found.recommended.arm == "equal"
    assert found.sharing is not None
    assert (found.sharing.arm, found.outcome) == ("equal", "sharing helps")
    assert found.search is not None
    assert found.search.sign == -1


@pytest.mark.parametrize(("val", "arm"), [(0.5, "single"), (0.95, "twin/separate")])
def test_the_better_separate_networks_are_recommended_by_validation(
    tmp_path: Path, val: float, arm: str
) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7), val=0.9)
    sweep.add("search", around(0.8))
    assert sweep.verdict().separate is None
    sweep.add("twin/separate", around(0.7), val=val)
    assert sweep.verdict().separate == arm


def test_weights_are_compared_with_the_twin_of_equal_weights(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8), origin="search-0000")
    sweep.add("twin/weights", around(0.7))
    found = sweep.verdict()
    assert found.weights is not None
    assert (found.weights.against, found.weights_outcome) == ("twin/weights", "weights help")
    assert "The loss weights help: skill +20.0 points" in found.sentence()


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_where_nothing_is_shared_nothing_is_said_of_sharing_and_weights(
    tmp_path: Path, level: float
) -> None:
    sweep = Sweep(tmp_path)
    sweep.builder.trial("search", 1, 0.9, depth=0)
    sweep.singles(around(0.7))
    sweep.add("search", around(level), origin="search-0001", depth=0)
    found = sweep.verdict()
    assert found.sharing is not None
    assert found.sharing.sign == (1 if level > 0.7 else -1)
    assert (found.outcome, found.weights, found.needed) == ("don't know", None, None)
    assert found.sentence().startswith("The best network that was found shares nothing")


def test_same_results_of_all_seeds_are_no_proof(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles([0.8] * 5, items=False)
    sweep.add("search", [0.9] * 5, items=False)
    found = sweep.equal_to_twin(0.8).verdict()
    assert found.outcome == "don't know"
    assert "All seeds gave the same result against single" in found.sentence()


def test_one_seed_is_not_tested(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles([0.8] * 2)
    sweep.add("search", [0.9])
    found = sweep.verdict()
    assert found.outcome == "not tested"
    assert found.sentence().startswith("Not tested: one seed is not enough (skill +20.0 points")


def test_failed_seeds_are_said(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8, 3), origin="search-0000")
    sweep.builder.finalist("search", 3, {}, origin="search-0000", state="FAIL")
    found = sweep.verdict()
    assert found.sharing is not None
    assert found.sharing.gain.seeds == (3, 5)
    assert "3 of 4 finalists of arm search count (1 failed)." in found.sentence()


def test_an_auxiliary_task_is_worth_what_is_lost_without_it(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8), origin="search-0000")
    sweep.add("without/help", around(0.7))
    found = sweep.verdict()
    assert found.auxiliary["help"].gain.mean == pytest.approx(0.2, abs=0.01)
    assert "Auxiliary task help helps: skill +20.0 points" in found.sentence()


def test_claims_of_many_tasks_are_adjusted(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    for task, level in (("a", 0.70), ("b", 0.75)):
        sweep.add(f"single/{task}", around(level))
    sweep.add("search", around(0.76))
    found = sweep.verdict()
    assert found.sharing is not None
    for task in TWO:
        claim = found.claims[f"task {task}"]
        alone = found.sharing.tasks[task].p_value
        assert alone is not None
        assert claim.p_value >= alone
        assert claim.holds == (claim.p_value < 0.05)
    assert found.claims["task a"].holds
    assert not found.claims["task b"].holds
    assert "Task a gains 12.0 points" in found.sentence()


def test_claims_know_of_the_looks(tmp_path: Path) -> None:
    found = []
    for most in (5, 10):
        sweep = Sweep(tmp_path / str(most), {"search.finalists.max_seeds": most})
        sweep.add("single/a", around(0.70))
        sweep.add("single/b", around(0.70))
        sweep.add("search", around(0.73))
        verdict = sweep.verdict()
        found.append(verdict.claims["task a"])
    assert found[0].p_value == found[1].p_value
    assert 0.03 < found[0].p_value < 0.05
    assert [claim.holds for claim in found] == [True, False]


def test_excluded_metrics_are_said_by_name(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    values = {"a/accuracy": [0.5, 1.0]}
    sweep.builder.event("scales", values=values, excluded={"b/accuracy": "one class only"})
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8))
    found = sweep.verdict()
    assert found.sharing is not None
    assert list(found.sharing.tasks) == ["a"]
    assert "The accuracy of task b is left out: one class only." in found.sentence()


def test_a_finalist_without_an_excluded_metric_counts(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    values = {"a/accuracy": [0.5, 1.0]}
    sweep.builder.event("scales", values=values, excluded={"b/accuracy": "one class only"})
    for number in range(3):
        sweep.builder.finalist("single/a", number, {"a": 0.7 + 0.01 * number})
        sweep.builder.finalist("search", number, {"a": 0.8 + 0.01 * number})
    found = sweep.verdict()
    assert found.sharing is not None
    assert found.sharing.gain.mean == pytest.approx(0.2)


def test_delta_m_warns_of_a_reference_near_its_trivial_value(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.51))
    sweep.add("search", around(0.8))
    sentence = sweep.verdict().sentence()
    assert "Do not rely on Δm, +56.9 %, which divides by references that are hardly" in sentence
    assert "constant prediction, or worse: a accuracy 0.51 (constant: 0.5), b accur" in sentence


def test_delta_m_can_be_chosen(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, {"search.objective": "delta_m"})
    sweep.singles(around(0.8))
    sweep.add("search", around(0.88))
    found = sweep.equal_to_twin(0.8).verdict()
    assert (found.measure, found.outcome) == ("delta_m", "sharing helps")
    assert found.sentence().startswith("Sharing helps: Δm +10.0 % (95 % interval")


def test_several_looks_have_wider_intervals(tmp_path: Path) -> None:
    levels = []
    for most in (5, 10):
        sweep = Sweep(tmp_path / str(most), {"search.finalists.max_seeds": most})
        sweep.singles(around(0.7))
        sweep.add("search", around(0.8))
        compared = sweep.verdict().sharing
        assert compared is not None
        levels.append(compared.level)
    assert levels == [0.95, pytest.approx(0.9706, abs=0.0005)]


@pytest.mark.parametrize(("shared", "more"), [(0.80, False), (0.713, True), (0.70, False)])
def test_more_seeds_are_asked_for_where_they_could_decide(
    tmp_path: Path, shared: float, *, more: bool
) -> None:
    sweep = Sweep(tmp_path, {"search.finalists.max_seeds": 10})
    wide = list(0.7 + 0.03 * np.linspace(-1, 1, 5))
    sweep.singles(around(0.70) if shared != 0.713 else wide)
    sweep.add("search", [level + shared - 0.7 for level in wide] if more else around(shared))
    sweep.equal_to_twin(0.7)
    assert could_more_seeds_decide(sweep.verdict(), 10) == more


def test_comparisons_that_contradict_each_other_ask_for_no_seeds(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, {"search.finalists.max_seeds": 10})
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8))
    sweep.add("twin/separate", around(0.9))
    found = sweep.verdict()
    assert (found.outcome, found.needed) == ("don't know", None)
    assert not could_more_seeds_decide(found, 10)


def test_what_would_decide_is_enough_for_both_comparisons(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.695))
    sweep.add("search", around(0.71))
    found = sweep.equal_to_twin(0.70).verdict()
    assert found.sharing is not None
    assert found.twin is not None
    numbers = [c.needed(0.005).items for c in (found.sharing, found.twin)]
    assert found.needed is not None
    assert found.needed.items == max(number or 0 for number in numbers)


def test_nothing_is_said_of_sharing_without_its_twin(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8))
    found = sweep.verdict()
    assert found.outcome == "not tested"
    assert found.sentence().startswith("Not tested yet: skill +20.0 points")
    assert "Its twin that shares nothing has not been trained on two seeds yet." in found.sentence()
    for number in range(5):
        trial = sweep.builder.begin("final/twin/separate", number, "search-0000")
        sweep.builder.end(trial, "FAIL", "out of memory\nat line 3")
    words = "Its twin that shares nothing has failed: out of memory."
    assert words in sweep.verdict().sentence()


def test_nothing_is_said_before_all_planned_seeds_have_begun(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8, 2))
    found = sweep.equal_to_twin(0.7).verdict()
    assert found.outcome == "not tested"
    assert "The best shared network has 2 of 5 seeds so far." in found.sentence()


def test_a_single_task_shares_with_nobody(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8), tasks=["a"])
    found = sweep.verdict()
    assert (found.outcome, found.claims) == ("don't know", {})


def test_a_task_gains_by_sharing_where_it_beats_the_twin_too(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8))
    found = sweep.equal_to_twin(0.8).verdict()
    assert found.sharing is not None
    assert found.sharing.tasks["a"].p_value is not None
    assert found.sharing.tasks["a"].p_value < 1e-6
    assert not any(claim.holds for claim in found.claims.values())
    assert "Task a" not in found.sentence()
    sweep = Sweep(tmp_path / "other")
    sweep.singles(around(0.7))
    sweep.add("search", around(0.8))
    assert "Task a gains 20.0 points" in sweep.equal_to_twin(0.7).verdict().sentence()


def test_without_single_tasks_equal_weights_are_the_reference(builder: Builder) -> None:
    for number, (equal, search) in enumerate([(0.8, 0.84), (0.81, 0.85), (0.79, 0.84)]):
        builder.finalist("equal", number, dict.fromkeys(TASKS, equal))
        builder.finalist("search", number, dict.fromkeys(TASKS, search))
    result = judge(builder.sweep_record, config())
    assert (result.outcome, result.search, result.equal) == ("not tested", None, None)
    assert result.weights is not None
    assert result.weights.gain.mean == pytest.approx(0.13 / 3 / 0.8)
    assert result.weights_outcome == "weights help"
    assert "no single-task networks" in result.sentence()


def test_auxiliary_tasks_are_not_in_the_gain(tmp_path: Path) -> None:
    settings = config(**{"tasks.same.role": "auxiliary"})
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    for number, search in enumerate((0.80, 0.82)):
        builder.finalist("single/left", number, {"left": 0.8})
        builder.finalist("single/right", number, {"right": 0.8})
        builder.finalist("search", number, {"left": search, "right": search, "same": 0.1})
    found = judge(builder.sweep_record, settings)
    assert found.search is not None
    assert set(found.search.tasks) == {"left", "right"}
    assert found.search.gain.mean == pytest.approx(0.0125)


def test_no_finalists(builder: Builder) -> None:
    builder.trial("search", 0, 0.9)
    result = judge(builder.sweep_record, config())
    assert result.outcome == result.weights_outcome == "not tested"
    assert (
        result.sentence()
        == "Not tested. No finalist has been trained on fresh seeds, so nothing is claimed."
    )


def test_running_and_undefined_finalists_are_said(builder: Builder) -> None:
    builder.begin("final/search", 0)
    trial = builder.begin("final/search", 1)
    builder.epoch(trial, 1, 0.9, dict.fromkeys(TASKS, 0.9))
    builder.end(trial, test={"left": 0.9})  # without right and same
    assert judge(builder.sweep_record, config()).sentence().startswith("Not tested")


def test_reference_is_the_best_epoch_of_the_best_single_trial(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.8)
    builder.trial("single/left", 1, 0.9)
    builder.trial("single/left", 2, 0.95, state="FAIL")
    builder.epoch(builder.begin("single/left", 3), 1, 0.99, {"left": 0.99})  # still running
    assert validation_reference(builder.sweep_record, METRICS) == {
        "val/left/accuracy": pytest.approx(0.9)
    }


def test_verdict_is_plain_json(tmp_path: Path) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl"))
    tree = json.loads(json.dumps(judge(builder.sweep_record, config()).to_dict(), allow_nan=False))
    assert tree["outcome"] == "sharing helps"
    assert tree["search"]["gain"]["seeds"] == [3, 3]


def test_without_any_effect_few_sweeps_claim_one(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    claims = 0
    for number in range(60):
        sweep = Sweep(tmp_path / str(number), seed=number)
        for arm in ("single/a", "single/b", "search", "twin/separate"):
            sweep.add(arm, list(random.normal(0.8, 0.02, 5)))
        claims += sweep.verdict().outcome in ("sharing helps", "sharing hurts")
    assert claims <= 5  # each has a chance below 2.5 %; more than 5 has a probability below 2 %
