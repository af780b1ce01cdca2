"""What MLflow is to show of a sweep, and the sending of what it lacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.api.logged_model import model_page
from mtl_search.api.result import Result
from mtl_search.config import Config
from mtl_search.config.secrets import masked
from mtl_search.storage import sweep_directory
from mtl_search.storage.binding.folder import check_original, write_mark

if TYPE_CHECKING:  # they load pandas, which the choice of a sweep does not need
    from mtl_search.tracking import Sent, SweepPage

logger = logging.getLogger(__name__)

# What the report is called in a sweep's folder, and in MLflow.
REPORTS = ("report.html", "report.md", "report.json")


def sweep_page(result: Result, *, draw: bool = True) -> SweepPage:
    """Return what MLflow shows of a sweep as a whole.

    Args:
        result: The sweep.
        draw: Whether the picture of the best network and the report are made anew; else those that
            are there are taken.
    """
    from mtl_search.analysis.leaderboard import leaderboard_columns
    from mtl_search.report.description import description
    from mtl_search.tracking import SweepPage

    record, config = result.record, result.config
    evidence, verdict = result.evidence, result.verdict
    winners = verdict.winners.values()
    tracking = config.tracking
    is_logged = tracking.model or tracking.registered_model_name
    return SweepPage(
        record=record,
        verdict=verdict.outcome,
        sentence=verdict.sentence(),
        details=description(evidence, result.health),
        measure=verdict.measure,
        final_reference=verdict.final_reference,
        compared=frozenset(trial for winner in winners for trial in winner.trials.values()),
        columns=leaderboard_columns(record, config),
        rows=evidence.rows,
        files={**result.models(), **_picture(result, draw=draw), **_reports(result, draw=draw)},
        model=model_page(result, tracking.registered_model_name or "") if is_logged else None,
    )


def send_to_tracking(
    directory: str | Path,
    config: Config | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Sent:
    """Send what MLflow lacks of a sweep that is not running: runs, values, description, files.

    Args:
        directory: The sweep's folder.
        config: The sweep's config; None: the one in that folder.
        on_progress: Called with the number of events that have been sent, and of all.

    Raises:
        ConfigError: The config or the tracking URI is wrong.
        SweepError: There is no sweep, it is running or a copy, or the store cannot be
            reached.

    Examples:
        >>> send_to_tracking("runs/quickstart").unsent  # doctest: +SKIP
        0
    """
    from mtl_search.tracking import send_missing

    result = Result(directory)
    check_original(result.directory, result.record.id)
    with sweep_directory.locked(result.directory):
        page = sweep_page(result, draw=False)
        sent = send_missing(result.directory, config, page=page, on_progress=on_progress)
        write_mark(result.directory, result.record.id)
    return sent


def _picture(result: Result, *, draw: bool) -> dict[str, Path]:
    """Draw the best network; without one, or where drawing fails, there is no picture.

    Returns:
        Its name in MLflow → the picture's file.
    """
    file = result.directory / sweep_directory.PICTURE
    found = {f"graph/{file.name}": file}
    if not draw:
        return found if file.exists() else {}
    try:
        if not result.models():
            return {}
        result.plot_model(file)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong in drawing
        logger.warning(
            "the best network could not be drawn: %s", masked(" ".join(str(error).split()))
        )
        return {}
    return found


def _reports(result: Result, *, draw: bool) -> dict[str, Path]:
    """Write the report of a sweep that is complete; one that cannot be written is left out.

    Returns:
        Name in MLflow → the report's file, one a format.
    """
    from mtl_search.api.reporting import write_report

    files = [result.directory / name for name in REPORTS]
    if draw and result.complete:
        for file in files:
            try:
                write_report(result, file)
            except Exception as error:  # noqa: BLE001, PERF203  # whatever goes wrong in drawing
                logger.warning(
                    "the report could not be written: %s", masked(" ".join(str(error).split()))
                )
    return {f"report/{file.name}": file for file in files if file.exists()}
