"""Finalists: races on fresh seeds, twins of the winner, and seeds by need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from mtl_search.analysis.finalists import recommended
from mtl_search.search.protocol import finalists as plan
from mtl_search.storage.trial_record import TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session, counts

ARMS = ("single/kind", "single/size", "equal", "search")
TWINS = ("twin/separate", "twin/weights")
FINAL = [f"final/{arm}" for arm in (*ARMS, "without/flag")]


def raced(fake: FakeTune, arm: str) -> Counter[str]:
    """Number of fresh seeds of each configuration of an arm."""
    return Counter(trial.origin for trial in fake.record.arm(f"final/{arm}"))


def test_finalists_repeat_the_best_on_fresh_seeds_and_read_the_test_split(session: Session) -> None:
    fake = session()
    specs = {spec.id: spec for spec in fake.run()}
    for arm in ARMS:
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


def test_without_finalists_the_sweep_ends_after_the_offers(session: Session) -> None:
    fake = session(small.config({"search.finalists.top": 0}))
    fake.run()
    assert set(counts(fake)) == set(ARMS)
    assert fake.searcher.finished


def test_the_best_three_race_on_two_seeds_and_the_winner_goes_on(session: Session) -> None:
    config = small.config({"search.finalists": {"top": 3, "seeds": 5, "max_seeds": 5}})
    fake = session(config)
    fake.run()
    for arm in ARMS:
        assert sorted(raced(fake, arm).values()) == [2, 2, 5], arm
        trials = fake.record.arm(f"final/{arm}")
        hashes = {fake.record.trials[trial.origin].config_hash for trial in trials}
        assert len(hashes) == 3
        means = {
            origin: sum(t.best_objective for t in trials if t.origin == origin and t.number < 6)
            for origin in raced(fake, arm)
        }
        assert max(raced(fake, arm), key=raced(fake, arm).__getitem__) == max(
            means, key=means.__getitem__
        )


def test_twins_differ_from_the_best_shared_network_in_one_factor(session: Session) -> None:
    fake = session()
    specs = {spec.id: spec for spec in fake.run()}
    best = recommended(fake.record)
    assert best is not None
    winners = [t for t in fake.record.arm(best.arm.final) if t.origin == best.origin]
    for twin in fake.record.arm("final/twin/separate"):
        origin, ours = specs[winners[0].id].config, specs[twin.id].config
        assert twin.origin == best.origin
        assert (ours.model.sharing.name, ours.model.sharing.arguments) == ("hard", {"depth": 0})
        assert ours.model_copy(update={"model": origin.model}) == origin
    for twin in fake.record.arm("final/twin/weights"):
        ours = specs[twin.id].config
        assert {task.loss_weight for task in ours.tasks.values()} == {1.0}
        assert ours.training == specs[winners[0].id].config.training
        assert ours.model == specs[winners[0].id].config.model
    for trial in fake.record.arm("final/without/flag"):
        assert trial.origin == best.origin


def test_main_tasks_are_left_out_on_request(session: Session) -> None:
    fake = session(small.config({"search.finalists.leave_one_out": True}), slots=1)
    specs = {spec.id: spec for spec in fake.run()}
    best = recommended(fake.record)
    assert best is not None
    whole = [t for t in fake.record.arm(best.arm.final) if t.origin == best.origin]
    for removed in ("kind", "size"):
        finalists = fake.record.arm(f"final/without/{removed}")
        assert [t.seed for t in finalists] == [t.seed for t in whole][: len(finalists)]
        assert len(finalists) == 2
        for trial in finalists:
            spec = specs[trial.id]
            assert trial.origin == best.origin
            assert set(spec.config.tasks) == {"kind", "size", "flag"} - {removed}
            assert set(spec.objective.tasks) == {"kind", "size"} - {removed}
            assert spec.config.training == specs[whole[0].id].config.training
            assert trial.objective is not None


def test_more_seeds_are_not_trained_without_a_main_task(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "could_more_seeds_decide", lambda *args: True)
    wanted = {"search.finalists.max_seeds": 4, "search.finalists.leave_one_out": True}
    fake = session(small.config(wanted))
    fake.run()
    assert set(raced(fake, "without/flag").values()) == {4}
    assert set(raced(fake, "without/kind").values()) == {2}


def run_with(fake: FakeTune, value: Callable[[str, int], float]) -> None:
    """Run a sweep whose metrics depend on the arm and the sharing depth alone."""
    while True:
        trial = fake.suggest()
        if trial == "FINISHED":
            return
        spec = fake.live[str(trial)]
        record = fake.record.trials[spec.id]
        depth = spec.config.model.sharing.arguments.get("depth", 2)
        level = value(record.arm.base, depth) + 0.001 * (record.seed % 7)
        fake.end(str(trial), kind_accuracy=level, size_r2=level, size_mae=1 - level)


def test_a_network_that_shares_nothing_has_no_twins(session: Session) -> None:
    fake = session(small.config({"search.trials": 12}), slots=1)
    run_with(fake, lambda arm, depth: 0.8 if depth == 0 else 0.5)
    best = recommended(fake.record)
    assert best is not None
    assert best.shares_nothing
    assert not [trial for trial in fake.record if trial.arm.is_twin]


def test_equal_weights_have_no_twin_of_equal_weights(session: Session) -> None:
    fake = session(small.config({"search.trials": 6}), slots=1)
    run_with(fake, lambda arm, depth: 0.5 + 0.1 * depth + 0.2 * (arm == "equal"))
    best = recommended(fake.record)
    assert best is not None
    assert best.arm == "equal"
    assert not fake.record.arm("final/twin/weights")
    assert len(fake.record.arm("final/twin/separate")) == 2


@pytest.mark.parametrize(("is_open", "seeds"), [(True, 4), (False, 2)])
def test_more_seeds_are_trained_where_the_verdict_is_open(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, is_open: bool, seeds: int
) -> None:
    monkeypatch.setattr(plan, "could_more_seeds_decide", lambda *args: is_open)
    fake = session(small.config({"search.finalists.max_seeds": 4}))
    fake.run()
    best = recommended(fake.record)
    assert best is not None
    assert fake.record.looks == [2]
    other = "equal" if best.arm == "search" else "search"
    for arm in ("single/kind", "single/size", best.arm):
        assert set(raced(fake, arm).values()) == {seeds}, arm
    assert set(raced(fake, other).values()) == {2}
    for arm in ("twin/separate", "without/flag"):
        if raced(fake, arm):
            assert set(raced(fake, arm).values()) == {seeds}, arm


def test_more_seeds_that_have_begun_are_carried_through(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep is interrupted when one network alone has a seed more, and would judge otherwise."""
    config = small.config({"search.finalists.max_seeds": 4})
    monkeypatch.setattr(plan, "could_more_seeds_decide", lambda *args: True)
    first = session(config, slots=1)
    while not any(trial.arm.is_final and trial.number == 2 for trial in first.record):
        first.end(str(first.suggest()))
    first.kill()
    monkeypatch.setattr(plan, "could_more_seeds_decide", lambda *args: False)
    resumed = session(config, slots=1)
    resumed.run()
    best = recommended(resumed.record)
    assert best is not None
    for arm in ("single/kind", "single/size", best.arm):
        assert set(raced(resumed, arm).values()) == {4}, arm


def test_a_resumed_sweep_goes_on_with_the_same_finalists(session: Session) -> None:
    config = small.config({"search.finalists": {"top": 2, "seeds": 3, "max_seeds": 3}})
    first = session(config, slots=1)
    while len([trial for trial in first.record if trial.is_finalist and trial.finished]) < 9:
        first.end(str(first.suggest()))
    first.kill()
    resumed = session(config, slots=1)
    resumed.run()
    for arm in ARMS:
        assert sorted(raced(resumed, arm).values()) == [2, 3], arm


def test_a_failed_finalist_has_had_its_seed(session: Session) -> None:
    fake = session()
    fake.run(lambda spec: "FAIL" if spec.id == "final-equal-0001" else "COMPLETE")
    assert set(raced(fake, "equal").values()) == {2}
    assert fake.searcher.finished


def by_split(fake: FakeTune) -> dict[int, list[TrialRecord]]:
    """Trials on each random partition of the data, in the order in which they began."""
    splits: dict[int, list[TrialRecord]] = {}
    for trial in fake.record:
        if trial.arm.is_split:
            splits.setdefault(trial.split, []).append(trial)
    return splits


def test_without_random_splits_all_trials_train_on_the_sweeps_own(session: Session) -> None:
    fake = session()
    assert {spec.split for spec in fake.run()} == {0}
    assert not by_split(fake)


def test_what_is_compared_trains_once_on_each_random_split(session: Session) -> None:
    fake = session(small.config({"search.finalists.splits": 3}))
    specs = {spec.id: spec for spec in fake.run()}
    best = recommended(fake.record)
    assert best is not None
    assert not best.shares_nothing
    splits = by_split(fake)
    assert list(splits) == [1, 2, 3]  # one after the other
    for number, trials in splits.items():
        arms = [f"split/{best.arm}", "split/single/kind", "split/single/size"]
        assert [trial.arm for trial in trials] == [*arms, "split/twin/separate"]
        assert {trial.number for trial in trials} == {number - 1}
        assert len({trial.seed for trial in trials}) == 1
        for trial in trials:
            (finalist, *_) = (
                other
                for other in fake.record.arm(trial.arm.base.final)
                if other.origin == trial.origin
            )
            spec = specs[trial.id]
            assert (spec.split, spec.test) == (number, True)
            assert spec.config == specs[finalist.id].config
            assert trial.config_hash == finalist.config_hash
    seeds = {trial.seed for trial in fake.record if trial.split}
    assert len(seeds) == 3
    assert not seeds & {trial.seed for trial in fake.record if not trial.split}
    assert fake.searcher.finished


def test_random_splits_come_after_everything_else(session: Session) -> None:
    fake = session(small.config({"search.finalists": {"splits": 2, "top": 2, "seeds": 3}}))
    order = [spec.split > 0 for spec in fake.run()]
    assert order == sorted(order)
    assert sum(order) == len([trial for trial in fake.record if trial.arm.is_split])


def test_a_network_that_shares_nothing_is_compared_with_single_tasks_alone(
    session: Session,
) -> None:
    fake = session(small.config({"search.trials": 12, "search.finalists.splits": 2}), slots=1)
    run_with(fake, lambda arm, depth: 0.8 if depth == 0 else 0.5)
    assert {trial.arm for trials in by_split(fake).values() for trial in trials} == {
        f"split/{arm}" for arm in ("search", "equal", "single/kind", "single/size")
    } - {f"split/{other_shared(fake)}"}


def other_shared(fake: FakeTune) -> str:
    best = recommended(fake.record)
    assert best is not None
    return "equal" if best.arm == "search" else "search"


@pytest.mark.parametrize("arms", [["equal", "search"], ["single"]])
def test_nothing_is_trained_on_random_splits_without_something_to_compare(
    session: Session, arms: list[str]
) -> None:
    fake = session(small.config({"search.arms": arms, "search.finalists.splits": 2}))
    fake.run()
    assert not by_split(fake)
    assert fake.searcher.finished


def test_a_resumed_sweep_trains_what_is_missing_of_random_splits(session: Session) -> None:
    config = small.config({"search.finalists.splits": 2})
    first = session(config, slots=1)
    while len([trial for trial in first.record if trial.arm.is_split and trial.finished]) < 3:
        first.end(str(first.suggest()))
    interrupted = first.live[str(first.suggest())]
    first.kill()
    resumed = session(config, slots=2)
    again = resumed.run()
    assert again[0] == interrupted
    assert [(len(t), {x.state for x in t}) for t in by_split(resumed).values()] == [
        (4, {"COMPLETE"})
    ] * 2
    resumed.kill()
    more = session(small.config({"search.finalists.splits": 3}), slots=2)
    assert {spec.split for spec in more.run()} == {3}
    assert len(by_split(more)[3]) == 4


def test_a_trial_that_fails_on_a_random_split_is_not_trained_again(session: Session) -> None:
    fake = session(small.config({"search.finalists.splits": 2}))
    fake.run(lambda spec: "FAIL" if spec.split == 2 else "COMPLETE")
    assert [len(trials) for trials in by_split(fake).values()] == [4, 4]
    assert fake.searcher.finished
