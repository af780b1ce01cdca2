"""The studies of a sweep's arms as a file of Optuna's, for its dashboard and its plots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection

from mtl_search.analysis.leaderboard import arm_names, leaderboard_rows
from mtl_search.analysis.references import main_metrics
from mtl_search.config import Config
from mtl_search.errors import ConfigError, SweepError
from mtl_search.search.studies.quiet import quiet_optuna
from mtl_search.search.studies.trials import frozen_trial
from mtl_search.storage.atomic import replace_file
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

JOURNAL = ".log"
SUFFIXES = (".db", ".sqlite", ".sqlite3", JOURNAL)

# What Optuna has a place of its own for.
_OPTUNAS = ("trial", "arm", "number", "state", "objective")


def export_studies(
    record: SweepRecord, config: Config, sweep: str, file: Path, *, overwrite: bool = False
) -> list[str]:
    """Write one study an arm, with all its trials, into a file of Optuna's.

    The file is there whole or not at all. A trial's user attributes are its id, its arm and its row
    in the leaderboard, and for a finalist the metrics on the test split; those of a study are the
    sweep's name and id, the arm and its budget.

    Args:
        record: The sweep's record.
        config: Its config.
        sweep: Its name, the first part of the names of its studies.
        file: The file to write: SQLite where it ends in `.db`, `.sqlite` or `.sqlite3`, a log of
            Optuna's `JournalStorage` where it ends in `.log`.
        overwrite: Whether a file that exists is replaced.

    Returns:
        The names of the studies, `<sweep>/<arm>`.

    Raises:
        ConfigError: The file exists, its folder does not, or its name ends otherwise.
        SweepError: There is no trial yet, or the file cannot be written.
    """
    check_file(file, overwrite=overwrite)
    if not record.trials:
        raise SweepError(f"no trial of {sweep} has begun yet, so there is no study to export")
    rows = {row["trial"]: row for row in leaderboard_rows(record, config)}
    names = []
    try:
        with quiet_optuna(), replace_file(file) as new_file:
            storage = _storage(new_file)
            for arm in arm_names(main_metrics(record, config), record):
                names.append(f"{sweep}/{arm}")
                about = {
                    "sweep": sweep,
                    "sweep_id": record.id,
                    "arm": str(arm),
                    "budget": record.budget.get(arm),
                }
                _write_study(storage, names[-1], about, record.arm(arm), rows)
            _close(storage)
    except (OSError, StorageInternalError, sqlalchemy.exc.SQLAlchemyError) as error:
        cause = " ".join(str(error.__cause__ or error).split())
        raise SweepError(f"{file} cannot be written: {cause}") from error
    return names


def check_file(file: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be what an export writes.

    Args:
        file: The file.
        overwrite: Whether it may be replaced.

    Raises:
        ConfigError: It exists, its folder does not, or its name ends otherwise.
    """
    if file.suffix not in SUFFIXES:
        kinds = "SQLite ends in .db, .sqlite or .sqlite3, a log of Optuna's journal in .log"
        raise ConfigError(f"{file} has no ending of Optuna's files: {kinds}")
    if not file.parent.is_dir():
        raise ConfigError(f"{file} cannot be written: there is no folder {file.parent}")
    if file.is_dir():
        raise ConfigError(f"{file} is a folder; the name of a file is needed")
    if file.exists() and not overwrite:
        raise ConfigError(
            f"{file} exists already; choose another name, or replace it with --overwrite "
            "(in Python: overwrite=True)"
        )


def _storage(file: Path) -> BaseStorage:
    if file.suffix == JOURNAL:
        return JournalStorage(JournalFileBackend(str(file)))
    storage = RDBStorage(str(sqlalchemy.URL.create("sqlite", database=str(file))))
    # The file takes its place when it is whole, so that each trial need not wait for the disk.
    sqlalchemy.event.listen(storage.engine, "connect", _do_not_wait)
    storage.engine.dispose()  # the next connection is told
    return storage


def _do_not_wait(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _close(storage: BaseStorage) -> None:
    storage.remove_session()
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()


def _write_study(
    storage: BaseStorage,
    name: str,
    about: Mapping[str, Any],
    trials: Iterable[TrialRecord],
    rows: Mapping[str, Mapping[str, Any]],
) -> None:
    study = storage.create_new_study([StudyDirection.MAXIMIZE], name)
    for key, value in about.items():
        storage.set_study_user_attr(study, key, value)
    for trial in trials:
        attributes = _user_attributes(trial, rows[trial.id])
        storage.create_new_trial(study, frozen_trial(trial, user_attrs=attributes))


def _user_attributes(trial: TrialRecord, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the leaderboard and the test split say of a trial, without what is missing."""
    columns = {name: value for name, value in row.items() if name not in _OPTUNAS}
    known = {name: value for name, value in columns.items() if not _is_missing(value)}
    return {"id": trial.id, "arm": str(trial.arm), **known, **trial.test}


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))
