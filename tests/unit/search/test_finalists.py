"""Finalists: the best configurations of each arm, on fresh seeds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from mtl_search.search.arms import Arm
from mtl_search.search.finalists import Finalist, choose_finalists
from mtl_search.search.objectives import ArmObjectives
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from tests.support import small_sweeps as small
from tests.support.fake_tune import Session, counts
from tests.support.recorded_sweeps import Builder

BUDGET = {"single/kind": 2, "single/size": 2, "equal": 4, "search": 4}
FINAL = [f"final/{arm}" for arm in (*BUDGET, "without/flag")]


def test_finalists_repeat_the_best_on_fresh_seeds_and_read_the_test_split(session: Session) -> None:
    fake = session()
    specs = {spec.id: spec for spec in fake.run()}
    for arm in BUDGET:
        finalists = fake.record.arm(f"final/{arm}")
        (origin,) = {trial.origin for trial in finalists}
        best = max(fake.record.arm(arm), key=lambda trial: trial.objective or 0.0)
        assert origin == best.id
        for trial in finalists:
            assert specs[trial.id].test
            assert trial.test
            assert specs[trial.id].config == specs[origin].config
            assert trial.config_hash == best.config_hash
        assert len({trial.seed for trial in [*finalists, best]}) == 3
    seeds = {tuple(trial.seed for trial in fake.record.arm(arm)) for arm in FINAL}
    assert len(seeds) == 1  # paired across arms


def test_only_trials_that_trained_to_their_end_become_finalists(session: Session) -> None:
    fake = session(slots=1)
    values = {
        "search-0000": ("PRUNED", 0.99),
        "search-0001": ("COMPLETE", 0.6),
        "search-0002": ("FAIL", 0.98),
    }
    while not fake.record.arm("final/search"):
        trial = str(fake.suggest())
        state, value = values.get(fake.live[trial].id, ("COMPLETE", 0.55))
        fake.end(trial, state, kind_accuracy=value, size_r2=value, size_mae=1 - value)
    assert fake.record.arm("final/search")[0].origin == "search-0001"


def test_the_best_epoch_of_the_validation_split_decides(session: Session) -> None:
    fake = session(slots=1)
    while not fake.record.arm("final/equal"):
        trial = str(fake.suggest())
        if fake.live[trial].id == "equal-0002":  # best in its first epoch, bad in its last
            fake.epoch(trial, 1, kind_accuracy=0.99, size_r2=0.99, size_mae=0.01)
            fake.epoch(trial, 2, kind_accuracy=0.1, size_r2=0.1, size_mae=0.9)
            fake._complete(
                trial,
                fake.epoch(trial, 3, "COMPLETE", kind_accuracy=0.1, size_r2=0.1, size_mae=0.9),
            )
        else:
            fake.end(trial, kind_accuracy=0.8, size_r2=0.8, size_mae=0.2)
    assert fake.record.arm("final/equal")[0].origin == "equal-0002"


def test_several_finalists_are_different_configurations(session: Session) -> None:
    fake = session(small.config({"search.finalists.top": 3}))
    fake.run()
    origins = Counter(trial.origin for trial in fake.record.arm("final/search"))
    assert sorted(origins.values()) == [2, 2, 2]
    hashes = {fake.record.trials[origin].config_hash for origin in origins}
    assert len(hashes) == 3
    assert counts(fake)["final/single/kind"] == 2  # a single-task arm is a reference: one is enough


def test_without_finalists_the_sweep_ends_after_the_search(session: Session) -> None:
    fake = session(small.config({"search.finalists.top": 0}))
    fake.run()
    assert counts(fake) == BUDGET
    assert fake.searcher.finished


def test_a_finalist_that_has_begun_is_not_chosen_again(tmp_path: Path) -> None:
    made = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep()
    for number, value in enumerate((0.5, 0.9, 0.7)):
        made.trial("search", number, value, epochs=1)
    objectives = ArmObjectives(
        made.sweep_record,
        {"left": ("accuracy",), "right": ("accuracy",)},
        has_singles=False,
        scales={"left/accuracy": (0.0, 1.0), "right/accuracy": (0.0, 1.0)},
    )
    arms = [
        Arm(SEARCH, ("left", "right"), {}, 3, origin=SEARCH),
        Arm(ArmName.ablation("right"), ("left",), {}, 0, origin=SEARCH),
        Arm(EQUAL, ("left", "right"), {}, 3, origin=EQUAL),
    ]
    settings = small.config(
        {"search.finalists.top": 2, "search.finalists.seeds": 2}
    ).search.finalists
    best = "search-0001"
    chosen = choose_finalists(arms, made.sweep_record, objectives, settings)
    # All trials of the builder have one configuration, so there is one finalist and no second.
    assert chosen == [
        *[Finalist(SEARCH.final, best)] * 2,
        *[Finalist(ArmName("final/without/right"), best)] * 2,
    ]
    made.begin("final/search", 0, origin=best)
    assert choose_finalists(arms, made.sweep_record, objectives, settings) == chosen[1:]
    none = settings.model_copy(update={"top": 0})
    assert choose_finalists(arms, made.sweep_record, objectives, none) == []
