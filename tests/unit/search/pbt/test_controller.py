"""Populations in a sweep, with Tune's calls made by hand and without networks to take over."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.references import reference_trial
from mtl_search.config import Config
from mtl_search.errors import SweepError
from mtl_search.search.pbt import controller
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.storage.events import EpochEnded, Event, ExploitEnded, GenerationEnded
from mtl_search.storage.journal import read_events
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.storage.trial_record import TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune

Session = Callable[..., FakeTune]
ARMS = ("single/kind", "single/size", "equal", "search")
MEMBERS = dict.fromkeys(ARMS, 4)


def config(**changes: Any) -> Config:
    """Four members, which meet after epochs 1, 2 and 3 of 4."""
    scheduler = {"name": "pbt", "interval": 1, "quantile": 0.5}
    return small.config(
        {"search.space.model.sharing.depth": None, "search.scheduler": scheduler, **changes}
    )


class _KilledError(BaseException):
    """The driver's end in the middle of its work."""


class Copies:
    """Stands in for the copies of checkpoints, and dies at the n-th if it is told to."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.left: int | None = None

    def __call__(self, donor: TrialDirectory, member: TrialDirectory) -> None:
        if self.left == 0:
            self.left = None
            raise _KilledError
        if self.left:
            self.left -= 1
        self.made.append((donor._directory.name, member._directory.name))


@pytest.fixture(autouse=True)
def copies(monkeypatch: pytest.MonkeyPatch) -> Copies:
    made = Copies()
    monkeypatch.setattr(controller, "take_over", made)
    return made


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of the sweep in the test's folder; calling it again resumes."""
    with ExitStack() as stack:

        def begin(settings: Config | None = None, **options: Any) -> FakeTune:
            fake = FakeTune(settings or config(), tmp_path, **options)
            stack.callback(fake.kill)
            return fake

        yield begin


def outcome(fake: FakeTune) -> dict[str, Any]:
    return {
        t.id: (
            t.state,
            t.role,
            t.params,
            t.overrides,
            t.exploits,
            t.seed,
            [(e.epoch, e.metrics) for e in t.epochs],
        )
        for t in fake.record
    }


def budget(fake: FakeTune) -> dict[str, int]:
    return trial_budget(fake.config, fake.context.arms.values())


def spent(fake: FakeTune) -> dict[str, int]:
    """Trials of each arm without offered ones and twins, which come on top of the budget."""
    return dict(Counter(t.arm for t in fake.record if not (t.is_offered or t.arm.is_twin)))


def own_trials(fake: FakeTune, arm: str) -> list[TrialRecord]:
    """The members of an arm's population and the two trials that follow it."""
    trials = fake.record.arm(arm)
    assert not any(trial.is_offered for trial in trials[: MEMBERS[arm] + 2])
    return trials[: MEMBERS[arm] + 2]


@pytest.fixture(scope="module")
def straight() -> dict[str, Any]:
    """What a sweep without interruptions ends with, one trial at a time."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(controller, "take_over", Copies())
        fake = FakeTune(config(), Path(folder), slots=1)
        fake.run()
        fake.kill()
        return outcome(fake)


def test_every_arm_has_its_members_and_two_trials_of_fixed_values(session: Session) -> None:
    fake = session()
    fake.run()
    assert fake.searcher.finished
    assert {trial.state for trial in fake.record} == {"COMPLETE"}
    assert spent(fake) == budget(fake)
    for arm in ARMS:
        roles = [trial.role for trial in fake.record.arm(arm) if not trial.is_offered]
        assert roles == [*["member"] * MEMBERS[arm], "last", "mean"]
        assert [trial.role for trial in own_trials(fake, arm)] == roles
        assert [len(trial.epochs) for trial in fake.record.arm(arm)[: MEMBERS[arm]]] == [
            4
        ] * MEMBERS[arm]


def test_nobody_goes_on_before_a_generation_is_written(
    session: Session, copies: Copies, tmp_path: Path
) -> None:
    fake = session(slots=3)
    fake.run()
    met = dict.fromkeys(ARMS, 0)
    perturbs: Counter[tuple[str, int]] = Counter()
    for event in read_events(tmp_path / "journal.jsonl"):
        if isinstance(event, GenerationEnded):
            met[event.arm] = event.epoch
        elif isinstance(event, EpochEnded) and fake.record.trials[event.id].is_member:
            assert event.epoch == met[fake.record.trials[event.id].arm] + 1
        elif isinstance(event, ExploitEnded):
            arm = fake.record.trials[event.id].arm
            perturbs[arm, event.epoch] += 1
            assert event.epoch == met[arm] + 1
    assert met == dict.fromkeys(ARMS, 3)
    assert perturbs == {(arm, epoch): MEMBERS[arm] // 2 for arm in ARMS for epoch in (1, 2, 3)}
    assert len(copies.made) == sum(perturbs.values())


def test_the_worst_go_on_with_the_values_near_those_of_the_best(session: Session) -> None:
    fake = session()
    fake.run()
    for trial in fake.record.arm("search")[:4]:
        for perturb in trial.exploits:
            donor, epoch = fake.record.trials[perturb.donor], perturb.epoch
            mine, theirs = (fake.objectives.by_epoch(t)[epoch] for t in (trial, donor))
            assert mine <= theirs
            before, after = (t.params_at(epoch + 1) for t in (donor, trial))
            assert before.keys() == after.keys()
            assert before != after
        assert trial.overrides == fake.context.spaces["search"].overrides(trial.params)
        assert sum(
            v for k, v in trial.overrides.items() if k.endswith("loss_weight")
        ) == pytest.approx(3)
    changed = [trial for trial in fake.record if trial.exploits]
    assert changed
    for trial in changed:  # what it began with is what the sampler drew
        assert trial.params_at(1) == trial.exploits[0].params
        assert set(trial.params) == set(trial.distributions)


def test_members_train_with_the_values_that_hold(session: Session) -> None:
    specs = session().run()
    ratios = {
        spec.config.training.optimizer.arguments["lr"] for spec in specs if spec.id == "search-0003"
    }
    handed = [spec for spec in specs if spec.id.startswith("search-")]
    assert [spec.until for spec in handed if spec.id == "search-0000"] == [1, 2, 3, 4]
    assert {
        spec.until for spec in specs if spec.test or spec.id in ("search-0004", "search-0005")
    } == {None}
    rates = Counter(spec.id for spec in handed)
    assert rates["search-0003"] == 4
    assert len(ratios) >= 1
    assert len({(s.id, s.config.training.optimizer.arguments["lr"]) for s in handed}) > 6


def test_only_fixed_values_become_finalists(session: Session) -> None:
    fake = session(config(**{"search.finalists.top": 8}))
    fake.run()
    for arm in ARMS:
        origins = {
            fake.record.trials[trial.origin].role for trial in fake.record.arm(f"final/{arm}")
        }
        assert origins == {"last", "mean", "offered"}, arm
    assert all(spent(fake)[arm] >= trials for arm, trials in budget(fake).items())
    reference = reference_trial(fake.record, "kind")
    assert reference is not None
    assert reference.role in ("last", "mean", "offered")


def test_the_exports_are_of_the_best_member_and_of_everyone(session: Session) -> None:
    fake = session()
    fake.run()
    *members, final, mean = own_trials(fake, "search")
    best = max(members, key=lambda trial: fake.objectives.by_epoch(trial)[4])
    assert final.params == best.params
    assert final.overrides == best.overrides
    logs = [
        trial.params_at(epoch)["tasks.size.loss_weight"]
        for trial in members
        for epoch in (1, 2, 3, 4)
    ]
    product = 1.0
    for ratio in logs:
        product *= ratio
    assert mean.params["tasks.size.loss_weight"] == pytest.approx(product ** (1 / len(logs)))
    assert len({final.seed, mean.seed, *(trial.seed for trial in members)}) == 6


def test_the_number_of_slots_changes_nothing(session: Session, straight: dict[str, Any]) -> None:
    fake = session(slots=5)
    fake.run()
    assert outcome(fake) == straight


@pytest.mark.parametrize("steps", [2, 3, 5, 6, 9, 17, 23, 31, 40, 47, 55])
def test_a_sweep_that_was_killed_ends_as_one_that_was_not(
    session: Session, straight: dict[str, Any], steps: int
) -> None:
    fake = session(slots=1)
    for step in range(steps):
        if fake.live:
            trial = next(iter(fake.live))
            if fake.live[trial].until is None:
                fake.end(trial)
            else:
                fake.advance(trial)
        else:
            fake.suggest()
        if step == steps - 1 and fake.live and fake.live[next(iter(fake.live))].until is not None:
            fake.advance(next(iter(fake.live)), epochs=1)
    fake.kill()
    before = {t.id: len(t.epochs) for t in fake.record if t.finished}
    resumed = session(slots=1)
    again = {spec.id for spec in resumed.run()}
    assert again.isdisjoint(before)
    assert outcome(resumed) == straight


@pytest.mark.parametrize("copied", [0, 5, 7, 8, 13])
def test_a_driver_that_dies_between_two_exchanges_decides_again(
    session: Session, copies: Copies, straight: dict[str, Any], copied: int
) -> None:
    copies.left = copied
    fake = session(slots=1)
    with pytest.raises(_KilledError):
        fake.run()
    fake.kill()
    resumed = session(slots=1)
    resumed.run()
    assert outcome(resumed) == straight
    assert len(copies.made) == 24  # 4 × 3 × 2, none of them twice


def test_a_driver_that_dies_after_a_copy_makes_it_again(
    session: Session, copies: Copies, straight: dict[str, Any]
) -> None:
    fake = session(slots=1)
    write = fake.journal.write

    def dies(event: Event) -> None:
        if isinstance(event, ExploitEnded) and event.id.startswith("search"):
            raise _KilledError
        write(event)

    fake.journal.write = dies  # type: ignore[method-assign]
    with pytest.raises(_KilledError):
        fake.run()
    fake.kill()
    twice = copies.made[-1]
    resumed = session(slots=1)
    resumed.run()
    assert outcome(resumed) == straight
    assert copies.made.count(twice) >= 2


def test_an_arm_with_nothing_to_change_exchanges_networks_all_the_same(session: Session) -> None:
    fake = session(config(**{"search.space.training.optimizer.lr": None}))
    fake.run()
    assert spent(fake) == budget(fake)
    assert {p.donor for trial in fake.record.arm("equal") for p in trial.exploits}
    assert all(trial.overrides == {} for trial in fake.record.arm("equal"))


def test_members_that_fail_drop_out(session: Session) -> None:
    fake = session(slots=1)
    fake.run(lambda spec: "FAIL" if spec.id in ("search-0001", "search-0002") else "COMPLETE")
    states = [trial.state for trial in own_trials(fake, "search")]
    assert states == ["COMPLETE", "FAIL", "FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert fake.searcher.finished
    donors = {p.donor for trial in fake.record.arm("search") for p in trial.exploits}
    assert donors <= {"search-0000", "search-0003"}


def test_a_population_that_died_out_leaves_no_values(session: Session) -> None:
    fake = session(config(**{"search.stop_after_failures": 99}), slots=1)
    fake.run(lambda spec: "FAIL" if spec.id.startswith("search") else "COMPLETE")
    assert [trial.state for trial in fake.record.arm("search")] == ["FAIL"] * 4
    assert not fake.record.arm("final/search")
    assert fake.searcher.finished


def test_members_that_stop_early_end_and_may_be_the_best(session: Session) -> None:
    fake = session(slots=1)
    while not fake.live or next(iter(fake.live.values())).id != "search-0002":
        if fake.live:
            trial = next(iter(fake.live))
            fake.advance(trial) if fake.live[trial].until else fake.end(trial)
        else:
            fake.suggest()
    trial = next(iter(fake.live))
    fake._complete(
        trial, fake.epoch(trial, 1, "COMPLETE", kind_accuracy=0.99, size_r2=0.99, size_mae=0.01)
    )
    fake.run()
    *members, final, _ = own_trials(fake, "search")
    assert [len(member.epochs) for member in members] == [4, 4, 1, 4]
    assert final.params == members[2].params
    assert not members[2].exploits


def test_a_member_whose_process_dies_goes_on_and_may_die_too_often(
    session: Session, straight: dict[str, Any]
) -> None:
    fake = session(slots=1)
    for _ in range(2):
        fake.crash(str(fake.suggest()))
    fake.run()
    assert outcome(fake) == straight
    assert sum(
        '"event": "trial"' in line for line in fake.journal.path.read_text().splitlines()
    ) == len(straight)


def test_a_network_that_is_gone_ends_the_sweep_with_a_reason(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(donor: TrialDirectory, member: TrialDirectory) -> None:
        raise FileNotFoundError("no checkpoint")

    monkeypatch.setattr(controller, "take_over", lost)
    fake = session(slots=1)
    fake.run()
    assert isinstance(fake.searcher.error, SweepError)
    assert "cannot go on with the network of" in str(fake.searcher.error)
    assert not fake.searcher.finished
