"""What is shown of a sweep as a whole when a session ends, before it has MLflow's form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.storage.records import SweepRecord

if TYPE_CHECKING:
    from mtl_search.tracking.models.page import ModelPage


@dataclass(frozen=True)
class SweepPage:
    """What is shown of a sweep as a whole.

    Attributes:
        record: All of the sweep's journal.
        verdict: The verdict in one word or two, such as `sharing helps`.
        sentence: The verdict in sentences, with its interval.
        details: Markdown that follows: warnings, and the top of the tables.
        measure: What finalists are sorted by, `skill` or `delta_m`.
        final_reference: `test/<task>/<metric>` of the single-task finalists.
        compared: Ids of the finalists that the verdict compares: those of each arm's winner.
        columns: Names of the leaderboard's columns.
        rows: The leaderboard, one row a trial.
        files: Name of an artifact → the file or folder on this machine, such as
            `{"model/search": Path(".../trials/<id>/best")}`; a file keeps its name.
        model: The model that the verdict recommends; None where it is not logged.
    """

    record: SweepRecord
    verdict: str
    sentence: str
    details: str
    measure: str = "skill"
    final_reference: Mapping[str, float] = field(default_factory=dict)
    compared: frozenset[str] = frozenset()
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    model: ModelPage | None = None

    @property
    def has_finalists(self) -> bool:
        """Whether a finalist was judged by the test split."""
        return any(trial.arm.is_final and trial.test for trial in self.record)

    @property
    def time(self) -> float:
        """Unix time of the last end of a trial, in seconds.

        It stands for when the page became known, and stays the same when the page is sent again.
        """
        return max((trial.ended for trial in self.record), default=self.record.started)


def digest(content: str | Path) -> str:
    """Return eight digits that tell contents apart: of a text, a file, or a folder's files.

    Examples:
        >>> digest("a") == digest("a"), digest("a") == digest("b")
        (True, False)
    """
    total = hashlib.sha256()
    if isinstance(content, str):
        total.update(content.encode())
    elif content.is_dir():
        for path in sorted(path for path in content.rglob("*") if path.is_file()):
            total.update(f"{path.relative_to(content)} {digest(path)}".encode())
    else:
        with content.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()[:8]
