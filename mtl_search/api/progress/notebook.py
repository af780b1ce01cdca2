"""Progress of a sweep in a notebook: one output that changes in place.

Bars of rich and tqdm need ipywidgets in a notebook, on the server and in the page. HTML that is
displayed under an id needs neither, and what it said last stays in the notebook's file.
"""

from __future__ import annotations

import logging
import time
import warnings
from html import escape
from typing import Any

from mtl_search.api.progress.base import SweepProgress, waiting_text
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

# Seconds between two changes of the output, which is sent to the page each time.
_PAUSE = 0.5
# Failures that are listed; a sweep may have hundreds.
_MOST_FAILURES = 5


class NotebookProgress(SweepProgress):
    """A bar with trials, the best so far and the time left; failed trials are listed below."""

    def __init__(self) -> None:
        super().__init__()
        _silence_hints()
        self._output: Any = None
        self._changed = 0.0
        self._failures: list[str] = []

    def __enter__(self) -> NotebookProgress:
        from IPython.display import display

        self._output = display(self._bundle("starting Ray"), raw=True, display_id=True)
        return self

    def __exit__(self, *exception: object) -> None:
        error = exception[1] if len(exception) > 1 else None
        complete = self.record is not None and self.record.complete
        seconds = time.monotonic() - self.begun
        phase = f"{'complete' if complete else 'stopped'} after {_duration(seconds)}"
        if error is not None and not isinstance(error, KeyboardInterrupt):
            phase = "failed"
        self._show(phase, has_ended=True)

    def on_sweep_start(self, record: SweepRecord) -> None:
        """Show how many trials there are."""
        super().on_sweep_start(record)
        self._show("starting")

    def on_trial_start(self, trial: TrialRecord) -> None:
        """Show which arm runs."""
        self._show(trial.arm)

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """Show the best so far."""
        super().on_epoch_end(trial)
        self._show(trial.arm)

    def on_trial_end(self, trial: TrialRecord) -> None:
        """Move the bar, and keep why a trial failed."""
        super().on_trial_end(trial)
        if trial.state == "FAIL":
            self._failures.append(f"{trial.id} failed: {trial.reason.splitlines()[-1]}")
        self._show(trial.arm)

    def on_tracking_wait(self, sent: int, total: int) -> None:
        """Show how much of the sweep MLflow has got."""
        self._show(waiting_text(sent, total))

    def text(self, phase: str, *, has_ended: bool = False) -> str:
        """Return the line beside the bar.

        Args:
            phase: What happens now.
            has_ended: Whether nothing will follow, so that no time is left.
        """
        parts = [phase]
        if self.record is not None:
            left = "" if has_ended else self.time_left()
            parts += [f"{self.done:,} of {self._of:,} trials", self.best(), left]
        return " · ".join(part for part in parts if part)

    def html(self, text: str) -> str:
        """Return the bar with the line beside it, and the failures below.

        Args:
            text: The line.
        """
        total = self._of
        value = f'value="{min(self.done, total)}" max="{total}"' if total else ""
        lines = [escape(text), *(escape(line) for line in self._failures[:_MOST_FAILURES])]
        more = len(self._failures) - _MOST_FAILURES
        if more > 0:
            lines.append(f"and {more:,} more failed")
        bar = f'<progress {value} style="width:16em;vertical-align:middle"></progress>'
        return f"<div>{bar} {'<br>'.join(lines)}</div>"

    @property
    def _of(self) -> int:
        """Number of trials that the sweep has, or is to have."""
        complete = self.record is not None and self.record.complete
        return self.done if complete else self.total

    def _show(self, phase: str, *, has_ended: bool = False) -> None:
        now = time.monotonic()
        if self._output is None or (now - self._changed < _PAUSE and not has_ended):
            return
        self._changed = now
        self._output.update(self._bundle(phase, has_ended=has_ended), raw=True)

    def _bundle(self, phase: str, *, has_ended: bool = False) -> dict[str, str]:
        """Return the display as HTML, and as text for programs that show none."""
        text = self.text(phase, has_ended=has_ended)
        return {"text/html": self.html(text), "text/plain": text}


def _silence_hints() -> None:
    """Keep Ray and tqdm, where they are imported, from asking for ipywidgets: none is needed."""
    logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="IProgress not found")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
