"""One rank and its commands, with a list in place of the mailbox and no other process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.distributed as dist

from mtl_search.config import Config, override
from mtl_search.models.stage import Stage
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial_report import TrialReport
from mtl_search.training.workers import rank
from mtl_search.training.workers.mailbox import Command
from tests.support import trials


class _Mailbox:
    """Commands in a list; calls are made at once, as if Ray had done them."""

    def __init__(self, commands: list[Command]) -> None:
        self._commands = commands
        self.answers: list[TrialReport] = []
        self.failures: list[tuple[int, int, TrialReport, bool]] = []
        self.read = SimpleNamespace(remote=lambda rank, number: self._commands[number])
        self.answer = SimpleNamespace(remote=self._answer)
        self.fail = SimpleNamespace(remote=self._fail)

    def _answer(self, report: str) -> None:
        self.answers.append(TrialReport.from_json(report))

    def _fail(self, rank: int, number: int, report: str, *, link_broke: bool) -> None:
        self.failures.append((rank, number, TrialReport.from_json(report), link_broke))


@pytest.fixture(autouse=True)
def _one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process group of this process alone, and Ray's answers as they are."""
    monkeypatch.setattr(rank, "ray", SimpleNamespace(get=lambda answer: answer))
    meeting = f"file://{tmp_path}/meeting"
    dist.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def _serve(commands: list[tuple[str, Any, int]], number: int = 0) -> tuple[_Mailbox, Any]:
    mailbox = _Mailbox([(i, kind, x, failures) for i, (kind, x, failures) in enumerate(commands)])
    runner = TrialRunner(trials.data())
    worker = rank._Worker(0, mailbox, runner, trials.CPU, node="10.0.0.1")
    worker.serve_from(number)
    return mailbox, worker


def failing_backbone(input_shape: tuple[int, ...]) -> list[Stage]:
    raise ValueError("no such width")


def _spec(folder: Path, settings: Config | None = None) -> str:
    return trials.spec(settings or trials.config(epochs=2), folder).to_json()


def _failing() -> Config:
    return override(trials.config(), {"model.backbone": {"name": f"{__name__}:failing_backbone"}})


def test_every_epoch_is_answered_with_its_report(tmp_path: Path) -> None:
    mailbox, _ = _serve(
        [("trial", _spec(tmp_path), 0), ("epoch", 1, 0), ("epoch", 2, 0), ("end", None, 0)]
    )
    assert [(r.epoch, r.state) for r in mailbox.answers] == [(1, "RUNNING"), (2, "COMPLETE")]
    assert {report.info["node"] for report in mailbox.answers} == {"10.0.0.1"}
    assert not mailbox.failures


def test_a_rank_may_start_in_the_middle(tmp_path: Path) -> None:
    commands = [("epoch", 7, 0), ("trial", _spec(tmp_path), 0), ("epoch", 1, 0), ("end", None, 0)]
    mailbox, _ = _serve(commands, number=1)
    assert [report.epoch for report in mailbox.answers] == [1]


def test_a_failure_is_reported_and_the_next_trial_has_a_new_link(tmp_path: Path) -> None:
    good = _spec(tmp_path / "good")
    commands = [
        ("trial", _spec(tmp_path / "bad", _failing()), 0),
        ("epoch", 1, 0),
        ("trial", good, 1),
        ("epoch", 1, 1),
        ("end", None, 1),
    ]
    mailbox, worker = _serve(commands)
    ((number, command, report, link_broke),) = mailbox.failures
    assert (number, command, link_broke) == (0, 1, False)
    assert report.state == "FAIL"
    assert "no such width" in report.reason
    assert [report.epoch for report in mailbox.answers] == [1]
    assert worker.link is not None
    assert worker.failures_at_link == 1


def test_a_trial_after_one_that_went_well_keeps_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    new_group = dist.new_group

    def counted(**options: Any) -> Any:
        made.append(new_group(**options))
        return made[-1]

    monkeypatch.setattr(dist, "new_group", counted)
    commands: list[tuple[str, Any, int]] = []
    for name in ("first", "second"):
        commands += [("trial", _spec(tmp_path / name), 0), ("epoch", 1, 0)]
    mailbox, _ = _serve([*commands, ("end", None, 0)])
    assert len(mailbox.answers) == 2
    assert len(made) == 1


def test_an_error_that_breaks_the_process_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "is_fatal_cuda_error", lambda error: True)
    with pytest.raises(ValueError, match="no such width"):
        _serve([("trial", _spec(tmp_path, _failing()), 0), ("epoch", 1, 0)])


def test_a_broken_link_is_told_from_other_errors() -> None:
    assert rank._is_link_error(dist.DistNetworkError("timeout"))
    assert rank._is_link_error(
        RuntimeError("[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc] Connection closed")
    )
    assert not rank._is_link_error(RuntimeError("shapes cannot be multiplied"))
    assert not rank._is_link_error(torch.OutOfMemoryError("CUDA out of memory"))
