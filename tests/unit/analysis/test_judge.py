from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from mtl_search.analysis.judge import judge, judge_tasks
from mtl_search.analysis.paired import estimate
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.verdict import Verdict
from mtl_search.storage.events import State
from tests.support.recorded_sweeps import TASKS, Builder, config, whole

METRICS = dict.fromkeys(TASKS, ("accuracy",))
TWO = {"a": ("accuracy",), "b": ("accuracy",)}

# Student's t, 97.5 %: 1, 2 and 4 degrees of freedom (any printed table).
T1, T2, T4 = 12.7062, 4.30265, 2.77645


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def two_tasks(
    path: Path,
    single: Sequence[float],
    equal: Sequence[float],
    search: Sequence[float],
    states: Mapping[str, Mapping[int, State]] | None = None,
) -> Verdict:
    """Verdict over the tasks a and b, whose test accuracies are the same, one number a seed."""
    builder = Builder(path / "journal.jsonl", ("a", "b")).sweep()
    for arm, values in {
        "single/a": single,
        "single/b": single,
        "equal": equal,
        "search": search,
    }.items():
        mine = [arm[-1]] if "/" in arm else ["a", "b"]
        for number, value in enumerate(values):
            state = (states or {}).get(arm, {}).get(number, "COMPLETE")
            builder.finalist(arm, number, dict.fromkeys(mine, value), state=state)
    return judge_tasks(builder.sweep_record, TWO)


@pytest.mark.parametrize(
    ("values", "mean", "half"),
    [
        ([1.0, 3.0], 2.0, T1 * np.sqrt(2) / np.sqrt(2)),
        ([1.0, 2.0, 3.0], 2.0, T2 / np.sqrt(3)),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0, T4 * np.sqrt(2.5) / np.sqrt(5)),
        ([0.5, 0.5, 0.5], 0.5, 0.0),
    ],
)
def test_interval_is_students_t(values: list[float], mean: float, half: float) -> None:
    found = estimate(values)
    assert found.mean == pytest.approx(mean)
    assert found.low == pytest.approx(mean - half, rel=1e-4)
    assert found.high == pytest.approx(mean + half, rel=1e-4)


def test_one_value_has_no_interval() -> None:
    assert (estimate([2.0]).low, estimate([2.0]).high, estimate([2.0]).half_width) == (
        None,
        None,
        None,
    )


def test_delta_m_is_paired_by_seed(tmp_path: Path) -> None:
    # Gains of 10 %, 10 %, 10 % + noise, although the seeds themselves differ by far more.
    result = two_tasks(tmp_path, [0.5, 0.8, 0.6], [0.5, 0.8, 0.6], [0.55, 0.88, 0.672])
    assert result.search is not None
    assert result.search.delta_m.values == pytest.approx((0.1, 0.1, 0.12))
    half = T2 * np.std([0.1, 0.1, 0.12], ddof=1) / np.sqrt(3)
    assert result.search.delta_m.low == pytest.approx(0.32 / 3 - half, rel=1e-4)
    assert result.outcome == "sharing helps"
    assert result.final_reference == pytest.approx(
        {"test/a/accuracy": 1.9 / 3, "test/b/accuracy": 1.9 / 3}
    )
    assert result.weights is not None
    assert result.weights.delta_m.values == pytest.approx((0.1, 0.1, 0.12))
    assert result.weights_outcome == "weights help"


def test_lower_is_better_and_both_means(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("a", "b")).sweep()
    tasks = {"a": ("rmse",), "b": ("accuracy", "f1", "auroc")}

    def finalist(arm: str, number: int, test: dict[str, float]) -> None:
        trial = builder.begin(f"final/{arm}", number, origin=f"{arm}-0")
        builder.epoch(trial, 1, 0.5, {})
        builder.event("end", id=trial, state="COMPLETE", reason="", test=test)

    for number in range(2):
        finalist("single/a", number, {"test/a/rmse": 2.0})
        finalist(
            "single/b", number, dict.fromkeys(("test/b/accuracy", "test/b/f1", "test/b/auroc"), 0.5)
        )
        better = {
            "test/a/rmse": 1.0,
            "test/b/accuracy": 0.55,
            "test/b/f1": 0.5,
            "test/b/auroc": 0.45,
        }
        finalist("search", number, better)
    found = judge_tasks(builder.sweep_record, tasks).search
    assert found is not None
    assert found.gains["a"].mean == pytest.approx(0.5)  # half the error
    assert found.gains["b"].mean == pytest.approx(0.0)
    assert found.delta_m.mean == pytest.approx((0.5 + 0.0) / 2)
    assert found.delta_m_per_metric.mean == pytest.approx((0.5 + 0.1 + 0.0 - 0.1) / 4)


@pytest.mark.parametrize(
    ("search", "outcome", "words"),
    [
        (
            [0.818, 0.820, 0.822],
            "sharing helps",
            "Sharing helps: Δm = +2.5 % (95 % interval +1.9 … +3.1 %, 3 seeds, test",
        ),
        (
            [0.70, 0.80, 0.93],
            "no significant gain",
            "No significant gain: Δm = +1.2 % (95 % interval",
        ),
        ([0.778, 0.780, 0.782], "sharing hurts", "Sharing hurts: Δm = -2.5 %"),
    ],
)
def test_outcome_and_sentence(
    tmp_path: Path, search: list[float], outcome: str, words: str
) -> None:
    result = two_tasks(tmp_path, [0.8, 0.8, 0.8], [0.8, 0.8, 0.8], search)
    assert result.outcome == outcome
    assert result.sentence().startswith(words)
    assert (
        "1,500 parameters (search arm) stands against 2,000 in 2 separate ones" in result.sentence()
    )


def test_same_gain_of_all_seeds_is_no_proof(tmp_path: Path) -> None:
    result = two_tasks(tmp_path, [0.8] * 3, [0.8] * 3, [0.84] * 3)
    assert result.outcome == "no significant gain"
    assert "All seeds gave the same Δm of search" in result.sentence()


def test_failed_seeds_are_left_out_in_pairs_and_said(tmp_path: Path) -> None:
    result = two_tasks(
        tmp_path,
        [0.8, 0.7, 0.8, 0.9],
        [0.8] * 4,
        [0.84, 0.99, 0.85, 0.95],
        {"single/a": {1: "FAIL"}, "search": {0: "FAIL"}},
    )
    assert result.search is not None
    assert result.search.seeds == (2, 3)
    assert result.search.delta_m.values == pytest.approx((0.0625, 0.05 / 0.9))
    assert "3 of 4 finalists of arm single/a count (1 failed)." in result.sentence()
    assert "3 of 4 finalists of arm search count (1 failed)." in result.sentence()


def test_one_seed_is_not_tested(tmp_path: Path) -> None:
    result = two_tasks(tmp_path, [0.8] * 2, [0.8] * 2, [0.9, 0.9], {"search": {1: "FAIL"}})
    assert result.outcome == "not tested"
    assert (
        "Not tested: one seed is not enough (Δm = +12.5 %, 1 seed, test split)" in result.sentence()
    )


def test_running_and_undefined_finalists_are_said(builder: Builder) -> None:
    builder.begin("final/search", 0)
    trial = builder.begin("final/search", 1)
    builder.epoch(trial, 1, 0.9, dict.fromkeys(TASKS, 0.9))
    builder.end(trial, test={"left": 0.9})  # without right and same
    sentence = judge_tasks(builder.sweep_record, METRICS).sentence()
    assert (
        "0 of 2 finalists of arm search count (1 not finished, 1 without test metrics)" in sentence
    )
    assert sentence.startswith("Not tested")


def test_without_single_arm_search_is_measured_by_equal(builder: Builder) -> None:
    for number, (equal, search) in enumerate([(0.8, 0.84), (0.5, 0.53), (0.9, 0.94)]):
        builder.finalist("equal", number, dict.fromkeys(TASKS, equal))
        builder.finalist("search", number, dict.fromkeys(TASKS, search))
    result = judge_tasks(builder.sweep_record, METRICS)
    assert (result.outcome, result.search, result.equal) == ("not tested", None, None)
    assert result.weights is not None
    assert result.weights.delta_m.values == pytest.approx((0.05, 0.06, 0.04 / 0.9))
    assert result.weights_outcome == "weights help"
    assert "no single-task networks" in result.sentence()


def test_without_search_arm_equal_is_judged(tmp_path: Path) -> None:
    result = two_tasks(tmp_path, [0.8, 0.81, 0.82], [0.9, 0.91, 0.93], [])
    assert result.outcome == "sharing helps"
    assert result.sharing is result.equal
    assert "(equal arm)" in result.sentence()


def test_winner_is_chosen_by_validation_and_never_by_test(builder: Builder) -> None:
    for number in range(6):  # two configurations, three seeds each
        first = number < 3
        builder.finalist(
            "search",
            number,
            dict.fromkeys(TASKS, 0.99 if first else 0.7),
            val=0.6 if first else 0.8,
            origin="search-0007" if first else "search-0002",
        )
    winner = judge_tasks(builder.sweep_record, METRICS).winners["search"]
    assert winner.origin == "search-0002"
    assert winner.test["test/left/accuracy"].mean == pytest.approx(0.7)
    assert winner.trials == {0: "final-search-0003", 1: "final-search-0004", 2: "final-search-0005"}


def test_one_lucky_seed_does_not_win(builder: Builder) -> None:
    for number in range(6):
        first = number < 3
        builder.finalist(
            "search", number, dict.fromkeys(TASKS, 0.9), val=0.99 if first else 0.8,
            origin="a" if first else "b", state="FAIL" if number in (1, 2) else "COMPLETE",
        )  # fmt: skip
    assert judge_tasks(builder.sweep_record, METRICS).winners["search"].origin == "b"


def test_auxiliary_tasks_are_not_in_delta_m(tmp_path: Path) -> None:
    settings = config(**{"tasks.same.role": "auxiliary"})
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    for number, search in enumerate((0.80, 0.82)):
        builder.finalist("single/left", number, {"left": 0.8})
        builder.finalist("single/right", number, {"right": 0.8})
        builder.finalist("search", number, {"left": search, "right": search, "same": 0.1})
    found = judge(builder.sweep_record, settings)
    assert found.search is not None
    assert set(found.search.gains) == {"left", "right"}
    assert found.search.delta_m.values == pytest.approx((0.0, 0.025))


def test_depth_zero_is_said(builder: Builder) -> None:
    for number in range(2):
        for task in TASKS:
            builder.finalist(f"single/{task}", number, {task: 0.8})
        builder.finalist(
            "search",
            number,
            dict.fromkeys(TASKS, 0.8 + 0.01 * number),
            depth={"left": 0, "right": 0},
        )
    found = judge_tasks(builder.sweep_record, METRICS)
    assert "shares nothing (sharing depth 0)" in found.sentence()


@pytest.mark.parametrize("gain", [0.1, -0.1])
def test_without_shared_layers_nothing_is_gained_by_sharing(builder: Builder, gain: float) -> None:
    for number in range(3):
        for task in TASKS:
            builder.finalist(f"single/{task}", number, {task: 0.7 + 0.001 * number})
        builder.finalist("search", number, dict.fromkeys(TASKS, 0.7 + gain), depth=0)
    found = judge_tasks(builder.sweep_record, METRICS)
    assert found.search is not None
    assert found.search.sign == (1 if gain > 0 else -1)
    assert found.outcome == "no significant gain"
    assert found.sentence().startswith("No gain by sharing: Δm = ")


def test_no_finalists(builder: Builder) -> None:
    builder.trial("search", 0, 0.9)
    result = judge_tasks(builder.sweep_record, METRICS)
    assert result.outcome == result.weights_outcome == "not tested"
    assert (
        result.sentence()
        == "Not tested. No finalist has been trained on fresh seeds, so nothing is claimed."
    )


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
    assert len(tree["search"]["delta_m"]["values"]) == 3


def test_interval_covers_the_truth_at_its_rate() -> None:
    generator = np.random.default_rng(0)
    rounds, truth = 4000, 0.018
    hits = sum(
        found.low <= truth <= found.high
        for found in (estimate(list(generator.normal(truth, 0.01, 3))) for _ in range(rounds))
        if found.low is not None and found.high is not None
    )
    # Standard error 0.35 %: four of them either way.
    assert abs(hits / rounds - 0.95) < 0.014


def test_without_any_effect_few_sweeps_claim_one(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    claims = 0
    for number in range(60):
        single, equal, search = generator.normal(0.8, 0.01, (3, 3))
        folder = tmp_path / str(number)
        claims += (
            two_tasks(folder, list(single), list(equal), list(search)).outcome
            != "no significant gain"
        )
    assert claims <= 9  # 60 × 5 % = 3 expected; more than 9 has a probability below 0.1 %


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ([0.50, 0.52, 0.49], "Auxiliary task help helps: difference in Δm = +19.3 %"),
        ([0.60, 0.61, 0.61], "makes no significant difference"),
        ([0.70, 0.72, 0.69], "Auxiliary task help hurts"),
    ],
)
def test_what_an_auxiliary_task_was_worth(tmp_path: Path, without: list[float], words: str) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("a",)).sweep()
    for arm, values in {
        "single/a": [0.5] * 3,
        "search": [0.60, 0.61, 0.59],
        "without/help": without,
    }.items():
        for number, value in enumerate(values):
            builder.finalist(arm, number, {"a": value}, origin="search-0003")
    result = judge_tasks(builder.sweep_record, {"a": ("accuracy",)})
    found = result.auxiliary["help"].delta_m
    assert found.values == pytest.approx(
        [(x - y) / 0.5 for x, y in zip([0.60, 0.61, 0.59], without, strict=True)]
    )
    assert words in result.sentence()


def test_without_single_tasks_an_auxiliary_task_is_measured_against_the_network_without_it(
    tmp_path: Path,
) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("a",)).sweep()
    for arm, values in {"equal": [0.6, 0.6], "without/help": [0.5, 0.48]}.items():
        for number, value in enumerate(values):
            builder.finalist(arm, number, {"a": value}, origin="equal-0001")
    result = judge_tasks(builder.sweep_record, {"a": ("accuracy",)})
    assert result.auxiliary["help"].delta_m.values == pytest.approx([0.2, 0.25])


def test_equal_weights_have_a_word_where_they_come_out_otherwise(tmp_path: Path) -> None:
    single, spread = [0.8, 0.8, 0.8], [0.8, 0.9, 0.7]
    for name, equal, words in (
        ("better", [0.88, 0.881, 0.879], "With equal weights sharing helps: Δm = +10.0 %"),
        ("worse", [0.72, 0.721, 0.719], "With equal weights sharing hurts: Δm = -10.0 %"),
    ):
        assert words in two_tasks(tmp_path / name, single, equal, spread).sentence()
        assert (
            "With equal weights"
            not in two_tasks(tmp_path / f"{name} both", single, equal, equal).sentence()
        )
    assert (
        "With equal weights" not in two_tasks(tmp_path / "same", single, spread, spread).sentence()
    )


def test_seeds_are_paired_by_their_index_and_not_by_the_number_in_the_arm(builder: Builder) -> None:
    """A sweep was interrupted after two of three finalists, and extended to another winner."""
    for task in TASKS:
        for number in range(3):
            builder.finalist(f"single/{task}", number, {task: 0.5 + 0.1 * number})
    for number in range(2):
        builder.finalist("search", number, dict.fromkeys(TASKS, 0.4), val=0.5, origin="search-0000")
    for number in range(3):
        # 10 % better than the single tasks of the same seed.
        better = dict.fromkeys(TASKS, 1.1 * (0.5 + 0.1 * number))
        builder.finalist("search", 2 + number, better, val=0.9, origin="search-0001")
    found = judge_tasks(builder.sweep_record, METRICS)
    assert found.winners["search"].trials == {
        index: f"final-search-{2 + index:04d}" for index in range(3)
    }
    assert found.search is not None
    assert list(found.search.delta_m.values) == pytest.approx([0.1] * 3)
