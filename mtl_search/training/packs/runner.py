"""Train a pack of trials in this process, and take it apart where it cannot run as one program."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import torch

from mtl_search.config.secrets import masked
from mtl_search.training.failures import cause, reason
from mtl_search.training.packs.eligibility import reason_against
from mtl_search.training.packs.pack import Member, Pack
from mtl_search.training.runner import TrialRunner, is_fatal_cuda_error
from mtl_search.training.seeds import RandomState
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

logger = logging.getLogger(__name__)


class PackRunner:
    """Train trials together, an epoch of all of them at a time.

    Args:
        runner: The runner of this process, which builds the trials.
        specs: The trials.
    """

    def __init__(self, runner: TrialRunner, specs: Sequence[TrialSpec]) -> None:
        runner.release()
        self._runner = runner
        self._specs = {spec.id: spec for spec in specs}
        self._members: dict[str, Member] = {}
        self._pack: Pack | None = None
        self._apart = ""  # why the members train one after another
        self._built = False

    @property
    def done(self) -> bool:
        """Whether no member is left."""
        return self._built and not self._members

    def run_epoch(self, stopped: Collection[str] = ()) -> dict[str, TrialReport]:
        """Train an epoch of all members that are left, and return their reports.

        Args:
            stopped: The members that the scheduler has stopped since.
        """
        reports = {} if self._built else self._build()
        self._leave(stopped)
        reports |= self._run_epoch()
        ended = [name for name, report in reports.items() if report.state != "RUNNING"]
        for name in ended:
            self._members.pop(name, None)
        return {name: self._with_notes(report) for name, report in reports.items()}

    # ---------------------------------------------------------------- its parts

    def _build(self) -> dict[str, TrialReport]:
        """Build the members; return the reports of those that could not be built."""
        self._built = True
        failed = {}
        for name, spec in self._specs.items():
            try:
                trainer = self._runner.build(spec)
            except Exception as error:  # the user's network may raise anything
                if is_fatal_cuda_error(error):
                    raise
                failed[name] = _failure(error)
                continue
            generator = torch.Generator(trainer.device)
            generator.set_state(_generator_state(trainer.device))
            self._members[name] = Member(trainer, RandomState.capture(trainer.device), generator)
        self._join()
        return failed

    def _join(self) -> None:
        members = list(self._members.values())
        if len(members) < 2:
            return
        self._apart = reason_against([member.trainer for member in members])
        if self._apart:
            return
        try:
            self._pack = Pack(members)
        except Exception as error:  # such as too little memory
            if is_fatal_cuda_error(error):
                raise
            self._apart = _short(error)

    def _run_epoch(self) -> dict[str, TrialReport]:
        names = list(self._members)
        if self._pack is not None and len(names) < 2:  # the last one goes on by itself
            self._pack.keep([])
            self._pack = None
        if self._pack is None:
            return self._one_after_another()
        try:
            results = self._pack.run_epoch()
        except Exception as error:
            if is_fatal_cuda_error(error):
                raise
            self._take_apart(error)
        else:
            pairs = zip(names, results, strict=True)
            return {name: self._report(name, result) for name, result in pairs}
        return self._one_after_another()

    def _one_after_another(self) -> dict[str, TrialReport]:
        return {name: self._alone(member) for name, member in self._members.items()}

    def _alone(self, member: Member) -> TrialReport:
        try:
            with member.turn():
                return member.trainer.run_epoch()
        except Exception as error:
            if is_fatal_cuda_error(error):
                raise
            return _failure(error, member)

    def _take_apart(self, error: Exception) -> None:
        """Let the members go on by themselves, from before the epoch that could not be trained."""
        assert self._pack is not None
        self._apart = _short(error)
        self._pack.keep([])
        self._pack = None
        text = "a pack of %d trials is trained one after another: %s"
        logger.warning(text, len(self._members), self._apart)

    def _report(self, name: str, result: TrialReport | Exception) -> TrialReport:
        if isinstance(result, TrialReport):
            return result
        if is_fatal_cuda_error(result):
            raise result
        return _failure(result, self._members[name])

    def _leave(self, stopped: Collection[str]) -> None:
        names = list(self._members)
        if self._pack is not None:
            self._pack.keep([place for place, name in enumerate(names) if name not in stopped])
        self._members = {n: m for n, m in self._members.items() if n not in stopped}

    def _with_notes(self, report: TrialReport) -> TrialReport:
        pack = len(self._specs) if not self._apart else f"apart: {self._apart}"
        return replace(report, info={**report.info, "pack": pack})


def _generator_state(device: torch.device) -> torch.Tensor:
    """Return where the generator of the trial that was built last is."""
    return torch.get_rng_state() if device.type == "cpu" else torch.cuda.get_rng_state(device)


def _short(error: Exception) -> str:
    if cause(error) == "memory":
        return "out of memory"
    message, *_ = str(error).splitlines() or [""]
    if message.startswith("vmap: "):  # all that follows is advice for authors of torch
        return (
            "an operation that torch.vmap cannot batch, such as control flow that depends on data"
        )
    return masked(f"{type(error).__name__}: {message}")


def _failure(error: Exception, member: Member | None = None) -> TrialReport:
    if member is not None:
        member.trainer.fail()
    epoch = member.trainer.progress.epoch if member else 0
    info: Mapping[str, object] = member.trainer.info() if member else {}
    return TrialReport(epoch, {}, float("nan"), "FAIL", reason(error), info, cause=cause(error))
