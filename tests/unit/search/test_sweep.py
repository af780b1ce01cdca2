"""One session of a sweep, without Ray: what happens in which order, and what is left behind."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.cluster import connection, shared_storage
from mtl_search.data import Target
from mtl_search.errors import DiskFullError, SweepError
from mtl_search.search.request import CheckedSweep, SweepRequest, check_request
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.sweep import SweepSession, run_sweep
from mtl_search.storage.events import Event, MetricScales
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from tests.support import small_sweeps as small


class Tune:
    """Stands in for the run of Tune; `act` is what happens in it."""

    def __init__(self) -> None:
        self.scratch: list[Path] = []
        self.act: Any = lambda searcher: None

    def __call__(self, searcher: ArmSearcher, scheduler: Any, stopper: Any, scratch: Path) -> None:
        assert scratch.is_dir()
        self.scratch.append(scratch)
        self.act(searcher)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connection to Ray, replaced by notes of when it is made and ended."""
    steps: list[str] = []

    @contextmanager
    def session(config: Any, address: str) -> Iterator[None]:
        steps.append(f"connected to {address}")
        yield
        steps.append("disconnected")

    # The process of the tests may be connected to a Ray of theirs, which would come first.
    monkeypatch.setattr(connection, "resolve_address", lambda address: address)
    monkeypatch.setattr(connection, "ray_session", session)
    monkeypatch.setattr(connection, "slots", lambda config: 2)
    monkeypatch.setattr(shared_storage, "check_shared_storage", lambda *_: None)
    return steps


@pytest.fixture
def tune(monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> Tune:
    made = Tune()
    monkeypatch.setattr(SweepSession, "_tune", staticmethod(made))
    return made


def request_for(directory: Path, **changes: Any) -> SweepRequest:
    options = {"address": "local", "data": small.DATA, **changes}
    return SweepRequest(small.config(), directory / "sweep", **options)


def events(directory: Path) -> list[dict[str, Any]]:
    lines = (directory / "sweep" / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_session_starts_when_the_folder_is_held_and_before_the_first_event(
    tmp_path: Path, tune: Tune, steps: list[str]
) -> None:
    def observe(event: Event, record: SweepRecord) -> None:
        steps.append(event.kind)

    def hold() -> None:
        assert (tmp_path / "sweep" / "config.yaml").is_file()
        steps.append("hold")

    def start() -> None:
        steps.append("start")

    tune.act = lambda searcher: steps.append("tune")
    record = run_sweep(request_for(tmp_path, on_hold=hold, on_start=start, observers=[observe]))
    assert steps == [
        *("hold", "connected to local", "start", "sweep", "environment", "data", "scales"),
        *("tune", "disconnected"),
    ]
    event, *_ = events(tmp_path)
    assert event["budget"]["final/search"] == 2
    assert (event["slots"], event["custom_objective"]) == (2, False)
    assert (record.name, record.complete) == ("small", False)
    assert not tune.scratch[0].exists()


def test_an_error_at_the_start_leaves_no_event(tmp_path: Path, tune: Tune) -> None:
    def refuse() -> None:
        raise SweepError("no server")

    with pytest.raises(SweepError, match="no server"):
        run_sweep(request_for(tmp_path, on_start=refuse))
    assert not (tmp_path / "sweep" / "journal.jsonl").exists()
    assert tune.scratch == []


def test_the_error_of_the_searcher_is_raised_after_tune(tmp_path: Path, tune: Tune) -> None:
    tune.act = lambda searcher: searcher.abort(SweepError("no room"))
    with pytest.raises(SweepError, match="no room"):
        run_sweep(request_for(tmp_path))
    assert [event["event"] for event in events(tmp_path)] == [
        *("sweep", "environment", "data", "scales")
    ]


def test_an_error_of_tunes_own_ends_the_sweep(tmp_path: Path, tune: Tune) -> None:
    def fail(searcher: ArmSearcher) -> None:
        raise ZeroDivisionError("in Tune")

    tune.act = fail
    with pytest.raises(ZeroDivisionError, match="in Tune"):
        run_sweep(request_for(tmp_path))
    assert not tune.scratch[0].exists()


def test_a_full_disk_hides_the_trouble_that_tune_has_with_it(tmp_path: Path, tune: Tune) -> None:
    def fail(searcher: ArmSearcher) -> None:
        searcher.disk_stopper.error = DiskFullError("no room to write to /full")
        raise RuntimeError("in Tune")

    tune.act = fail
    with pytest.raises(DiskFullError, match="/full"):
        run_sweep(request_for(tmp_path))


def test_references_are_scored_when_all_trials_have_ended(
    tmp_path: Path, tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sweep(request_for(tmp_path))
    assert not any(event["event"] == "baseline" for event in events(tmp_path))
    monkeypatch.setattr(ArmSearcher, "finished", True)
    record = run_sweep(request_for(tmp_path, resume=True))
    kinds = [event["event"] for event in events(tmp_path)]
    assert kinds[-6:] == ["sweep", *["baseline"] * 4, "done"]
    assert list(record.baselines) == ["kind", "size"]  # no auxiliary task
    assert record.complete


def test_a_resumed_session_goes_on_with_the_same_sweep(tmp_path: Path, tune: Tune) -> None:
    first = run_sweep(request_for(tmp_path))
    second = run_sweep(request_for(tmp_path, resume=True))
    assert (second.id, second.sessions) == (first.id, 2)
    with pytest.raises(SweepError, match="holds a sweep already"):
        run_sweep(request_for(tmp_path))


def test_a_resume_with_other_data_is_refused_and_writes_nothing(tmp_path: Path, tune: Tune) -> None:
    run_sweep(request_for(tmp_path))
    run_sweep(request_for(tmp_path, resume=True))
    journal = (tmp_path / "sweep" / "journal.jsonl").read_bytes()
    inputs = {name: np.array(x[:]) for name, x in small.DATA.inputs.items()}
    next(iter(inputs.values())).flat[0] += 1
    other = dataclasses.replace(small.DATA, inputs=inputs)
    with pytest.raises(SweepError, match=r"the data are not those that .* began with: values diff"):
        run_sweep(request_for(tmp_path, resume=True, data=other))
    assert (tmp_path / "sweep" / "journal.jsonl").read_bytes() == journal


def test_a_function_given_in_python_is_given_again(tmp_path: Path, tune: Tune) -> None:
    run_sweep(request_for(tmp_path, objective=small.add_up))
    run_sweep(request_for(tmp_path, resume=True, objective=small.add_up))
    with pytest.raises(SweepError, match=r"began with objective= given.*objective=objective\)"):
        run_sweep(request_for(tmp_path, resume=True))
    with pytest.raises(SweepError, match="began without space="):
        run_sweep(
            request_for(tmp_path, resume=True, objective=small.add_up, space=lambda trial: None)
        )


def test_scales_are_written_once_and_again_where_they_differ(tmp_path: Path, tune: Tune) -> None:
    first = run_sweep(request_for(tmp_path))
    assert first.scales.keys() == {"kind/accuracy", "size/r2", "size/mae", "flag/accuracy"}
    assert first.scales["size/r2"] == (0.0, 1.0)
    assert run_sweep(request_for(tmp_path, resume=True)).scales == first.scales
    journal = Journal(tmp_path / "sweep" / "journal.jsonl")
    journal.write(MetricScales(values={"size/r2": (0.5, 1.0)}))  # as another version had them
    journal.close()
    assert run_sweep(request_for(tmp_path, resume=True)).scales == first.scales
    kinds = [event["event"] for event in events(tmp_path)]
    assert kinds == [
        *("sweep", "environment", "data", "scales"),
        *("sweep", "scales"),
        *("sweep", "scales"),
    ]


def test_a_main_task_that_cannot_be_judged_is_told(
    tmp_path: Path, tune: Tune, caplog: pytest.LogCaptureFixture
) -> None:
    labels = small.DATA.targets["size"].values.copy()
    labels[small.DATA.splits["test"]] = 0.5
    targets = {**small.DATA.targets, "size": Target(labels, "real")}
    run_sweep(request_for(tmp_path, data=dataclasses.replace(small.DATA, targets=targets)))
    messages = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    (message,) = [text for text in messages if text.startswith("task ")]
    assert message == (
        "task 'size' takes no part in objective and verdict: r2 is left out, since all labels are "
        "alike in the test split (another first metric at tasks.size.metrics, or another split, "
        "mends it)"
    )


def test_a_folder_is_held_by_one_session_at_a_time(tmp_path: Path, tune: Tune) -> None:
    checked: CheckedSweep = check_request(request_for(tmp_path))
    with (
        SweepSession.open(checked),
        pytest.raises(SweepError, match="another process is running the sweep"),
        SweepSession.open(checked),
    ):
        raise AssertionError("the folder was given twice")
