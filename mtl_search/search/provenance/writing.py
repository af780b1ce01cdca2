"""Write to the journal that a session begins, and what it runs with."""

from __future__ import annotations

import uuid

from mtl_search.config import to_stored
from mtl_search.search.provenance.environment import describe_environment
from mtl_search.search.provenance.preparation import keep_preparation
from mtl_search.search.request import CheckedSweep, handed_over
from mtl_search.storage.binding.folder import write_mark
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal
from mtl_search.storage.lines.order import FORMAT


def write_session(
    journal: Journal, sweep: CheckedSweep, *, slots: int, budget: dict[str, int]
) -> None:
    """Write that a session begins; data and environment, where they are not those of the last.

    What the preparation of raw rows needs is copied beside the journal.

    Args:
        journal: The journal.
        sweep: The sweep.
        slots: Number of trials at a time.
        budget: Arm → number of trials that it is to have.
    """
    record, config = journal.record, sweep.request.config
    journal.write(
        SweepStarted(
            id=record.id or uuid.uuid4().hex[:12],
            name=config.name,
            slots=slots,
            budget=budget,
            custom_objective=sweep.objective is not None,
            format=FORMAT,
            config=to_stored(config),
            handed_over=handed_over(sweep.request),
        )
    )
    write_mark(sweep.request.directory, record.id)
    environment = describe_environment()
    if record.environment != environment.description():
        journal.write(environment)
    if record.data != sweep.description.description():
        journal.write(sweep.description)
    keep_preparation(journal.path.parent, sweep.data)
