"""Write down what a session runs with, where the sweep does not have it yet."""

from __future__ import annotations

import logging

from mtl_search.search.provenance.data_set import data_difference, describe_data
from mtl_search.search.provenance.environment import describe_environment
from mtl_search.search.provenance.preparation import keep_preparation
from mtl_search.search.request import CheckedSweep
from mtl_search.storage.journal import Journal

logger = logging.getLogger(__name__)


def write_provenance(journal: Journal, sweep: CheckedSweep) -> None:
    """Write the data set and the environment of a session, where they are not those of the last.

    What the preparation of raw rows needs is copied beside the journal.

    Args:
        journal: The journal, to which the start of the session is written.
        sweep: The sweep.
    """
    record = journal.record
    environment = describe_environment()
    if record.environment != environment.description():
        journal.write(environment)
    data = describe_data(
        sweep.data, sweep.request.config.data.name, handed_over=sweep.request.data is not None
    )
    if problem := data_difference(record.data, data.description()):
        logger.warning(problem)
    if record.data != data.description():
        journal.write(data)
    keep_preparation(journal.path.parent, sweep.data)
