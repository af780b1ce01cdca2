"""Progress of a sweep on a terminal, or line by line in a file."""

from __future__ import annotations

import math
import time

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from mtl_search.analysis import formats
from mtl_search.api.progress.base import SweepProgress, budget_parts, waiting_text
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

# Seconds without a line after which a plain log tells of an epoch.
_SILENCE = 60.0
# Seconds between two lines of a plain log about the wait for MLflow.
_WAIT_LINES = 10.0


class LiveProgress(SweepProgress):
    """One bar that stays at the foot of the terminal.

    Args:
        console: The console to print to.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[phase]}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[best]}", style="cyan"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            transient=True,
        )
        self._task: TaskID = self._bar.add_task(
            "", total=None, phase="starting Ray", best="", left=""
        )

    def __enter__(self) -> LiveProgress:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def on_sweep_start(self, record: SweepRecord) -> None:
        """Show how many trials there are."""
        super().on_sweep_start(record)
        self._refresh("starting")

    def on_trial_start(self, trial: TrialRecord) -> None:
        """Show which arm runs."""
        self._refresh(trial.arm)

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """Show the best so far."""
        super().on_epoch_end(trial)
        self._refresh(trial.arm)

    def on_trial_end(self, trial: TrialRecord) -> None:
        """Move the bar; a failure gets a line that stays."""
        super().on_trial_end(trial)
        if trial.state == "FAIL":
            self.console.print(
                f"[red]{trial.id} failed:[/] {escape(trial.reason.splitlines()[-1])}"
            )
        self._refresh(trial.arm)

    def on_tracking_wait(self, sent: int, total: int) -> None:
        """Show how much of the sweep MLflow has got."""
        self._bar.update(
            self._task,
            completed=sent,
            total=total,
            phase=waiting_text(sent, total),
            best="",
            left="",
        )

    def _refresh(self, phase: str) -> None:
        left = self.time_left()
        self._bar.update(
            self._task,
            completed=self.done,
            total=self.total or None,
            phase=phase,
            best=self.best(),
            left=left,
        )


class PlainProgress(SweepProgress):
    """One line a finished trial, for files and pipes; for long trials one a minute in between.

    Args:
        console: The console to print to.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self._last_line = time.monotonic()
        self._last_wait, self._last_wait_line = (0, 0), -math.inf

    def on_sweep_start(self, record: SweepRecord) -> None:
        """Say how much there is to do."""
        super().on_sweep_start(record)
        arms = ", ".join(budget_parts(record.budget))
        self._print(f"{self.total} trials, {record.slots} at a time: {arms}")

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """Print a line where there was none for a while."""
        super().on_epoch_end(trial)
        if time.monotonic() - self._last_line >= _SILENCE:
            epoch = f"{trial.id} epoch {trial.last_epoch} {_value(trial)}"
            self._print(f"{self.done}/{self.total} {epoch}; {self.best()}")

    def on_trial_end(self, trial: TrialRecord) -> None:
        """Print a line."""
        super().on_trial_end(trial)
        why = f" ({escape(trial.reason.splitlines()[-1])})" if trial.reason else ""
        state = f"{trial.id} {trial.state.lower()}{why} {_value(trial)}"
        self._print(f"{self.done}/{self.total} {state}; {self.best()}; {self.time_left()}")

    def on_tracking_wait(self, sent: int, total: int) -> None:
        """Print a line at first, now and then, and when all has been sent."""
        silence = time.monotonic() - self._last_wait_line
        is_due = silence >= _WAIT_LINES or (sent == total and silence < math.inf)
        if is_due and self._last_wait != (sent, total):
            self._last_wait, self._last_wait_line = (sent, total), time.monotonic()
            self._print(waiting_text(sent, total))

    def _print(self, line: str) -> None:
        self._last_line = time.monotonic()
        self.console.print(line, highlight=False, soft_wrap=True)


def _value(trial: TrialRecord) -> str:
    return formats.fixed(trial.objective, 4) if trial.objective is not None else "-"
